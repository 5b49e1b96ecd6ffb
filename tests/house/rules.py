"""The rules about the code, as functions, so that tests can show that they bite."""

import ast
from collections.abc import Iterable
from pathlib import Path

from django.db import models

from cursive.lib.tenancy import TenantModel

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    "cursive",
    "accounts",
    "credits",
    "leads",
    "segments",
    "marketplace",
    "partners",
    "analytics",
)
LONGEST_FILE = 400
# The tenant itself, and what has to be found or kept without one.
NOT_TENANT_MODELS = {
    "accounts_workspace": "is the workspace; its policy is on its own id",
    "accounts_auditentry": "partitioned, so its key is a number; empty workspace for sign-ins",
    "credits_stripeevent": "nobody's until it is processed",
    "accounts_securityevent": "as the audit log; empty workspace for what only staff may see",
    "leads_ownedpeople": "one row a workspace, whose key is the workspace",
}
TABLES_SQL = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
       coalesce(string_agg(p.polname || ':' || pg_get_expr(p.polqual, p.polrelid), ';'), ''),
       bool_or(i.leads)
FROM pg_class c
LEFT JOIN pg_policy p ON p.polrelid = c.oid
LEFT JOIN LATERAL (
    SELECT bool_or(a.attname IN ('workspace_id', 'id')) AS leads
    FROM pg_index x JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
    WHERE x.indrelid = c.oid
) i ON true
WHERE c.relname = ANY(%s)
GROUP BY c.relname, c.relrowsecurity, c.relforcerowsecurity
"""


def python_files(root: Path = ROOT) -> list[Path]:
    """Our own Python files, without migrations."""
    folders = [root / name for name in (*APPS, "tests", "bench")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    return [path for path in files if "migrations" not in path.parts] + list(root.glob("*.py"))


def too_long(files: Iterable[Path]) -> list[str]:
    """Files over 400 lines hold two things."""
    return [
        f"{path.name}: {lines} lines"
        for path in files
        if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    ]


def has_workspace(model: type[models.Model]) -> bool:
    """Whether a model's rows belong to a workspace."""
    return any(field.name == "workspace" for field in model._meta.get_fields())


def unprotected(tables: Iterable[str], cursor) -> list[str]:
    """Tables without row-level security enabled and forced by the one policy."""
    tables = list(tables)
    cursor.execute(TABLES_SQL, [tables])
    found = {row[0]: row[1:] for row in cursor.fetchall()}
    problems = []
    for table in tables:
        enabled, forced, policy, leads = found.get(table, (False, False, "", False))
        if not (enabled and forced and "app_workspace()" in policy and policy.count(":") >= 1):
            problems.append(f"{table}: no forced policy (ProtectTable is missing)")
        elif not leads:
            problems.append(f"{table}: no index leads with the workspace")
    return problems


def not_tenant_models(candidates: Iterable[type[models.Model]]) -> list[str]:
    """Models with a workspace that don't extend TenantModel or lost its scoped managers."""
    problems = []
    for model in candidates:
        table = model._meta.db_table
        if not has_workspace(model) and table != "accounts_workspace":
            continue
        if not issubclass(model, TenantModel) and table not in NOT_TENANT_MODELS:
            problems.append(f"{table}: has a workspace but is no TenantModel")
        elif has_workspace(model) and model._meta.base_manager_name != "objects":
            problems.append(f"{table}: Meta doesn't extend TenantModel.Meta")
    return problems


ALIAS_CALLS = {"atomic", "on_commit"}


def past_the_alias(path: Path) -> list[str]:
    """Uses of django.db's transaction or connection, which don't know the current role."""
    problems = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "django.db":
            names = {alias.name for alias in node.names} & {"transaction", "connection"}
            if names:
                problems.append(f"{path.relative_to(ROOT)}:{node.lineno}: {', '.join(names)}")
    return problems


def without_docstring_or_wrong_name(package: Path) -> list[str]:
    """A room says in one sentence what it does."""
    source = (package / "__init__.py").read_text()
    return [] if ast.get_docstring(ast.parse(source)) else [str(package.relative_to(ROOT))]
