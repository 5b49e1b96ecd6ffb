"""Databases for tests, with all migrations: those run once, and each database is a copy."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from cursive.launcher.roles import prepare_database

ROOT = Path(__file__).resolve().parents[1]
ROLES = ("DATABASE_URL", "ADMIN_DATABASE_URL", "OWNER_DATABASE_URL")
BASE_NAME = os.environ.get("CURSIVE_TEST_DB", "test_cursive")


def make_database(name: str) -> None:
    """Make the database `name` anew, owned and used by the roles of production."""
    with _template() as template:
        superuser = os.environ["SUPERUSER_DATABASE_URL"]
        prepare_database(superuser, name, template=template, replace=True)


@contextmanager
def _template() -> Iterator[str]:
    """The name of the database that is copied, up to date, and nobody else's meanwhile.

    Whoever comes first makes it; the others wait for it.
    """
    superuser, template = os.environ["SUPERUSER_DATABASE_URL"], f"{BASE_NAME}_template"
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [template])
        if _made_by(connection, template) != (digest := _migrations()):
            _make_template(superuser, template)
            connection.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                    sql.Identifier(template), sql.Literal(digest)
                )
            )
        yield template


def urls_of(name: str) -> dict[str, str]:
    """The variables by which a process uses the database `name`."""
    return {role: os.environ[role].rpartition("/")[0] + f"/{name}" for role in ROLES}


def _made_by(connection: psycopg.Connection, template: str) -> str | None:
    found = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
        [template],
    ).fetchone()
    return found[0] if found else None


def _migrations() -> str:
    """What tells these migrations from those of another day, on a server that stays."""
    found = hashlib.sha256()
    for path in sorted(ROOT.glob("*/**/migrations/*.py")):
        if ".venv" not in path.parts:
            found.update(path.read_bytes())
    return found.hexdigest()


def _make_template(superuser: str, template: str) -> None:
    prepare_database(superuser, template, replace=True)
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--database=owner", "--verbosity=0"],
        cwd=ROOT,
        env=os.environ | urls_of(template),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    _count_from_far_on(superuser, template)


def _count_from_far_on(superuser: str, name: str) -> None:
    """Numbers that rows get have four digits from the first on.

    As in production: a page that writes 1,000 for 1000 into a form is found in each test, not
    only in one that comes late.
    """
    with psycopg.connect(superuser, dbname=name, autocommit=True) as connection:
        connection.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 10000)"
            " FROM pg_sequences WHERE schemaname = 'public'"
        )


if __name__ == "__main__":  # made beside the checks, so that no worker waits for it
    with _template():
        pass
