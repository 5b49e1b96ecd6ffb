"""A partner's books in tests: sales made by hand, and everything that a refusal must leave."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.workspaces.models import User, Workspace
from cursive.lib.tenancy import atomic, system_context, uuid7
from marketplace.purchases.models import Order, OrderLine
from marketplace.purchases.registry import Sale, tell_refunded, tell_sold
from partners.commission.models import PartnerAccount, PartnerEntry, Payout, SoldLead
from partners.commission.operations import mature_commissions
from partners.commission.payouts import plan_payouts
from partners.program.models import Partner
from tests import market

# A workspace that has left; its orders stay.
BUYER = UUID(int=1)
_listings = count(1_000_000)
LATER = timedelta(days=14)


class Seller:
    """One partner's books; each call commits."""

    def __init__(self, name: str = "Lists & Co", **fields: Any) -> None:
        self.workspace: Workspace
        self.owner: User
        self.workspace, self.owner = market.partner(name, **fields)
        self.id = self.workspace.id

    def sale(self, **fields: Any) -> Sale:
        """A sale that nobody was told of yet: a lead for $1, approved long ago."""
        now = timezone.now()
        made = Sale(
            line_id=uuid7(),
            listing_id=next(_listings),
            seller_id=self.id,
            submission_id=self.id,
            price_cents=100,
            quality=80,
            verification_status="valid",
            collected_on=date(2026, 11, 1),
            listed_at=now - timedelta(days=30),
            sold_at=now,
        )
        return replace(made, **fields)

    def sell(self, leads: int = 1, **fields: Any) -> list[Sale]:
        """Sell so many leads at once; the sales."""
        sales = [self.sale(**fields) for _ in range(leads)]
        sell(sales)
        return sales

    def earn(self, cents: int) -> list[Sale]:
        """Sell until a commission of `cents` is due, at the base of 30 %, and let it be due."""
        assert cents % 30 == 0
        prices = [500] * (cents // 150) + ([cents % 150 * 10 // 3] if cents % 150 else [])
        sales = [self.sale(price_cents=price) for price in prices]
        sell(sales)
        mature_commissions(timezone.now() + LATER)
        return sales

    def payout(self, cents: int = 6_000) -> Payout:
        """A planned payout over so much."""
        self.earn(cents)
        plan_payouts()
        return self.payouts()[-1]

    def suspend(self, status: str = Partner.Status.SUSPENDED) -> None:
        """Suspend, or set another status, past the operation."""
        with system_context():
            Partner.objects.filter(workspace=self.workspace).update(status=status)

    def money(self) -> tuple[int, int, int, int]:
        """(held, due, paying, paid) in cents."""
        with system_context():
            account = PartnerAccount.objects.filter(workspace_id=self.id).first()
        if account is None:
            return 0, 0, 0, 0
        return account.held_cents, account.due_cents, account.paying_cents, account.paid_cents

    def lines(self) -> list[SoldLead]:
        """What was sold, oldest first."""
        with system_context():
            return list(SoldLead.objects.filter(workspace_id=self.id).order_by("sold_at", "id"))

    def states(self) -> list[str]:
        """Where the commission of each sold lead stands."""
        return [line.state for line in self.lines()]

    def entries(self) -> list[PartnerEntry]:
        """The ledger, oldest first."""
        with system_context():
            return list(PartnerEntry.objects.filter(workspace_id=self.id).order_by("id"))

    def kinds(self) -> list[str]:
        """What the ledger's entries are."""
        return [entry.kind for entry in self.entries()]

    def payouts(self) -> list[Payout]:
        """The payouts, oldest first."""
        with system_context():
            return list(Payout.objects.filter(workspace_id=self.id).order_by("planned_at", "id"))

    def snapshot(self) -> tuple[Any, ...]:
        """Everything, to compare."""
        payouts = [(one.id, one.state, one.attempts) for one in self.payouts()]
        return self.money(), self.states(), self.kinds(), payouts


def sell(sales: list[Sale]) -> None:
    """Sell to somebody: an order of these, and whoever is told of it."""
    order(sales)
    tell(sales)


def tell(sales: list[Sale]) -> None:
    """Tell of sales, in a transaction as a buyer's is."""
    with system_context(), atomic():
        tell_sold(sales)


def order(sales: list[Sale]) -> None:
    """Somebody's order of these, of which nobody is told."""
    order_id, cents = uuid7(), sum(sale.price_cents for sale in sales)
    with system_context(), atomic():
        Order.objects.create(
            id=order_id,
            workspace_id=BUYER,
            key=str(order_id),
            leads=len(sales),
            credits=cents,
            cents=cents,
        )
        OrderLine.objects.bulk_create(
            OrderLine(
                id=sale.line_id,
                workspace_id=BUYER,
                order_id=order_id,
                listing_id=sale.listing_id,
                lead_id=uuid7(),
                seller_id=sale.seller_id,
                credits=sale.price_cents,
                cents=sale.price_cents,
            )
            for sale in sales
        )


def refund(sales: list[Sale], reason: str = "Bounced") -> None:
    """Give the buyer these back, and tell of it, in a transaction as that of a report is."""
    ids = [sale.line_id for sale in sales]
    with system_context(), atomic():
        OrderLine.objects.filter(id__in=ids).update(refunded_at=timezone.now())
        tell_refunded(ids, reason=reason)


def later(moment: datetime | None = None) -> datetime:
    """When what is sold now is due."""
    return (moment or timezone.now()) + LATER
