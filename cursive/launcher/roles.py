"""Database roles, grants and extensions: what has to be there before the first migration.

Three roles share one database (decision 0002): `app_owner` owns the tables and runs migrations,
`app_user` serves requests under row-level security, `app_admin` passes by the policies without
owning anything. None is a superuser. Everything here can be run again at any time. The launcher,
the tests and the production runbook all use these functions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cursive.launcher.errors import LaunchError

OWNER, USER, ADMIN = "app_owner", "app_user", "app_admin"
EXTENSIONS = ("pg_trgm", "btree_gin", "citext", "unaccent", "pg_stat_statements")
OLDEST_SERVER = 150000


@dataclass(frozen=True, slots=True)
class Passwords:
    """Passwords of the three roles, in plain text."""

    user: str
    admin: str
    owner: str


@dataclass(frozen=True, slots=True)
class Urls:
    """The application's three ways into one database, as postgresql:// URLs."""

    user: str
    admin: str
    owner: str


def prepare_roles(
    superuser_dsn: str,
    database: str,
    passwords: Passwords,
    *,
    may_create_databases: bool = False,
    set_passwords: bool = True,
) -> Urls:
    """Create or mend the three roles and `database`, and answer with the URLs to use.

    `superuser_dsn` names a superuser, or a role that may create roles (and, where `database` does
    not exist yet, databases). `may_create_databases` gives app_owner CREATEDB, for tests. Without
    `set_passwords` a role that exists keeps its password, since other installations on the same
    server may use it. Raises LaunchError with what is missing.
    """
    with _connection(superuser_dsn) as connection:
        _refuse_old_server(connection)
        try:
            for role, password, bypassrls in (
                (OWNER, passwords.owner, True),  # A new foreign key reads tables with policies.
                (USER, passwords.user, False),
                (ADMIN, passwords.admin, True),
            ):
                exists = _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role)
                keeps = exists and not set_passwords
                _write_role(
                    connection,
                    role,
                    None if keeps else password,
                    bypassrls=bypassrls,
                    createdb=may_create_databases and role == OWNER,
                )
                if keeps:
                    _require_login(role_url(superuser_dsn, role, password, connection.info.dbname))
        except psycopg.errors.InsufficientPrivilege as error:
            raise LaunchError(
                f"The database role '{_current_user(connection)}' may not create the roles "
                f"{OWNER}, {USER} and {ADMIN}. Give a superuser (or a role with CREATEROLE and "
                "BYPASSRLS) in DATABASE_URL, or create the three roles yourself and set "
                "DATABASE_URL, ADMIN_DATABASE_URL and OWNER_DATABASE_URL.",
                detail=str(error),
            ) from error
    prepare_database(superuser_dsn, database)
    return Urls(
        user=role_url(superuser_dsn, USER, passwords.user, database),
        admin=role_url(superuser_dsn, ADMIN, passwords.admin, database),
        owner=role_url(superuser_dsn, OWNER, passwords.owner, database),
    )


def prepare_database(
    superuser_dsn: str, name: str, *, template: str | None = None, replace: bool = False
) -> None:
    """Create the database `name` unless it exists, with all grants and extensions; roles exist.

    `replace` drops an existing one first, whoever is connected. `template` copies that database
    (its tables and grants inside come along; nobody may be connected to it).
    """
    with _connection(superuser_dsn) as connection:
        if replace:
            drop_database(superuser_dsn, name)
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", name):
            _join_owner(connection)
            statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(OWNER)
            )
            if template is not None:
                statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
            elif connection.info.server_version >= OLDEST_SERVER:
                statement += sql.SQL(" TEMPLATE template0 ENCODING 'UTF8'")
            connection.execute(statement)
    with _connection(make_conninfo(superuser_dsn, dbname=name)) as connection:
        _grant(connection, name)
        for extension in EXTENSIONS:
            _add_extension(connection, extension)


def drop_database(superuser_dsn: str, name: str) -> None:
    """Drop the database `name` if it exists, ending the connections to it."""
    with _connection(superuser_dsn) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


def role_url(dsn: str, role: str, password: str, database: str) -> str:
    """The postgresql:// URL of `role` on the server of `dsn`; sslmode and the like are kept."""
    parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items() if value is not None}
    host, port = parts.pop("host", "127.0.0.1"), parts.pop("port", "5432")
    for key in ("user", "password", "dbname"):
        parts.pop(key, None)
    if host.startswith("/"):
        host, parts["host"] = "", host
    elif ":" in host:
        host = f"[{host}]"
    options = "&".join(f"{key}={quote(value, safe='')}" for key, value in parts.items())
    return (
        f"postgresql://{quote(role, safe='')}:{quote(password, safe='')}@"
        f"{host}{':' + port if host else ''}/{quote(database, safe='')}"
        f"{'?' + options if options else ''}"
    )


