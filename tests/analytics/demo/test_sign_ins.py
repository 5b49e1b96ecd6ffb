"""The demo's sign-ins: kept from run to run, and never taken from somebody who changed theirs."""

import json

import pytest

from accounts.workspaces.models import User
from analytics.demo import operations
from analytics.demo.operations import make_demo
from cursive.launcher import up
from cursive.lib.tenancy import system_context


@pytest.fixture
def file(db, tmp_path, monkeypatch):
    monkeypatch.setattr(operations, "CATALOGUE_ROWS", 3_000)
    path = tmp_path / ".run" / "demo.json"
    make_demo(say=print, path=path)
    return path


def works(person) -> bool:
    with system_context():
        return User.objects.get(email=person["email"]).check_password(person["password"])


def test_sign_ins_stay_what_they_were(file):
    first = json.loads(file.read_text())
    assert all(works(first[name]) for name in ("alice", "bob", "carol", "petra", "sam"))
    assert make_demo(say=print, path=file) == first


def test_a_password_that_was_changed_stays_its_owners(file, monkeypatch):
    with system_context():
        bob = User.objects.get(email=json.loads(file.read_text())["bob"]["email"])
        bob.set_password("my own password")
        bob.save()
    for _ in range(2):
        again = make_demo(say=print, path=file)
        assert again["bob"]["changed"] and "changed" not in again["alice"]
        bob.refresh_from_db()
        assert bob.check_password("my own password")
    monkeypatch.setattr(up, "ROOT", file.parent.parent)
    lines = up.sign_ins()
    assert any("bob" in line and "a password of their own" in line for line in lines)
    assert any(again["alice"]["password"] in line for line in lines)


def test_without_the_file_all_are_made_anew(file):
    first = json.loads(file.read_text())
    file.unlink()
    again = make_demo(say=print, path=file)
    assert works(again["bob"]) and not works(first["bob"])
