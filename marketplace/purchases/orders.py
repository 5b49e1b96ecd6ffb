"""Reading orders: what was bought, who they are now, what was reported (M-5)."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from cursive.lib.errors import NotFound
from cursive.lib.tables.writing import BOM, csv_lines
from leads.records.columns import COLUMNS, DEFAULT_EXPORT
from leads.records.models import Lead
from leads.records.queries import living_leads
from marketplace.listings.models import Listing

from .models import LeadReport, Order, OrderLine
from .registry import seller_names
from .standing import Reason


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of an order, its lead where it is still there, its report where there is one, and
    who sold it."""

    line: OrderLine
    lead: Lead | None
    report: LeadReport | None
    seller: str

    @property
    def can_be_reported(self) -> bool:
        """Whether a report would be taken now."""
        return self.report is None and self.line.can_be_reported


@dataclass(frozen=True, slots=True)
class Position:
    """One line of a receipt: so many leads at one price."""

    leads: int
    cents: int
    credits: Decimal

    @property
    def total_cents(self) -> int:
        """Of all of them."""
        return self.leads * self.cents

    @property
    def total_credits(self) -> Decimal:
        """Of all of them."""
        return self.leads * self.credits


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an order cost, by price, what of it went back, and who sold it."""

    positions: list[Position]
    refunded: int
    refunded_credits: Decimal
    sellers: list[str]


def orders_of(workspace_id: UUID) -> QuerySet[Order]:
    """The workspace's orders, unordered."""
    found: QuerySet[Order] = Order.objects.filter(workspace_id=workspace_id)
    return found


def get_order(workspace_id: UUID, order_id: UUID) -> Order:
    """One order of the workspace. Raises `NotFound`."""
    found = orders_of(workspace_id).filter(id=order_id).first()
    if found is None:
        raise NotFound("There is no such order.")
    return found


def lines_of(workspace_id: UUID, order_id: UUID | None = None) -> QuerySet[OrderLine]:
    """The lines of one order, or of all of the workspace, unordered."""
    lines: QuerySet[OrderLine] = OrderLine.objects.filter(workspace_id=workspace_id)
    return lines if order_id is None else lines.filter(order_id=order_id)


def bought_before(workspace_id: UUID, listing_ids: Collection[int]) -> dict[int, Order]:
    """In which order the workspace bought these listings, as far as it did; one query."""
    lines = lines_of(workspace_id).filter(listing_id__in=listing_ids).select_related("order")
    return {line.listing_id: line.order for line in lines}


def get_line(workspace_id: UUID, line_id: UUID) -> LineRow:
    """One line of the workspace's orders, with its lead and report. Raises `NotFound`."""
    line = lines_of(workspace_id).filter(id=line_id).select_related("order").first()
    if line is None:
        raise NotFound("There is no such lead among your orders.")
    return rows_of(workspace_id, [line])[0]


def rows_of(workspace_id: UUID, lines: Sequence[OrderLine]) -> list[LineRow]:
    """Lines with their leads, or whom those were merged into, their reports and sellers; four
    queries."""
    living = living_leads(workspace_id, [line.lead_id for line in lines])
    leads = Lead.objects.filter(workspace_id=workspace_id).select_related("owner")
    found = leads.in_bulk(list(living.values()))
    reports = {
        report.line_id: report
        for report in LeadReport.objects.filter(
            workspace_id=workspace_id, line_id__in=[line.id for line in lines]
        )
    }
    sellers = seller_names({line.seller_id for line in lines})
    return [
        LineRow(
            line,
            found[living[line.lead_id]] if line.lead_id in living else None,
            reports.get(line.id),
            sellers.get(line.seller_id, ""),
        )
        for line in lines
    ]


def receipt_of(order: Order) -> Receipt:
    """The order's leads by price, dearest first, and what was given back."""
    lines = list(
        lines_of(order.workspace_id, order.id).values_list(
            "cents", "credits", "refunded_at", "seller_id"
        )
    )
    counts = Counter((cents, credits) for cents, credits, *_ in lines)
    back = [credits for _, credits, refunded_at, _ in lines if refunded_at]
    return Receipt(
        positions=[
            Position(times, cents, credits)
            for (cents, credits), times in sorted(counts.items(), reverse=True)
        ],
        refunded=len(back),
        refunded_credits=sum(back, Decimal("0.00")),
        sellers=sorted(seller_names({seller_id for *_, seller_id in lines}).values()),
    )


def order_csv(order: Order) -> Iterator[str]:
    """An order's leads as CSV, line by line: an export's columns, and what each cost.

    Cells that a spreadsheet would take for a formula are made harmless. Everything is read before
    the first line, since a stream outlives its request's transaction; an order has at most 1,000.
    """
    columns = [COLUMNS[name] for name in DEFAULT_EXPORT]
    lines = list(lines_of(order.workspace_id, order.id).order_by("id"))
    cells = [
        [
            *(column.value(row.lead) if row.lead else "" for column in columns),
            row.seller,
            row.line.credits,
            "yes" if row.line.refunded_at else "",
        ]
        for row in rows_of(order.workspace_id, lines)
    ]
    head = [*DEFAULT_EXPORT, "seller", "credits", "refunded"]
    return _with_bom(csv_lines([head, *cells]))


def _with_bom(lines: Iterator[str]) -> Iterator[str]:
    yield BOM
    yield from lines


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Listings that a purchase left out for one reason: who, as far as that was shown before."""

    reason: Reason
    listings: list[Listing]
    count: int


def left_out_of(order: Order) -> list[LeftOut]:
    """What an order left out, reason by reason; one query."""
    ids = [each for some in order.left_out.values() for each in some]
    there = Listing.objects.in_bulk(ids) if ids else {}
    return [
        LeftOut(reason, [there[each] for each in some if each in there], len(some))
        for reason in Reason
        if (some := order.left_out.get(reason.value))
    ]


def orders_as_references(workspace_id: UUID, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The resolver of the history's references of kind `order`: what, and its page."""
    return {
        order_id: (title, reverse("marketplace:order", args=[order_id]))
        for order_id, title in orders_that_brought(workspace_id, ids, len(ids)).items()
    }


def orders_that_brought(
    workspace_id: UUID, ids: Collection[str] | None, most: int
) -> dict[str, str]:
    """Orders by id, with their titles: the newest, or those of `ids`. For filters and histories."""
    orders = orders_of(workspace_id).order_by(*Order.NEWEST_FIRST)
    if ids is not None:
        orders = orders.filter(id__in=[known for raw in ids if (known := _uuid(raw))])
    return {str(order.id): _title(order) for order in orders[:most]}


def _title(order: Order) -> str:
    return f"{order}, {order.leads:,} {'lead' if order.leads == 1 else 'leads'}"


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None
