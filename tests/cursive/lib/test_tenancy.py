"""X-1: a workspace's rows can't be reached from another, by the ORM or past it."""

import pytest
from django.db import ProgrammingError, connections
from django.db.utils import DatabaseError
from django_scopes import ScopeError

from accounts.workspaces.models import Membership, User, Workspace
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import (
    connection,
    current_workspace_id,
    system_context,
    tenant_context,
)
from tests import cast


@pytest.fixture
def two(db):
    acme, _ = cast.acme()
    rival, _ = cast.rival()
    for workspace in (acme, rival):
        with tenant_context(workspace.id):
            Job.objects.create(workspace=workspace, kind="test", title=workspace.name)
    return acme, rival


def test_unscoped_query_raises_in_the_orm(two):
    with pytest.raises(ScopeError):
        Job.objects.count()


def test_sql_without_a_workspace_raises(two):
    with connections["default"].cursor() as cursor, pytest.raises(DatabaseError, match="workspace"):
        cursor.execute("SELECT count(*) FROM cursive_job")


def test_sql_sees_only_the_current_workspace(two):
    for workspace in two:
        with tenant_context(workspace.id), connection().cursor() as cursor:
            cursor.execute("SELECT title FROM cursive_job")
            assert cursor.fetchall() == [(workspace.name,)]
            cursor.execute("UPDATE cursive_job SET title = 'x' WHERE title <> %s", [workspace.name])
            assert cursor.rowcount == 0
            cursor.execute("DELETE FROM cursive_job WHERE title <> %s", [workspace.name])
            assert cursor.rowcount == 0


def test_a_row_for_another_workspace_is_refused_by_the_database(two):
    acme, rival = two
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_context(acme.id):
        Job.objects.create(workspace=rival, kind="test", title="smuggled")
    with tenant_context(rival.id):
        assert list(Job.objects.values_list("title", flat=True)) == ["Rival"]


def test_related_rows_stay_inside_too(two):
    acme, rival = two
    with tenant_context(rival.id):
        theirs = Job.objects.get()
    with tenant_context(acme.id), pytest.raises(Job.DoesNotExist):
        theirs.refresh_from_db()


def test_nested_context_gives_the_outer_workspace_back(two):
    acme, rival = two
    with tenant_context(acme.id):
        with tenant_context(rival.id):
            assert Job.objects.get().title == "Rival"
        assert current_workspace_id() == acme.id
        assert Job.objects.get().title == "Acme"
        with pytest.raises(RuntimeError), tenant_context(rival.id):
            raise RuntimeError
        assert Job.objects.get().title == "Acme"
    assert current_workspace_id() is None
    with connections["default"].cursor() as cursor, pytest.raises(DatabaseError, match="workspace"):
        cursor.execute("SELECT count(*) FROM cursive_job")


def test_system_context_sees_all_and_ends(two):
    with system_context():
        assert Job.objects.count() == 2
        assert Membership.objects.count() == 2
        assert Workspace.objects.count() == 2
    with pytest.raises(ScopeError):
        Job.objects.count()


def test_the_runtime_roles_are_what_they_should_be(two):
    for alias, bypass in (("default", False), ("admin", True)):
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles"
                " WHERE rolname = current_user"
            )
            assert cursor.fetchone() == (False, bypass, False)
            cursor.execute(
                "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole::oid"
            )
            assert cursor.fetchone() == (0,)


def test_users_are_not_scoped(two):
    assert User.objects.count() == 2
