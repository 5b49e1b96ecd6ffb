"""Fixtures for everybody.

Tests commit for real, on a real PostgreSQL, as the restricted roles: what a request sees in
production is what a test sees. After each test that asked for `db` every table is emptied.
"""

import gc
import os
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg.pq import TransactionStatus
from xdist.scheduler import LoadScopeScheduling

from credits.metering.recording import write_now
from cursive.launcher.roles import drop_database
from marketplace.listings.mirror import forget_mirrors
from tests.databases import BASE_NAME, make_database

# No test fails for a machine that is busy; and `db` empties no table between examples, of which
# each test that has both takes care.
hypothesis_settings.register_profile(
    "calm",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("calm")


class FileScheduling(LoadScopeScheduling):
    """A worker gets a file at a time, but all journeys, which share what takes long to start."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "journeys" if file.startswith("tests/journeys/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FileScheduling:
    """How tests are dealt out to workers."""
    return FileScheduling(config, log)


# A wrapper, since pytest-django has an order of its own.
@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """What takes long comes first, so that no worker is left alone with it in the end."""
    yield
    items.sort(key=lambda item: (not _is(item, "journey"), not _is(item, "faults")))


def pytest_collection_finish() -> None:
    """What has been loaded stays: it needn't be walked through again and again for garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Else DuckDB's extension complains of all that it is left with."""
    gc.unfreeze()


def _is(item: pytest.Item, mark: str) -> bool:
    return item.get_closest_marker(mark) is not None


def _own_redis(worker: str) -> None:
    """Workers that run side by side must not clear each other's cache."""
    number = int(worker.removeprefix("gw") or 0) + 1 if worker else 0
    if number:
        url = f"{settings.REDIS_URL.rpartition('/')[0]}/{number}"
        settings.REDIS_URL = url
        for configured in settings.CACHES.values():
            configured["LOCATION"] = url


_own_redis(os.environ.get("PYTEST_XDIST_WORKER", ""))
# Each test's client loads the middleware anew: a static file is looked for when it is asked for,
# instead of all of them each time, which took a third of all tests' time.
settings.WHITENOISE_AUTOREFRESH = True


def _database_name() -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return "_".join(filter(None, [BASE_NAME, worker]))


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker, tmp_path_factory) -> Iterator[str]:
    """A new database with all migrations, owned and used by the roles of production."""
    name = _database_name()
    make_database(name)
    with django_db_blocker.unblock():
        for alias in connections:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = name
        yield name
        connections.close_all()
    drop_database(os.environ["SUPERUSER_DATABASE_URL"], name)


@pytest.fixture(scope="session")
def _emptier(django_db_setup) -> Iterator["Emptier"]:
    emptier = Emptier(django_db_setup)
    yield emptier
    emptier.connection.close()


class Emptier:
    """Empties all tables but those that migrations filled, past triggers and foreign keys."""

    KEPT = ("django_migrations", "django_content_type", "auth_permission")

    def __init__(self, name: str) -> None:
        self.connection = psycopg.connect(
            os.environ["SUPERUSER_DATABASE_URL"], dbname=name, autocommit=True
        )
        rows = self.connection.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname = 'public'"
        ).fetchall()
        names = sorted(name for (name,) in rows if name not in self.KEPT)
        seeded = [
            name
            for name in names
            if self.connection.execute(f'SELECT EXISTS (SELECT 1 FROM "{name}")').fetchone()[0]
        ]
        restores = []
        for name in seeded:
            self.connection.execute(f'CREATE TEMP TABLE "seed_{name}" AS TABLE "{name}"')
            columns = [
                column
                for (column,) in self.connection.execute(
                    "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %s::regclass"
                    " AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
                    [name],
                )
            ]
            listed = ", ".join(columns)
            restores.append(
                f'INSERT INTO "{name}" ({listed}) OVERRIDING SYSTEM VALUE'
                f' SELECT {listed} FROM "seed_{name}"'
            )
        statements = [f'DELETE FROM "{name}"' for name in names] + restores
        # A function's statements are planned once for all tests, not once a test.
        self.connection.execute(
            "SET session_replication_role = replica;"
            "CREATE FUNCTION pg_temp.empty_all() RETURNS void LANGUAGE plpgsql AS"
            f" $$ BEGIN {'; '.join(statements)}; END $$"
        )

    def __call__(self) -> None:
        self.connection.execute("SELECT pg_temp.empty_all()")


def tidy(connection: BaseDatabaseWrapper) -> None:
    """Leave a connection as if it were new; one that can't be is closed.

    A new one costs a sign-in and a server process that knows no table yet, for each test.
    """
    driver = connection.connection
    if driver is None:
        return
    idle = driver.info.transaction_status == TransactionStatus.IDLE
    if connection.in_atomic_block or not (idle and driver.autocommit):
        connection.close()
        return
    driver.execute("DISCARD ALL")


@pytest.fixture
def db(_emptier, django_db_blocker, settings, tmp_path) -> Iterator[None]:
    """The database, empty afterwards. Files and snapshots go to a folder of the test's own."""
    settings.STATE_DIR = tmp_path
    settings.CATALOGUE_DIR = tmp_path / "catalogue"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files", "base_url": None},
        },
    }
    cache.clear()
    with django_db_blocker.unblock():
        yield
        write_now()  # what a thread of this process would write into the next test
        for connection in connections.all(initialized_only=True):
            tidy(connection)
    _emptier()
    forget_mirrors()


@pytest.fixture(autouse=True)
def _quick_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


assert settings.CURSIVE_ENV == "test", "tests must never run against anything but CURSIVE_ENV=test"