@contextmanager
def _connection(dsn: str) -> Iterator[psycopg.Connection]:
    try:
        connection = psycopg.connect(dsn, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise LaunchError("PostgreSQL doesn't let us in.", detail=str(error)) from error
    with connection:
        yield connection


def _refuse_old_server(connection: psycopg.Connection) -> None:
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise LaunchError(
            f"This is PostgreSQL {version // 10000}; Cursive needs PostgreSQL "
            f"{OLDEST_SERVER // 10000} or later."
        )


def _current_user(connection: psycopg.Connection) -> str:
    return connection.info.user


def _exists(connection: psycopg.Connection, query: str, *params: str) -> bool:
    return connection.execute(query.encode(), params).fetchone() is not None


def _write_role(
    connection: psycopg.Connection,
    role: str,
    password: str | None,
    *,
    bypassrls: bool = False,
    createdb: bool = False,
) -> None:
    row = connection.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = %s",
        (role,),
    ).fetchone()
    options = ["LOGIN"]
    if row is None:
        verb = "CREATE"
        options += ["BYPASSRLS"] * bypassrls + ["CREATEDB"] * createdb
    else:
        verb = "ALTER"
        if row[0]:
            raise LaunchError(
                f"The database role {role} is a superuser, so that row-level security would not "
                f"hold for it. Take that away: ALTER ROLE {role} NOSUPERUSER."
            )
        # Only what differs is named: each attribute that is named needs a right of its own.
        if row[1] != bypassrls:
            options.append("BYPASSRLS" if bypassrls else "NOBYPASSRLS")
        if createdb and not row[2]:
            options.append("CREATEDB")
    statement = sql.SQL("{verb} ROLE {role} {options}").format(
        verb=sql.SQL(verb), role=sql.Identifier(role), options=sql.SQL(" ".join(options))
    )
    if password is not None:
        # The server gets the SCRAM verifier, so that no log holds the password.
        verifier = connection.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        )
        statement += sql.SQL(" PASSWORD {}").format(sql.Literal(verifier.decode()))
    connection.execute(statement)


def _require_login(url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        raise LaunchError(
            f"This server already has the roles {OWNER}, {USER} and {ADMIN}, with passwords that "
            "this checkout doesn't know. Set DATABASE_URL, ADMIN_DATABASE_URL and "
            "OWNER_DATABASE_URL, or use another server.",
            detail=str(error),
        ) from error


def _join_owner(connection: psycopg.Connection) -> None:
    """Let a role that is no superuser act for app_owner (grants, ownership)."""
    if not _exists(
        connection,
        "SELECT 1 FROM pg_roles WHERE rolname = current_user AND rolsuper",
    ) and not _exists(connection, "SELECT 1 WHERE pg_has_role(current_user, %s, 'USAGE')", OWNER):
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))


def _grant(connection: psycopg.Connection, database: str) -> None:
    _join_owner(connection)
    names = {
        "database": sql.Identifier(database),
        "owner": sql.Identifier(OWNER),
        "apps": sql.SQL(", ").join([sql.Identifier(USER), sql.Identifier(ADMIN)]),
    }
    defaults = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT "
    for statement in (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT CREATE, CONNECT, TEMPORARY ON DATABASE {database} TO {owner}",
        "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {apps}",
        "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        "GRANT USAGE ON SCHEMA public TO {apps}",
        defaults + "SELECT, INSERT, UPDATE, DELETE ON TABLES TO {apps}",
        defaults + "USAGE, SELECT ON SEQUENCES TO {apps}",
        defaults + "EXECUTE ON FUNCTIONS TO {apps}",
    ):
        connection.execute(sql.SQL(statement).format(**names))


def _add_extension(connection: psycopg.Connection, extension: str) -> None:
    """Add what the server has; one that is missing shows up where a migration needs it."""
    if _exists(connection, "SELECT 1 FROM pg_extension WHERE extname = %s", extension):
        return
    if not _exists(connection, "SELECT 1 FROM pg_available_extensions WHERE name = %s", extension):
        return
    try:
        connection.execute(
            sql.SQL("CREATE EXTENSION {} SCHEMA public").format(sql.Identifier(extension))
        )
    except psycopg.errors.InsufficientPrivilege:
        return
