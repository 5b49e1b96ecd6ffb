"""Reading submissions: a partner's own, what is sold of them, and the figures of them all."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

from cursive.lib.errors import Conflict
from cursive.lib.tables.table import Row, RowProblem, Table
from cursive.lib.tables.writing import BOM, csv_lines
from leads.imports.planning import CELLS, SAMPLE_FIELDS, SAMPLES
from leads.imports.staging import NEW, OWNED_PARTLY, PARTLY, Parts
from leads.imports.uploads.operations import open_upload
from leads.records.column_names import REJECT_FIELD, REJECT_LINE, REJECT_REASONS
from marketplace.listings.models import Listing, ListingPerson

from .models import Submission

SAMPLE = 20
_REJECTS_AT_A_TIME = 2_000


def submissions_of(workspace_id: UUID) -> QuerySet[Submission]:
    """A partner's submissions, with their files and jobs."""
    found: QuerySet[Submission] = Submission.objects.filter(workspace_id=workspace_id)
    return found.select_related("upload", "job", "change_job")


@dataclass(frozen=True, slots=True)
class Sales:
    """What became of a submission's leads. `sales` counts buyers, the others leads."""

    on_sale: int = 0
    sold: int = 0
    sales: int = 0
    withdrawn: int = 0
    open: int = 0


def sales_of(submissions: Sequence[Submission]) -> dict[UUID, Sales]:
    """The same of several, by their ids; one query, over an index alone."""
    rows = (
        Listing.objects.filter(submission_id__in=[each.id for each in submissions])
        .values("submission_id")
        .annotate(
            on_sale=Count("status", filter=Q(status=Listing.Status.LISTED)),
            sold_leads=Count("status", filter=Q(sold__gt=0)),
            sales=Sum("sold"),
            withdrawn=Count("status", filter=Q(status=Listing.Status.WITHDRAWN)),
            open=Count(
                "status", filter=Q(status__in=[Listing.Status.DRAFT, Listing.Status.LISTED])
            ),
        )
    )
    found = {each.id: Sales() for each in submissions}
    for row in rows:
        found[row["submission_id"]] = Sales(
            row["on_sale"], row["sold_leads"], row["sales"], row["withdrawn"], row["open"]
        )
    return found


@dataclass(frozen=True, slots=True)
class SubmissionFigures:
    """Sums over submissions, in rows but for `submissions`. `dropped` are the valid and invalid
    rows of files that nothing came of: given up, or not taken."""

    submissions: int = 0
    rows: int = 0
    valid: int = 0
    invalid: int = 0
    approved: int = 0
    doubles_in_file: int = 0
    doubles_own: int = 0
    doubles_others: int = 0
    doubles_market: int = 0
    dropped: int = 0

    @property
    def duplicates(self) -> int:
        """Rows of all four kinds."""
        return sum(self.duplicates_by_kind.values())

    @property
    def duplicates_by_kind(self) -> dict[str, int]:
        """The same, told apart, in words."""
        return {
            "Twice in one file": self.doubles_in_file,
            "In an earlier submission of yours": self.doubles_own,
            "Submitted by another partner": self.doubles_others,
            "In the marketplace already": self.doubles_market,
        }


def figures_of(workspace_id: UUID, since: datetime | None) -> SubmissionFigures:
    """What a partner handed in, since then or ever: of all files that were validated, those that
    weren't taken too; one query."""
    validated = Submission.objects.filter(workspace_id=workspace_id, rows__gt=0)
    if since is not None:
        validated = validated.filter(created_at__gte=since)
    own = {"submissions", "dropped"}
    names = [each.name for each in fields(SubmissionFigures) if each.name not in own]
    # An aggregate can't have the name of the column that it is of.
    sums = {f"all_{name}": Sum(name, default=0) for name in names}
    over = Q(status__in=Submission.OVER)
    sums["all_dropped"] = Sum(F("valid") + F("invalid"), filter=over, default=0)
    found = validated.aggregate(submissions=Count("id"), **sums)
    return SubmissionFigures(**{name.removeprefix("all_"): value for name, value in found.items()})


