"""Fixtures of the market: Petra sells, Alice of Acme looks."""

from uuid import UUID

import pytest

from accounts.workspaces.models import Workspace
from leads.filters.tree import Group
from leads.filters.url import decode
from marketplace.listings.search import find
from tests import market
from tests.leads.conftest import acme, alice, member

__all__ = ["HTMX", "acme", "alice", "member"]
HTMX = {"HX-Request": "true"}
NOBODY = UUID(int=1)


@pytest.fixture
def seller(db) -> Workspace:
    """A workspace that sells."""
    return market.partner()[0]


def sale(text: str = "") -> Group:
    """A filter over what is on sale, as addresses have it."""
    return decode(text, scope="listings")


def found(text: str = "", *, buyer: UUID = NOBODY, order: str = "quality") -> list[int]:
    """The ids of what a workspace could buy, in order."""
    return find(sale(text), buyer_id=buyer, order=order, limit=1_000)
