"""Reading what partners earn: terms, accounts, what was sold, what they hand in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from cursive.lib.tenancy import connection
from marketplace.listings.models import Listing
from marketplace.listings.verdicts import count_verdicts
from partners.program.models import Partner
from partners.submissions.queries import SubmissionFigures, figures_of

from . import scores
from .models import (
    PAYOUT_FROM_CENTS,
    CommissionRate,
    PartnerAccount,
    PartnerEntry,
    Payout,
    SoldLead,
)

SPAN = timedelta(days=90)

# ---- Terms ------------------------------------------------------------------------------------


def terms_in_force(sellers: Iterable[UUID], at: datetime) -> dict[UUID, CommissionRate]:
    """Each partner's terms at a moment, in one query; who has none isn't in it."""
    asked = list(sellers)
    rates = CommissionRate.objects.filter(
        Q(seller__isnull=True) | Q(seller_id__in=asked), valid_from__lte=at
    )
    newest = rates.order_by("seller_id", "-valid_from", "-id").distinct("seller_id")
    by_seller = {rate.seller_id: rate for rate in newest}
    general = by_seller.pop(None, None)
    found = {}
    for seller in asked:
        own = by_seller.get(seller)
        terms = general if own is None or own.follows_general else own
        if terms is not None:
            found[seller] = terms
    return found


def general_terms(at: datetime | None = None) -> CommissionRate | None:
    """What partners without terms of their own get."""
    rates = CommissionRate.objects.filter(seller__isnull=True, valid_from__lte=at or timezone.now())
    return rates.order_by("-valid_from", "-id").first()


# ---- For the clock ----------------------------------------------------------------------------


def workspaces_to_mature(now: datetime, *, after: UUID | None, limit: int) -> list[UUID]:
    """Partners, not suspended, with something held whose time has come; in order, and locked to
    the commit, since a suspension may be under way."""
    due = SoldLead.objects.filter(
        workspace_id=OuterRef("workspace_id"), state=SoldLead.State.HELD, due_at__lte=now
    )
    partners = Partner.objects.selling().filter(Exists(due)).select_for_update(no_key=True)
    if after is not None:
        partners = partners.filter(workspace_id__gt=after)
    return list(partners.order_by("workspace_id").values_list("workspace_id", flat=True)[:limit])


# ---- A partner's money ------------------------------------------------------------------------


def account_of(workspace_id: UUID) -> PartnerAccount:
    """The partner's account; an empty one, unsaved, where nothing was sold yet."""
    found: PartnerAccount | None = PartnerAccount.objects.filter(workspace_id=workspace_id).first()
    return found or PartnerAccount(workspace_id=workspace_id)


@dataclass(frozen=True, slots=True)
class NextPayout:
    """What the next payout would be of (below 0: a debt), and what is missing for one."""

    cents: int
    missing_cents: int


def next_payout(account: PartnerAccount) -> NextPayout:
    """How far the partner's next payout is."""
    return NextPayout(account.due_cents, max(0, PAYOUT_FROM_CENTS - account.due_cents))


def entries_of(workspace_id: UUID) -> QuerySet[PartnerEntry]:
    """The partner's ledger, unordered."""
    found: QuerySet[PartnerEntry] = PartnerEntry.objects.filter(workspace_id=workspace_id)
    return found


def payouts_of(workspace_id: UUID) -> QuerySet[Payout]:
    """The partner's payouts, unordered."""
    found: QuerySet[Payout] = Payout.objects.filter(workspace_id=workspace_id)
    return found


def sold_leads_of(workspace_id: UUID) -> QuerySet[SoldLead]:
    """What the partner sold, unordered."""
    found: QuerySet[SoldLead] = SoldLead.objects.filter(workspace_id=workspace_id)
    return found


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A sold lead with who it is, as far as its listing is still there; never who bought it."""

    sold: SoldLead
    listing: Listing | None


def with_listings(workspace_id: UUID, sold: Sequence[SoldLead]) -> list[SoldLine]:
    """Sold leads with their listings, which are looked up in one query."""
    ids = [one.listing_id for one in sold]
    found = Listing.objects.of_seller(workspace_id).in_bulk(ids)
    return [SoldLine(one, found.get(one.listing_id)) for one in sold]


# ---- A partner's figures ----------------------------------------------------------------------

_SOLD = f"""
SELECT count(*), count(*) FILTER (WHERE sold_at >= %(since)s),
    count(*) FILTER (WHERE state = 'refunded'),
    count(*) FILTER (WHERE state = 'refunded' AND sold_at >= %(since)s),
    avg({scores.FRESHNESS_SQL}) FILTER (WHERE sold_at >= %(since)s),
    coalesce(sum(price_cents), 0), coalesce(sum(commission_cents), 0)
