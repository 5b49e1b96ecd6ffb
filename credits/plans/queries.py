"""What a workspace's plan is, and which period it is in."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import F, FilteredRelation, Q
from django.urls import reverse
from django.utils import timezone

from credits.prices.models import Plan
from cursive.lib.ui.formatting import format_date

from .models import GRACE, MAX_STRIPE_ID, Invoice, Period, PlanCheckout, Subscription

FREE = "free"
INVOICES_SHOWN = 24
# Stripe closes a checkout after a day; so long it may wait for its payment.
CHECKOUT_LASTS = timedelta(days=1)


# What must be true of all workspaces, for the proof of the books.
ONE_LIVING = """
    SELECT workspace_id, 'living subscriptions', 1, count(*) FROM credits_subscription
    WHERE status IN ('trialing', 'active', 'past_due', 'unpaid')
    GROUP BY workspace_id HAVING count(*) > 1
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """The plan that counts now, with the period that its API calls are counted in.

    `calls` is how many are in the plan, None without a limit; past it calls are refused unless
    `call_price_usd` says what one costs. The period is [start, end), in UTC. `subscription_id`
    is Stripe's id, empty for Free.
    """

    plan: Plan
    period_start: datetime
    period_end: datetime
    subscription_id: str = ""

    @property
    def calls(self) -> int | None:
        """API calls of the period that the plan includes."""
        return self.plan.calls

    @property
    def call_price_usd(self) -> Decimal | None:
        """US$ for a call past the limit, or None where those are refused."""
        charged = self.plan.past_limit == Plan.PastLimit.CHARGED
        return self.plan.call_price_usd if charged else None


def current_terms(workspace_id: UUID, now: datetime | None = None) -> Terms:
    """The workspace's plan and period: of its subscription, or Free and the month (UTC).

    One query, in the workspace's context or the system's. A subscription counts until it is
    cancelled, until 7 days after a payment failed, and, where Stripe's word of its renewal is
    late, for 7 days from its last known period on. Of two that count, the dearer one does.
    """
    now = now or timezone.now()
    free: Plan | None = None
    mine = FilteredRelation(
        "subscriptions",
        condition=Q(
            subscriptions__workspace_id=workspace_id,
            subscriptions__status__in=Subscription.LIVING,
        ),
    )
    found = (
        Plan.objects.annotate(mine=mine)
        .filter(Q(code=FREE) | Q(mine__isnull=False))
        .annotate(
            its_id=F("mine__stripe_id"),
            its_start=F("mine__period_start"),
            its_end=F("mine__period_end"),
            its_anchor=F("mine__anchor"),
            its_cancel_at=F("mine__cancel_at"),
            its_past_due_since=F("mine__past_due_since"),
        )
        .order_by("-price_cents", "-its_start", "its_id")
    )
    for plan in found:
        if plan.its_id is None:
            free = plan
            continue
        cancelled = plan.its_cancel_at is not None and plan.its_cancel_at <= now
        unpaid = plan.its_past_due_since is not None and plan.its_past_due_since + GRACE <= now
        if cancelled or unpaid or plan.its_end + GRACE <= now:
            continue
        start, end = plan.its_start, plan.its_end
        while end <= now:
            start, end = end, _next_renewal(plan.its_anchor, end)
        return Terms(plan, start, end, plan.its_id)
    start, end = month_of(now)
    # Only a subscription to Free itself, which nobody sells, would leave Free out of the rows.
    return Terms(free or Plan.objects.get(code=FREE), start, end)


def _next_renewal(anchor: datetime, after: datetime) -> datetime:
    """The first moment after `after` that is whole months from the anchor, as Stripe counts them.

    A day that a month doesn't have is its last one.
    """
    anchor, after = anchor.astimezone(UTC), after.astimezone(UTC)
    months = (after.year - anchor.year) * 12 + after.month - anchor.month
    while (found := _plus_months(anchor, months)) <= after:
        months += 1
    return found


def _plus_months(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def month_of(moment: datetime) -> tuple[datetime, datetime]:
    """[start, end) of the calendar month of `moment`, in UTC."""
    first = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, _plus_months(first, 1)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a workspace stands with its plan, for pages."""

    terms: Terms
    subscription: Subscription | None

    @property
    def is_subscribed(self) -> bool:
        """Whether there is a subscription that Stripe bills, or tries to."""
        return self.subscription is not None

    def is_granted(self) -> bool:
        """Whether a period of the subscription has got its credits; asks the database."""
        return (
            self.subscription is not None
            and Period.objects.filter(
                workspace_id=self.subscription.workspace_id,
                subscription=self.subscription,
                granted_at__isnull=False,
            ).exists()
        )

    @property
    def lapsed(self) -> bool:
        """Whether a payment failed so long ago that the plan doesn't count any more."""
        return self.subscription is not None and not self.terms.subscription_id


def living_subscription(workspace_id: UUID) -> Subscription | None:
    """The subscription that Stripe bills, or tries to; of two the dearer one."""
    living = Subscription.objects.filter(workspace_id=workspace_id).living()
    found: Subscription | None = (
        living.select_related("plan", "pending_plan")
        .order_by("-plan__price_cents", "-started_at")
        .first()
    )
    return found


def standing_of(workspace_id: UUID) -> Standing:
    """The plan that counts and the living subscription behind it, if any."""
    terms = current_terms(workspace_id)
    return Standing(terms, living_subscription(workspace_id))


def confirming_since(workspace_id: UUID, standing: Standing, session_id: str) -> datetime | None:
    """Since when a plan waits for Stripe's word: a subscription without credits yet, or the
    checkout that somebody comes back from. None where nothing is to be confirmed.
    """
    if standing.subscription is not None:
        return standing.subscription.started_at
    begun = PlanCheckout.objects.filter(
        workspace_id=workspace_id,
        session_id=session_id[:MAX_STRIPE_ID],
        created_at__gte=timezone.now() - CHECKOUT_LASTS,
    )
    found: datetime | None = begun.values_list("created_at", flat=True).first()
    return found


def periods_as_references(workspace_id: UUID, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The history's words for the credits of a period: its plan and its days."""
    periods = Period.objects.filter(workspace_id=workspace_id, id__in=ids).select_related("plan")
    url = reverse("credits:plan")
    return {
        str(one.id): (f"{one.plan.name}, from {format_date(one.start)}", url) for one in periods
    }


def recent_invoices(workspace_id: UUID) -> list[Invoice]:
    """The last two years of payments for plans and calls, newest first."""
    invoices = Invoice.objects.filter(workspace_id=workspace_id)
    return list(invoices.order_by("-created_at", "-id")[:INVOICES_SHOWN])