class _FileRows:
    """The rows of a submission's file as they stand in it, asked for in their order."""

    def __init__(self, submission: Submission) -> None:
        self._upload = submission.upload
        self._table: Table | None = None
        self._rows: Iterator[Row | RowProblem] = iter(())

    def row(self, line: int) -> Sequence[str]:
        """The row that begins there; nothing where the file is gone."""
        if self._table is None and self._upload.file_removed_at is None:
            self._table = open_upload(self._upload)
            self._rows = iter(self._table.rows())
        for each in self._rows:
            if not isinstance(each, RowProblem) and each[0] == line:
                return each[1]
        return ()

    def close(self) -> None:
        """Let go of the file."""
        if self._table is not None:
            self._table.close()


def rejects_file(submission: Submission) -> Iterator[str]:
    """The rows that aren't taken as CSV, piece by piece: line, field, reason, the file's columns.

    First those that the file itself tells, in its order; then those that checking their addresses
    or staff have turned down. Values are as they stand in the file. Cells that a spreadsheet would
    take for a formula are made harmless.
    Raises Conflict, before the first piece, where it isn't validated or too long ago.
    """
    if not submission.is_validated or submission.job is None or not submission.plan:
        raise Conflict(f"{submission} isn't checked yet.")
    if submission.files_removed_at is not None:
        raise Conflict("These rows are no longer kept. Upload the file again.")
    return _lines(submission)


def _lines(submission: Submission) -> Iterator[str]:
    head = [REJECT_LINE, REJECT_FIELD, REJECT_REASONS[1], *submission.upload.columns]
    yield BOM + "".join(csv_lines([head]))
    with closing(_FileRows(submission)) as file:
        yield from _left_out(submission, file)
    with closing(_FileRows(submission)) as file:
        after = 0
        while rows := _turned_down(submission, after):
            after = rows[-1][0]
            yield "".join(csv_lines([*row, *file.row(row[0])] for row in rows))


def _left_out(submission: Submission, file: _FileRows) -> Iterator[str]:
    assert submission.job is not None
    parts = Parts(submission.workspace_id, submission.job.id)
    for number in range(len(submission.plan["parts"])):
        yield "".join(
            csv_lines(
                [each.line, each.field, each.reason, *(each.values or file.row(each.line))]
                for each in parts.left_out(number)
                if each.outcome not in (PARTLY, OWNED_PARTLY)
            )
        )


def _turned_down(submission: Submission, after: int) -> list[tuple[int, str, str]]:
    """The next listings that were turned down: line, field, reason."""
    rejected = Listing.objects.filter(
        submission_id=submission.id, status=Listing.Status.REJECTED, line__gt=after
    ).order_by("line")
    rows = rejected.values_list("line", "verification_status", "verified_at", "status_reason")
    return [
        (line, "email" if status == "invalid" or checked_at is None else "", reason)
        for line, status, checked_at, reason in rows[:_REJECTS_AT_A_TIME]
    ]


def samples_after_checking(submission: Submission) -> dict[str, list[dict[str, Any]]]:
    """What the page shows of a submission's rows once addresses were asked about, by outcome: the
    first leads that are left, and in `unreachable` the first that were turned down for it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for outcome, status in (
        (NEW, Listing.Status.DRAFT),
        ("unreachable", Listing.Status.REJECTED),
    ):
        people = (
            ListingPerson.objects.filter(
                workspace_id=submission.workspace_id,
                listing__submission_id=submission.id,
                listing__status=status,
            )
            .select_related("listing")
            .order_by("listing__line")[:SAMPLES]
        )
        rows = []
        for each in people:
            shown = {name: each.record.get(name, "") for name in SAMPLE_FIELDS}
            row = {"line": each.listing.line, **shown}
            if outcome != NEW:
                row = {
                    "line": each.listing.line,
                    "reason": each.listing.status_reason,
                    "values": [value for value in shown.values() if value][:CELLS],
                }
            rows.append(row)
        found[outcome] = rows
    return found


def sample_of(submission: Submission) -> list[tuple[Listing, dict[str, Any]]]:
    """Some of a submission's leads, from all over the file, with who they are; for staff, and for
    the partner whose they are."""
    lines = Listing.objects.filter(submission_id=submission.id, status=Listing.Status.DRAFT)
    ids = list(lines.order_by("?").values_list("id", flat=True)[:SAMPLE])
    people = (
        ListingPerson.objects.filter(workspace_id=submission.workspace_id, listing_id__in=ids)
        .select_related("listing")
        .order_by("listing__line")
    )
    return [(each.listing, each.record) for each in people]
