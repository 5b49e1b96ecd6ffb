"""Our purchases against Stripe's own records (C-7): compared every night, never mended by itself.

Each charge that Stripe took for credits must be a paid purchase of the same amount and with the
same refunds, and each paid purchase a charge. What comes in while the two are compared isn't
called a difference: only what is older than SETTLING is.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import InvalidInput, NotFound
from cursive.lib.slots.models import Slot
from cursive.lib.slots.operations import take_slot

from .models import MAX_TEXT, CreditPurchase, StripeDifference
from .providers import CURRENCY, PURCHASE_KEY, WORKSPACE_KEY, charges_since

log = logging.getLogger(__name__)

SLOT = "compare-with-stripe"
DAYS = 4
SETTLING = timedelta(hours=1)
MISSING = "nothing"

# What must be true of purchases by our own tables; `credits.ledger.checks` runs them.
CHECKS = {
    "paid purchases are credited": """
        SELECT p.workspace_id, 'purchase ' || p.id, p.credits, coalesce(e.amount, 0)
        FROM credits_creditpurchase p
        LEFT JOIN credits_entry e ON e.workspace_id = p.workspace_id AND e.kind = 'grant'
            AND e.key = 'stripe:' || coalesce(p.payment_intent_id, p.session_id)
        WHERE p.state IN ('paid', 'refunded') AND e.amount IS DISTINCT FROM p.credits
    """,
    "credited purchases are paid": """
        SELECT e.workspace_id, 'purchase ' || e.reference_id, 'paid', coalesce(p.state, 'missing')
        FROM credits_entry e
        LEFT JOIN credits_creditpurchase p
            ON p.workspace_id = e.workspace_id AND p.id::text = e.reference_id
        WHERE e.kind = 'grant' AND e.reference_kind = 'purchase'
            AND p.state IS DISTINCT FROM 'paid' AND p.state IS DISTINCT FROM 'refunded'
    """,
    "refunded credits are taken or owed": """
        SELECT r.workspace_id, 'reversal ' || r.id, r.taken, coalesce(sum(-e.amount), 0)
        FROM credits_reversal r
        LEFT JOIN credits_entry e ON e.workspace_id = r.workspace_id AND e.kind = 'spend'
            AND e.action = 'purchase_refund' AND (
                e.key = 'stripe:' || r.stripe_id OR e.key LIKE 'stripe:' || r.stripe_id || ':%'
            )
        GROUP BY r.id HAVING r.taken <> coalesce(sum(-e.amount), 0)
    """,
    "accounts are frozen while a dispute is undecided": """
        SELECT coalesce(a.workspace_id, d.workspace_id), 'frozen', d.workspace_id IS NOT NULL,
            coalesce(a.frozen, false)
        FROM credits_account a
        FULL JOIN (
            SELECT DISTINCT workspace_id FROM credits_dispute WHERE decision = ''
        ) d USING (workspace_id)
        WHERE coalesce(a.frozen, false) <> (d.workspace_id IS NOT NULL)
    """,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement."""

    what: str
    subject: str
    workspace: str
    expected: str
    found: str


def compare_with_stripe(now: datetime | None = None) -> list[Finding]:
    """Compare the last days with Stripe, remember the differences and log each as an error.

    Calls Stripe outside of transactions. Raises `StripeUnavailable`, having remembered nothing.
    """
    now = now or timezone.now()
    since = _since(now)
    charges = _charges(since)
    with tenancy.system_context(), tenancy.atomic():
        return _note(charges, since, now)


def compare_once_a_day() -> int:
    """The comparison of this day, once however many beats ring; how many differences it found.

    Where Stripe doesn't answer the day stays open for the next ring.
    """
    now = timezone.now()
    today = now.date().isoformat()
    with tenancy.system_context():
        if Slot.objects.filter(name=SLOT, slot=today).exists():
            return 0
    since = _since(now)
    charges = _charges(since)
    with tenancy.system_context(), tenancy.atomic():
        return len(_note(charges, since, now)) if take_slot(SLOT, today) else 0


def accept_difference(*, difference_id: int, actor: Actor, reason: str) -> StripeDifference:
    """Note that staff have seen to a difference and it may stay; for staff.

    Raises `NotFound`, and `InvalidInput` without a reason.
    """
    if not reason.strip():
        raise InvalidInput("Give a reason.", fields={"reason": "Give a reason."})
    with tenancy.atomic():
        row = StripeDifference.objects.select_for_update().filter(id=difference_id).first()
        if row is None:
            raise NotFound("There is no such difference.")
        row.accepted_at, row.note = timezone.now(), reason.strip()[:MAX_TEXT]
        row.save(update_fields=["accepted_at", "note"])
        record(
            action="accept",
            resource="stripe_difference",
            resource_id=row.id,
            actor=actor,
            workspace_id=row.about_workspace,
            new={"what": row.what, "subject": row.subject, "reason": row.note},
            severity="warning",
        )
    return row