FROM partners_soldlead WHERE workspace_id = %(workspace)s
"""
_LISTED = """
SELECT avg(has_phone::int + has_linkedin::int + (company_name <> '')::int + (title <> '')::int)
        FILTER (WHERE created_at >= %(since)s) * 25,
    count(*) FILTER (WHERE status = 'listed')
FROM marketplace_listing
WHERE seller_id = %(workspace)s AND (created_at >= %(since)s OR status = 'listed')
"""


# Of so many listings, verdicts and sales counting takes most of a second (a million each: 0.7 s):
# then it is done once in a while, and the page says when.
LARGE = 50_000
COUNTED_EVERY = timedelta(minutes=10)
# To be raised where Standing gets other fields: those that are kept are of the release before.
_KEPT = "partner-standing:1:{}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A partner in figures. `recent` is of the last 90 days; rates and score are of those."""

    sold: int
    sold_recent: int
    refunded: int
    sales_cents: int
    commission_cents: int
    on_sale: int
    submissions: SubmissionFigures
    recent: SubmissionFigures
    checked: int
    pass_rate: float | None
    score: scores.Score

    @property
    def counted(self) -> int:
        """How much it is counted of: rows, more or less."""
        return self.sold + self.on_sale + self.checked

    @property
    def acceptance(self) -> float | None:
        """The share of the rows handed in that staff approved, in percent."""
        return scores.share(self.submissions.approved, self.submissions.rows)

    @property
    def refund_rate(self) -> float | None:
        """The share of sales that were refunded, in percent."""
        return scores.share(self.refunded, self.sold)


def shown_standing(workspace_id: UUID) -> tuple[Standing, datetime | None]:
    """How a partner stands, for their page; of a large one as it was counted some minutes ago, and
    when that was."""
    key = _KEPT.format(workspace_id)
    kept: tuple[Standing, datetime] | None = cache.get(key)
    if kept is not None:
        return kept
    now = timezone.now()
    found = standing_of(workspace_id, now)
    if found.counted < LARGE:
        return found, None
    cache.set(key, (found, now), COUNTED_EVERY.total_seconds())
    return found, now


def standing_of(workspace_id: UUID, now: datetime | None = None) -> Standing:
    """How a partner stands: a handful of queries, whatever was sold."""
    since = (now or timezone.now()) - SPAN
    values = {"workspace": workspace_id, "since": since}
    sold, sold_recent, refunded, lately_refunded, freshness, sales, commission = _row(_SOLD, values)
    valid, invalid = count_verdicts([workspace_id], since)[workspace_id]
    completeness, on_sale = _row(_LISTED, values)
    recent = figures_of(workspace_id, since)
    pass_rate = scores.share(valid, valid + invalid)
    return Standing(
        sold=sold,
        sold_recent=sold_recent,
        refunded=refunded,
        sales_cents=int(sales),
        commission_cents=int(commission),
        on_sale=on_sale,
        submissions=figures_of(workspace_id, None),
        recent=recent,
        checked=valid + invalid,
        pass_rate=pass_rate,
        score=scores.partner_score(
            pass_rate=pass_rate,
            # A clean file that is given up, however often, makes nobody better.
            duplicates=scores.share(recent.duplicates, recent.rows - recent.dropped),
            completeness=None if completeness is None else float(completeness),
            freshness=None if freshness is None else float(freshness),
            kept=scores.share(sold_recent - lately_refunded, sold_recent),
        ),
    )


def _row(statement: str, values: Mapping[str, Any]) -> Any:
    with connection().cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()
