"""The partner's ledger and sold leads as CSV, written while they are sent."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.limits import Limit, hit
from cursive.lib.tables.writing import BOM, safe_cell

from .models import PartnerEntry, SoldLead
from .queries import SoldLine, entries_of, sold_leads_of, with_listings

BATCH = 1_000
EXPORTS_A_DAY = Limit(
    "partner-exports", "20/day", "Your workspace has made its 20 exports of earnings today."
)
LEDGER = ("When", "What", "Leads", "Held", "Due", "On its way", "Paid", "Note", "Entry")
SOLD = (
    *("Sold", "Name", "Title", "Company", "Price", "Commission %", "Commission", "Why", "State"),
    *("Due", "Listing"),
)


def note_export(*, workspace_id: UUID, actor: Actor, what: str) -> None:
    """Count an export, and write it into the audit log. Raises `TooMany` past 20 a day."""
    hit(EXPORTS_A_DAY, workspace_id)
    record(
        action="export",
        resource=what,
        resource_id=workspace_id,
        actor=actor,
        workspace_id=workspace_id,
    )


def csv_response(lines: Iterator[str], name: str, zone: tzinfo) -> StreamingHttpResponse:
    """A file for the reader's machine, named for the day."""
    day = timezone.localdate(timezone=zone)
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{day:%Y-%m-%d}.csv"',
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        },
    )


def ledger_lines(workspace_id: UUID, zone: tzinfo) -> Iterator[str]:
    """The ledger, newest first: the header, then a piece of text for each batch."""
    yield BOM + _text([LEDGER])
    last: PartnerEntry | None = None
    while True:
        entries = entries_of(workspace_id).order_by(*PartnerEntry.NEWEST_FIRST)
        batch = list((entries.filter(id__lt=last.id) if last else entries)[:BATCH])
        yield _text(_entry_row(entry, zone) for entry in batch)
        if len(batch) < BATCH:
            return
        last = batch[-1]


def sold_lines(workspace_id: UUID, state: str, zone: tzinfo) -> Iterator[str]:
    """Sold leads, newest first, in one state or in all; without who bought them."""
    yield BOM + _text([SOLD])
    last: SoldLead | None = None
    while True:
        sold = sold_leads_of(workspace_id).order_by(*SoldLead.NEWEST_FIRST)
        if state:
            sold = sold.filter(state=state)
        batch = list(_behind(sold, last)[:BATCH])
        yield _text(_sold_row(line, zone) for line in with_listings(workspace_id, batch))
        if len(batch) < BATCH:
            return
        last = batch[-1]


def _behind(sold: "QuerySet[SoldLead]", last: SoldLead | None) -> "QuerySet[SoldLead]":
    if last is None:
        return sold
    older = sold.filter(sold_at__lt=last.sold_at)
    return (older | sold.filter(sold_at=last.sold_at, id__lt=last.id)).filter(
        sold_at__lte=last.sold_at
    )


def _entry_row(entry: PartnerEntry, zone: tzinfo) -> Sequence[str]:
    cents = (entry.held_cents, entry.due_cents, entry.paying_cents, entry.paid_cents)
    return (
        _moment(entry.created_at, zone),
        entry.get_kind_display(),
        str(entry.leads),
        # Numbers of ours, so their minus signs are no formulas.
        *map(_dollars, cents),
        safe_cell(entry.note),
        str(entry.id),
    )


def _sold_row(line: SoldLine, zone: tzinfo) -> Sequence[str]:
    sold, listing = line.sold, line.listing
    who = (listing.name, listing.title, listing.company_name) if listing else ("", "", "")
    return (
        _moment(sold.sold_at, zone),
        *map(safe_cell, who),
        _dollars(sold.price_cents),
        str(sold.percent),
        _dollars(sold.commission_cents),
        safe_cell("; ".join(sold.why)),
        sold.get_state_display(),
        _moment(sold.due_at, zone),
        str(sold.listing_id),
    )


def _moment(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def _dollars(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _text(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()
