"""Acme with one person in each role, and Rival beside it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import connections
from django.test import Client

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import Membership, User, Workspace
from cursive.lib.tenancy import system_context
from tests import cast


@dataclass(frozen=True)
class Company:
    """A workspace and its people."""

    workspace: Workspace
    owner: User
    admin: User
    member: User
    stranger: User  # owns `rival`
    rival: Workspace

    def membership(self, who: User) -> Membership | None:
        """How `who` belongs to the workspace now."""
        with system_context():
            return Membership.objects.filter(workspace=self.workspace, user=who).first()

    def role(self, who: User) -> str | None:
        """The role that `who` has now, or None."""
        found = self.membership(who)
        return found.role if found else None


@pytest.fixture
def acme(db) -> Company:
    """Alice owns it, Ada is admin, Bob member; Carol owns Rival."""
    alice, ada, bob = cast.user("Alice"), cast.user("Ada"), cast.user("Bob")
    workspace = cast.workspace("Acme", owner=alice, admin=ada, member=bob)
    rival, carol = cast.rival()
    return Company(workspace, alice, ada, bob, carol, rival)


def browser(who: User | None = None) -> Client:
    """A browser in which `who` is signed in."""
    client = Client()
    if who is not None:
        client.force_login(who)
    return client


def audit(**wanted: object) -> list[AuditEntry]:
    """The audit entries that fit, oldest first."""
    with system_context():
        return list(AuditEntry.objects.filter(**wanted).order_by("id"))


def race(*jobs: Callable[[], object]) -> list[Exception | None]:
    """Run the jobs at once; returns what each raised, or None."""
    barrier = threading.Barrier(len(jobs))
    outcomes: list[Exception | None] = [None] * len(jobs)

    def run(number: int, job: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            job()
        except Exception as error:
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes
