"""Fixtures of segments, and words for reading their pages."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.http import HttpResponse
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

__all__ = ["acme", "alice", "catalogue", "funded"]
HTMX = {"HX-Request": "true"}


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


def text_of(response: HttpResponse) -> str:
    """The words of a page, without its tags."""
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return unescape(re.sub(r"\s+", " ", plain))


def sentence_of(response: HttpResponse) -> str:
    """What the search page says it looks for."""
    found = re.search(r'class="search-sentence">(.*?)<', response.content.decode(), re.S)
    return unescape(found[1]) if found else ""


def stored(workspace: Workspace, segment: Segment) -> Segment:
    """The segment as the database has it."""
    with tenant_context(workspace.id):
        return Segment.objects.get(workspace_id=workspace.id, id=segment.id)


@pytest.fixture
def alice(funded) -> Client:
    """Alice's browser; her Acme has 1,000 credits."""
    return client_of(funded[1])
