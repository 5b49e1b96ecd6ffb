"""A-7: every operation of accounts writes an audit entry."""

import ast
from pathlib import Path

import pytest

ACCOUNTS = Path(__file__).resolve().parents[3] / "accounts"
RECORDERS = {"record", "record_audit"}
# They write a log themselves.
# No operations, only shared with forms.
READS_WHAT_WAS_TYPED = {("keys", "read_networks"), ("profiles", "check_lists")}
IS_THE_LOG = {("audit", "record_audit"), ("security", "note_security_event")}


def silent(source: str) -> list[str]:
    """Public functions of a module that neither record nor call one of it that does."""
    functions = {
        node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)
    }
    calls = {
        name: {
            call.func.id
            for call in ast.walk(node)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        }
        for name, node in functions.items()
    }
    told = {name for name, called in calls.items() if called & RECORDERS}
    while more := {name for name, called in calls.items() if called & told} - told:
        told |= more
    return [name for name in functions if not name.startswith("_") and name not in told]


@pytest.mark.parametrize(
    "path", sorted(ACCOUNTS.glob("*/operations.py")), ids=lambda path: path.parent.name
)
def test_every_operation_writes_an_entry(path):
    found = {(path.parent.name, name) for name in silent(path.read_text())}
    assert found - IS_THE_LOG <= READS_WHAT_WAS_TYPED


def test_the_rule_bites():
    source = """
def quiet(): pass
def loud(): record(action="x")
def by_another(): _shared()
def _shared(): loud()
"""
    assert silent(source) == ["quiet"]


def test_there_are_operations_to_look_at():
    rooms = {path.parent.name for path in ACCOUNTS.glob("*/operations.py")}
    assert {"audit", "invitations", "keys", "people", "profiles", "workspaces"} <= rooms
