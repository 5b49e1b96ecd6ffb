"""The three roles and what each may do. Runs on the tests' own server."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cursive.launcher.errors import LaunchError
from cursive.launcher.roles import (
    ADMIN,
    OWNER,
    USER,
    Passwords,
    drop_database,
    prepare_database,
    prepare_roles,
    role_url,
)

SUPERUSER = os.environ["SUPERUSER_DATABASE_URL"]
NAME = f"launcher_{os.getpid()}"


def password_of(variable: str) -> str:
    return str(conninfo_to_dict(os.environ[variable])["password"])


PASSWORDS = Passwords(
    *map(password_of, ("DATABASE_URL", "ADMIN_DATABASE_URL", "OWNER_DATABASE_URL"))
)


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    for _ in range(2):  # It can be run again at any time.
        made = prepare_roles(SUPERUSER, NAME, PASSWORDS, set_passwords=False)
    yield {USER: made.user, ADMIN: made.admin, OWNER: made.owner}
    drop_database(SUPERUSER, NAME)


def ask(url: str, statement: str) -> Any:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def test_no_role_is_a_superuser_and_only_the_user_is_bound_by_policies(urls):
    with psycopg.connect(SUPERUSER) as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = ANY(%s)",
            ([OWNER, USER, ADMIN],),
        ).fetchall()
    assert {row[0]: row[1:] for row in rows} == {
        OWNER: (False, True),
        USER: (False, False),
        ADMIN: (False, True),
    }


def test_what_the_owner_makes_the_others_use_but_do_not_own(urls):
    ask(urls[OWNER], "CREATE TABLE things (id bigserial PRIMARY KEY, name text)")
    for role in (USER, ADMIN):
        ask(urls[role], "INSERT INTO things (name) VALUES ('a')")
        assert ask(urls[role], "UPDATE things SET name = 'b' RETURNING name") == "b"
        for forbidden in (
            "DROP TABLE things",
            "TRUNCATE things",
            "ALTER TABLE things DISABLE ROW LEVEL SECURITY",
            "CREATE TABLE public.mine (id int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ask(urls[role], forbidden)
    assert ask(urls[OWNER], "SELECT count(*) FROM things") == 2


def test_the_extensions_are_there(urls):
    found = ask(urls[USER], "SELECT array_agg(extname::text) FROM pg_extension")
    assert {"pg_trgm", "btree_gin", "citext", "unaccent"} <= set(found)


def test_a_database_can_be_replaced_by_an_empty_one(urls):
    name = f"{NAME}_spare"
    prepare_database(SUPERUSER, name)
    owner = role_url(SUPERUSER, OWNER, PASSWORDS.owner, name)
    ask(owner, "CREATE TABLE things (id int)")
    prepare_database(SUPERUSER, name)
    assert ask(owner, "SELECT to_regclass('things') IS NOT NULL") is True
    prepare_database(SUPERUSER, name, replace=True)
    assert ask(owner, "SELECT to_regclass('things') IS NOT NULL") is False
    drop_database(SUPERUSER, name)
    with pytest.raises(LaunchError, match="doesn't let us in"):
        prepare_roles(make_conninfo(SUPERUSER, dbname=name), name, PASSWORDS, set_passwords=False)


def test_passwords_of_others_on_the_same_server_are_not_changed(urls):
    stranger = Passwords(user="x", admin="y", owner="z")
    with pytest.raises(LaunchError, match="already has the roles"):
        prepare_roles(SUPERUSER, NAME, stranger, set_passwords=False)
    assert ask(urls[USER], "SELECT current_user::text") == USER


def test_a_role_that_may_not_create_roles_is_told_what_is_needed(urls):
    with pytest.raises(LaunchError, match="'app_user' may not create the roles") as caught:
        prepare_roles(urls[USER], NAME, PASSWORDS, set_passwords=False)
    assert "OWNER_DATABASE_URL" in str(caught.value)


def test_urls_keep_options_and_quote_what_needs_it():
    url = role_url("postgresql://root:x@db.example:5433/a?sslmode=require", USER, "a/b@c", "my db")
    assert url == "postgresql://app_user:a%2Fb%40c@db.example:5433/my%20db?sslmode=require"
    assert conninfo_to_dict(url)["password"] == "a/b@c"
    socket = role_url("host=/run/postgresql dbname=a", USER, "p", "b")
    assert conninfo_to_dict(socket)["host"] == "/run/postgresql"
