"""Fixtures of segments."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.workspaces.models import User, Workspace
from credits.ledger.operations import grant
from cursive.lib.actors import Actor
from cursive.lib.tenancy import tenant_context
from leads.filters.url import decode
from segments.saved.models import Segment
from segments.saved.operations import create_segment
from tests import cast
from tests.catalogue import catalogue

__all__ = ["acme", "catalogue", "funded"]


@pytest.fixture
def acme(db) -> tuple[Workspace, User]:
    """Acme and Alice."""
    return cast.acme()


@pytest.fixture
def funded(acme) -> tuple[Workspace, User]:
    """Acme with 1,000 credits."""
    workspace, alice = acme
    give_credits(workspace, 1_000)
    return workspace, alice


def give_credits(workspace: Workspace, amount: int | Decimal | str, key: str = "start") -> None:
    """Grant credits as the system."""
    with tenant_context(workspace.id):
        grant(
            workspace_id=workspace.id,
            amount=amount,
            action="grant",
            reference=("test", "1"),
            key=key,
            actor=Actor.system("test"),
        )


def client_of(user: User) -> Client:
    """A browser in which this user is signed in."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def save(workspace: Workspace, user: User, address: str, name: str = "Test") -> Segment:
    """A saved segment whose filter is written as in addresses."""
    with tenant_context(workspace.id):
        return create_segment(
            workspace=workspace,
            actor=cast.actor_for(user),
            name=name,
            filter=decode(address, scope="catalogue"),
        )
