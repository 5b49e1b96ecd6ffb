"""What the tests of purchases share: a buyer with credits, and words for buying."""

from decimal import Decimal
from typing import Any

from accounts.workspaces.models import User, Workspace
from credits.ledger.checks import find_differences
from credits.ledger.models import Entry
from credits.ledger.queries import balance_of
from cursive.lib.actors import Actor
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import system_context, tenant_context, uuid7
from leads.records.models import Lead
from marketplace.listings.models import Listing
from marketplace.purchases.models import CartItem, Order, OrderLine
from marketplace.purchases.operations import purchase_listings
from marketplace.purchases.registry import SaleListener
from tests import cast
from tests.leads.records.pulling import give


class Buyer:
    """One workspace that buys, with 1,000 credits unless told otherwise."""

    def __init__(self, workspace: Workspace, user: User, credits: int | str = 1_000) -> None:
        self.workspace, self.user = workspace, user
        self.actor: Actor = cast.actor_for(user)
        if credits:
            give(workspace, credits)

    def buy(self, listings: list[Listing | int], key: str = "", **more: Any) -> Order:
        ids = [one if isinstance(one, int) else one.id for one in listings]
        with tenant_context(self.workspace.id):
            return purchase_listings(
                workspace=self.workspace,
                actor=self.actor,
                listing_ids=ids,
                key=key or str(uuid7()),
                **more,
            )

    def leads(self) -> list[Lead]:
        with tenant_context(self.workspace.id):
            return list(Lead.objects.filter(workspace_id=self.workspace.id).order_by("id"))

    def balance(self) -> Decimal:
        with tenant_context(self.workspace.id):
            return balance_of(self.workspace.id).available

    def orders(self) -> list[Order]:
        with tenant_context(self.workspace.id):
            return list(Order.objects.order_by("created_at", "id"))

    def lines(self) -> list[OrderLine]:
        with tenant_context(self.workspace.id):
            return list(OrderLine.objects.order_by("created_at", "id"))

    def cart(self) -> list[int]:
        with tenant_context(self.workspace.id):
            items = CartItem.objects.of_user(self.workspace.id, self.user.id).inside()
            return list(items.order_by("added_at", "id").values_list("listing_id", flat=True))

    def events(self, type: str) -> list[dict[str, Any]]:
        with tenant_context(self.workspace.id):
            found = Event.objects.filter(type=type).order_by("created_at", "id")
            return list(found.values_list("payload", flat=True))

    def snapshot(self) -> tuple[Any, ...]:
        """All that a refusal must leave as it was, of the buyer and of all listings."""
        with system_context():
            books = list(Entry.objects.order_by("id").values_list("workspace_id", "amount"))
            listings = list(Listing.objects.order_by("id").values_list("id", "status", "sold"))
            leads = Lead.objects.count()
            lines = OrderLine.objects.count()
            orders, events = Order.objects.count(), Event.objects.count()
        return self.balance(), self.cart(), books, listings, leads, lines, orders, events


def buyer(name: str = "Acme", user: str = "Alice", credits: int | str = 1_000) -> Buyer:
    who = cast.user(user)
    return Buyer(cast.workspace(name, owner=who), who, credits)


def again(listing: Listing) -> Listing:
    with system_context():
        return Listing.objects.get(id=listing.id)


def all_is_well() -> None:
    assert find_differences() == []


class Listening(SaleListener):
    """Notes what it was told."""

    def __init__(self) -> None:
        self.sales: list[Any] = []
        self.refunds: list[Any] = []

    def sold(self, sales: Any) -> None:
        self.sales += sales

    def refunded(self, line_ids: Any, *, reason: str) -> None:
        self.refunds += [(each, reason) for each in line_ids]