def open_differences() -> list[tuple[Any, Any, Any, Any]]:
    """What the last comparison found, as rows of the ledger's proof."""
    with tenancy.system_context():
        rows = StripeDifference.objects.filter(gone_at__isnull=True, accepted_at__isnull=True)
        return [
            (
                one.about_workspace or "unknown",
                f"{one.what}: {one.subject}",
                one.expected,
                one.found,
            )
            for one in rows.order_by("first_seen_at", "id")
        ]


def _since(now: datetime) -> datetime:
    """From when on: some days back, and as far as what is still different."""
    with tenancy.system_context():
        oldest = (
            StripeDifference.objects.filter(gone_at__isnull=True)
            .order_by("first_seen_at")
            .values_list("first_seen_at", flat=True)
            .first()
        )
    # Days overlap from night to night, so that nothing falls between two.
    return min(now, oldest or now) - timedelta(days=DAYS)


def _charges(since: datetime) -> list[Mapping[str, Any]]:
    return [one for one in charges_since(int(since.timestamp())) if _is_ours(one)]


def _note(charges: list[Mapping[str, Any]], since: datetime, now: datetime) -> list[Finding]:
    findings = list(_differences(charges, since, now))
    _remember(findings, now)
    for one in findings:
        log.error("stripe_difference", extra=asdict(one))
    return findings


def _is_ours(charge: Mapping[str, Any]) -> bool:
    return bool((charge.get("metadata") or {}).get(PURCHASE_KEY)) and bool(charge.get("paid"))


def _differences(
    charges: Iterable[Mapping[str, Any]], since: datetime, now: datetime
) -> Iterable[Finding]:
    settled = int((now - SETTLING).timestamp())
    by_intent = {one["payment_intent"]: one for one in charges}
    known = {
        one.payment_intent_id: one
        for one in CreditPurchase.objects.filter(payment_intent_id__in=list(by_intent))
    }
    for intent, charge in by_intent.items():
        if charge["created"] > settled:
            continue
        purchase = known.get(intent)
        if purchase is None or not purchase.was_paid:
            yield _finding(charge, "paid but not credited", _money(charge), MISSING)
            continue
        ours = f"{purchase.cents} {CURRENCY}"
        if _money(charge) != ours:
            yield _finding(charge, "another amount", _money(charge), ours)
        if charge["amount_refunded"] != purchase.refunded_cents:
            yield _finding(
                charge,
                "other refunds",
                f"{charge['amount_refunded']} {CURRENCY} refunded",
                f"{purchase.refunded_cents} {CURRENCY} refunded",
            )
    # Charges are at most a day older than when we heard of them.
    paid = CreditPurchase.objects.paid().filter(
        paid_at__gte=since + timedelta(days=1), paid_at__lt=now - SETTLING
    )
    for purchase in paid.exclude(payment_intent_id__isnull=True):
        if purchase.payment_intent_id not in by_intent:
            yield Finding(
                "credited but not paid",
                purchase.payment_intent_id or str(purchase.id),
                str(purchase.workspace_id),
                MISSING,
                f"{purchase.cents} {CURRENCY}",
            )


def _finding(charge: Mapping[str, Any], what: str, expected: str, found: str) -> Finding:
    workspace = (charge.get("metadata") or {}).get(WORKSPACE_KEY, "")
    return Finding(what, charge["payment_intent"], workspace, expected, found)


def _money(charge: Mapping[str, Any]) -> str:
    return f"{charge['amount']} {charge['currency']}"


def _remember(findings: list[Finding], now: datetime) -> None:
    """Keep what is found, and mark what is not found any more."""
    open_ones = {
        (one.what, one.subject): one
        for one in StripeDifference.objects.select_for_update().filter(gone_at__isnull=True)
    }
    for one in findings:
        row = open_ones.pop((one.what, one.subject), None)
        if row is None:
            row = StripeDifference(what=one.what, subject=one.subject, first_seen_at=now)
        row.about_workspace = _uuid(one.workspace)
        row.expected, row.found, row.last_seen_at = one.expected, one.found, now
        row.save()
    for row in open_ones.values():
        row.gone_at = now
        row.save(update_fields=["gone_at"])


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None
