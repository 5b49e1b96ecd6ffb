"""What a web process prepares before it is asked."""

import pytest
from django.db import connections

from cursive.lib import warming
from cursive.lib.tenancy import connection, system_context


@pytest.fixture
def tasks(monkeypatch):
    """Those of the test alone."""
    monkeypatch.setattr(warming, "_tasks", [])
    return warming._tasks


def test_all_is_done_once_though_one_fails(tasks, db, caplog):
    done = []

    def ask() -> None:
        with system_context(), connection().cursor() as cursor:
            cursor.execute("SELECT 1")
            done.append(cursor.fetchone())

    def fail() -> None:
        raise RuntimeError("not today")

    for task in (fail, ask, ask):
        warming.register_warm_up(task)
    warming.warm_up().join(10)
    assert done == [(1,)]
    assert "warm_up_failed" in caplog.text


def test_no_connection_is_kept(tasks, db):
    left = []

    def ask() -> None:
        with system_context(), connection().cursor() as cursor:
            cursor.execute("SELECT 1")

    warming.register_warm_up(ask)
    warming.register_warm_up(lambda: left.append(connections["admin"].connection))
    warming.warm_up().join(10)
    assert left == [None]
