"""What changes partners' earnings; with `payouts`, and nothing else does (P-6).

All run as the system. A sale and a refund are part of the buyer's transaction; the others open
their own. Each locks the partners' accounts first, see `statements`.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import atomic, system_context, uuid7
from marketplace.listings.verdicts import count_verdicts
from marketplace.purchases.registry import Sale
from partners.program.models import Partner

from .models import HELD_FOR, MAX_KEY, CommissionRate, PartnerAccount, PartnerEntry, SoldLead
from .queries import terms_in_force, workspaces_to_mature
from .rates import NOTHING, Facts, commission_cents, pass_rate, percent_of
from .statements import (
    Change,
    insert_lines,
    keep_checks,
    keep_sold,
    lock_accounts,
    mature_lines,
    refund_lines,
    write_entries,
)

SELLING = Actor.system("marketplace")
NIGHT = Actor.system("commissions")
PASS_RATE_SPAN = timedelta(days=90)
# Partners whose accounts one transaction locks.
BATCH = 200
Kind = PartnerEntry.Kind


def credit_sales(sales: Sequence[Sale]) -> None:
    """Write the commission of leads sold just now, held (P-6). Those written before stay.

    In the caller's transaction, as the system: some statements, however many leads and partners.
    """
    if not sales:
        return
    accounts = lock_accounts(sale.seller_id for sale in sales)
    now = max(sale.sold_at for sale in sales)
    terms = terms_in_force(accounts, now)
    rates = _pass_rates(accounts, now)
    sale_ids = {workspace: uuid7() for workspace in accounts}
    lines, months = [], {one: _month_of(account) for one, account in accounts.items()}
    for sale in sales:
        seller, month = sale.seller_id, _month(sale.sold_at)
        known, sold = months[seller]
        months[seller] = (known, sold + 1) if known >= month else (month, 1)
        lines.append(
            _line(
                sale,
                terms.get(seller, NOTHING),
                Facts(sale.listed_at, sale.sold_at, rates[seller], months[seller][1]),
                sale_ids[seller],
            )
        )
    new = insert_lines(lines)
    keep_sold({seller: months[seller] for seller in new})
    write_entries(
        Kind.COMMISSION,
        [
            Change(seller, sale_ids[seller], f"sale:{sale_ids[seller]}", held=cents, leads=leads)
            for seller, (cents, leads) in new.items()
        ],
        SELLING,
    )


def _line(sale: Sale, terms: CommissionRate, facts: Facts, sale_id: UUID) -> SoldLead:
    percent, reasons = percent_of(terms, facts)
    return SoldLead(
        workspace_id=sale.seller_id,
        line_id=sale.line_id,
        listing_id=sale.listing_id,
        submission_id=sale.submission_id,
        price_cents=sale.price_cents,
        percent=percent,
        reasons=reasons,
        commission_cents=commission_cents(sale.price_cents, percent),
        quality=sale.quality,
        verification_status=sale.verification_status,
        collected_on=sale.collected_on,
        listed_at=sale.listed_at,
        sold_at=sale.sold_at,
        due_at=sale.sold_at + HELD_FOR,
        sale_id=sale_id,
    )


def _month(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def _month_of(account: PartnerAccount) -> tuple[date, int]:
    return account.month or date.min, account.sold_in_month


def _pass_rates(accounts: dict[UUID, PartnerAccount], now: datetime) -> dict[UUID, Decimal | None]:
    """The partners' pass rates; counted where that wasn't done today."""
    today = now.astimezone(UTC).date()
    known = {
        one: (account.checked_valid, account.checked_invalid)
        for one, account in accounts.items()
        if account.checked_on == today
    }
    if missing := [one for one in accounts if one not in known]:
        counts = count_verdicts(missing, now - PASS_RATE_SPAN)
        keep_checks(counts, today)
        known |= counts
    return {one: pass_rate(*counts) for one, counts in known.items()}


def refund_sales(line_ids: Sequence[UUID], *, reason: str) -> None:
    """Take the commission of refunded leads back, once each: from what is held, else from due.

    What was paid out already leaves a debt that way, which the next payouts settle. In the
    caller's transaction, as the system. Lines that aren't known are passed over.
    """
    found = SoldLead.objects.filter(line_id__in=line_ids).exclude(state=SoldLead.State.REFUNDED)
    sellers = set(found.values_list("workspace_id", flat=True))
    if not sellers:
        return
    ids = {workspace: uuid7() for workspace in lock_accounts(sellers)}
    gone = refund_lines(line_ids, ids, reason)
    write_entries(
        Kind.REFUND,
        [
            Change(one, ids[one], f"refund:{ids[one]}", held=-held, due=-due, leads=leads)
            for one, (held, due, leads) in gone.items()
        ],
        SELLING,
        note=reason,
    )


def mature_commissions(now: datetime | None = None) -> int:
    """Let what was held for its time be due, of all partners who may sell; how many leads.

    What suspended partners earned stays held. Run twice, or twice at once, it does each once.
    """
    now, matured, last = now or timezone.now(), 0, None
    while True:
        with system_context(), atomic():
            batch = workspaces_to_mature(now, after=last, limit=BATCH)
            if not batch:
                return matured
            matured += _mature(batch, now)
        last = batch[-1]


def _mature(workspaces: Sequence[UUID], now: datetime) -> int:
    ids = {workspace: uuid7() for workspace in lock_accounts(workspaces)}
    due = mature_lines(ids, now)
    write_entries(
        Kind.MATURED,
        [
            Change(one, ids[one], f"matured:{ids[one]}", held=-cents, due=cents, leads=leads)
            for one, (cents, leads) in due.items()
        ],
        NIGHT,
    )
    return sum(leads for _, leads in due.values())


def count_pass_rates(now: datetime | None = None) -> int:
    """Count today's pass rates ahead of the day's sales, so that no buyer waits; how many."""
    now, counted, last = now or timezone.now(), 0, None
    today = now.astimezone(UTC).date()
    while True:
        with system_context(), atomic():
            stale = PartnerAccount.objects.exclude(checked_on=today)
            if last is not None:
                stale = stale.filter(workspace_id__gt=last)
            ordered = stale.order_by("workspace_id").values_list("workspace_id", flat=True)
            batch = list(ordered[:BATCH])
            if not batch:
                return counted
            # Counting takes long, keeping doesn't: sales wait for the second alone.
            counts = count_verdicts(batch, now - PASS_RATE_SPAN)
            lock_accounts(batch)
            keep_checks(counts, today)
        counted, last = counted + len(batch), batch[-1]


def adjust_earnings(
    *, workspace_id: UUID, cents: int, reason: str, key: str, actor: Actor
) -> PartnerEntry:
    """Add `cents` to what is due, or take them off it, for staff; once for each `key`.

    Raises `InvalidInput` for nothing or without a reason, `NotFound` where nobody sells there,
    `Conflict` where the key was used for another amount.
    """
    reason = reason.strip()
    if not cents or not reason or not 0 < len(key) < MAX_KEY:
        raise InvalidInput("Say how many cents, and why.", fields={"cents": "Not 0."})
    with system_context(), atomic():
        if not Partner.objects.filter(workspace_id=workspace_id).exists():
            raise NotFound("There is no such partner.")
        lock_accounts([workspace_id])
        entries = PartnerEntry.objects.filter(workspace_id=workspace_id, key=key)
        found: PartnerEntry | None = entries.first()
        if found is not None:
            if found.due_cents != cents:
                raise Conflict("This form was sent before with another amount.")
            return found
        change = Change(workspace_id, uuid7(), key, due=cents)
        write_entries(Kind.ADJUSTMENT, [change], actor, note=reason)
        record(
            action="adjust",
            resource="partner_earnings",
            resource_id=workspace_id,
            actor=actor,
            workspace_id=workspace_id,
            new={"cents": cents, "reason": reason},
            severity="warning",
        )
        made: PartnerEntry = entries.get()
    return made


def add_terms(rate: CommissionRate, *, actor: Actor) -> CommissionRate:
    """Write new terms of commission, for staff (P-6). Earlier ones stay, for the sales under them.

    Raises `InvalidInput` where they would begin in the past.
    """
    if rate.valid_from < timezone.now() - timedelta(minutes=1):
        raise InvalidInput(
            "Terms can't begin in the past.",
            fields={"valid_from": "Now, or later: what was sold keeps its terms."},
        )
    rate.made_by = actor.label[:200]
    with system_context(), atomic():
        rate.save(force_insert=True)
        record(
            action="create",
            resource="commission_rate",
            resource_id=rate.pk,
            actor=actor,
            workspace_id=rate.seller_id,
            new={name: str(getattr(rate, name)) for name in _TERMS},
            severity="warning",
        )
    return rate


_TERMS: Iterable[str] = tuple(
    field.name
    for field in CommissionRate._meta.concrete_fields
    if field.name not in {"id", "seller", "made_by", "created_at"}
)
