"""Reading verifications: whom one would be about, its price, how the queue and providers are."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from credits.ledger.queries import balance_of
from credits.prices.queries import price_of
from leads.filters.tree import Group
from leads.records.models import Lead
from leads.records.queries import leads_of

from .models import Check, Status, checked_lately
from .providers import chain, is_built_in, is_by_form

ACTION = "email_verification"


def candidates(
    workspace_id: UUID,
    *,
    filter: Group | None = None,
    ids: Sequence[UUID | str] = (),
    again: bool = False,
) -> QuerySet[Lead]:
    """Leads with an address that can be checked: `ids`, or all that match `filter`.

    Left out is who is in the queue already and, unless `again`, whose address was answered for in
    the last 30 days.
    """
    leads = leads_of(workspace_id, filter).exclude(email="")
    if ids or filter is None:
        leads = leads.filter(id__in=ids)
    waiting = Check.objects.filter(workspace_id=workspace_id).open()
    leads = leads.exclude(Exists(waiting.filter(lead_id=OuterRef("id"))))
    return leads if again else leads.exclude(checked_lately(workspace_id))


@dataclass(frozen=True, slots=True)
class Bill:
    """What checking so many addresses costs at most; `left` is the balance after."""

    addresses: int
    price_each: Decimal
    available: Decimal

    @property
    def price(self) -> Decimal:
        """For all of them."""
        return self.price_each * self.addresses

    @property
    def left(self) -> Decimal:
        """The balance after; below 0 it is too little."""
        return self.available - self.price

    @property
    def is_covered(self) -> bool:
        """Whether the balance pays for it."""
        return self.left >= 0

    @property
    def missing(self) -> Decimal:
        """What the balance lacks."""
        return max(-self.left, Decimal(0))


def bill_for(workspace_id: UUID, addresses: int) -> Bill:
    """The price of a verification, beside what the workspace has."""
    return Bill(addresses, price_of(ACTION), balance_of(workspace_id).available)


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A provider in use: whether it is asked now, or left alone after failures."""

    code: str
    label: str
    is_resting: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """How the addresses of a workspace's leads are known."""

    leads: int
    without_address: int
    unchecked: int
    counts: dict[str, int]
    waiting: int
    providers: list[ProviderState]

    @property
    def is_built_in(self) -> bool:
        """Whether no provider has a key, so that nothing can be found valid."""
        return is_built_in()

    @property
    def is_by_form(self) -> bool:
        """Whether addresses are judged by their form alone."""
        return is_by_form()

    @property
    def missing_words(self) -> str:
        """How many can't be checked."""
        if not self.without_address:
            return ""
        return f"{self.without_address:,} more have no address"

    @property
    def shares(self) -> list[tuple[str, str, int]]:
        """(status, label, leads) of every status, the best first."""
        return [(status.value, status.label, self.counts[status]) for status in Status]


def summary_of(workspace_id: UUID) -> Summary:
    """The figures of the verification page, counted now."""
    figures = leads_of(workspace_id).aggregate(
        leads=Count("id"),
        without_address=Count("id", filter=Q(email="")),
        unchecked=Count("id", filter=~Q(email="") & Q(verification_status="")),
        **{status.value: Count("id", filter=Q(verification_status=status)) for status in Status},
    )
    return Summary(
        leads=figures["leads"],
        without_address=figures["without_address"],
        unchecked=figures["unchecked"],
        counts={status.value: figures[status] for status in Status},
        waiting=Check.objects.filter(workspace_id=workspace_id).open().count(),
        providers=[
            ProviderState(provider.code, provider.label, provider.breaker.is_open())
            for provider in chain()
        ],
    )


def recent_checks(workspace_id: UUID) -> QuerySet[Check]:
    """Checks that are over, the last first."""
    checks = Check.objects.filter(workspace_id=workspace_id, state=Check.State.DONE)
    return checks.select_related("lead").order_by("-finished_at", "-id")


@dataclass(frozen=True, slots=True)
class LeadCheck:
    """What a lead's page shows of checks: the last answer, and whether one is under way."""

    is_open: bool
    reason: str = ""
    provider: str = ""
    when: datetime.datetime | None = None


def check_of(lead: Lead) -> LeadCheck:
    """The last check of the lead's present address."""
    checks = Check.objects.filter(workspace_id=lead.workspace_id, lead_id=lead.id)
    is_open = checks.open().exists()
    last = (
        checks.filter(state=Check.State.DONE, is_void=False, address=lead.email)
        .order_by("-finished_at")
        .first()
    )
    if last is None:
        return LeadCheck(is_open)
    return LeadCheck(is_open, last.reason, last.source, last.finished_at)
