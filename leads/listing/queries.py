"""What the lead list shows: columns and cells, saved filters, suggestions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import QueryDict

from cursive.lib import tenancy
from cursive.lib.errors import InvalidInput, NotFound
from cursive.lib.jobs.models import Job
from leads.enrichment import deliveries
from leads.filters import url as filter_url
from leads.filters.registry import FIELDS
from leads.filters.text import fold
from leads.filters.values import UUID as UUID_PATTERN
from leads.filters.wording import named, region
from leads.imports import running as imports
from leads.records import pulls
from leads.records.columns import COLUMNS, Column
from leads.records.models import Lead

from .models import ListColumns, NamedFilter, SavedFilter
from .registry import others_that_brought

USUAL_COLUMNS = ("company_name", "email", "score", "status", "owner", "created_at")
# Suggestions come from so many of the newest leads, so that they cost the same in a workspace of
# a million.
SAMPLE = 20_000
SUGGESTIONS = 8
ADDRESSES = ("email", "work_email", "personal_email", "company_domain", "linkedin_url")
MOMENTS = ("created_at", "updated_at", "last_seen_at")
DAYS = ("source_date", "email_verified_at")
NUMBERS = ("pages_viewed", "quality_score")
# The jobs whose leads can be asked for.
BRINGING = (imports.KIND, pulls.KIND, deliveries.KIND)
MOST_JOBS = 100
# As much as an address can hold.
MOST_READ = 8_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One lead's value in one column. `kind` says how it is drawn, `sub` stands below it."""

    column: Column
    kind: str
    value: Any
    sub: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One lead of the list."""

    lead: Lead
    sub: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a text that was begun may become."""

    value: str
    label: str
    count: int | None = None


def columns_of(workspace_id: UUID, user_id: UUID) -> list[Column]:
    """The columns that a member sees, in order."""
    chosen = (
        ListColumns.objects.filter(workspace_id=workspace_id, user_id=user_id)
        .values_list("columns", flat=True)
        .first()
    )
    return [COLUMNS[name] for name in chosen or USUAL_COLUMNS if name in COLUMNS]


def rows_of(leads: Sequence[Lead], columns: Sequence[Column]) -> list[Row]:
    """The leads as rows. What has no column of its own stands below its neighbour."""
    names = {column.name for column in columns}
    return [
        Row(
            lead,
            "" if "title" in names else lead.title,
            [_cell(lead, column, names) for column in columns],
        )
        for lead in leads
    ]


def _cell(lead: Lead, column: Column, names: set[str]) -> Cell:
    name = column.name
    value = getattr(lead, name)
    if name == "company_name":
        return Cell(column, "main", value, "" if "company_domain" in names else lead.company_domain)
    if name == "email":
        return Cell(column, "email", value, "" if "phone" in names else lead.phone)
    if name in ("status", "score", "owner", "verification_status"):
        return Cell(column, name, value)
    for kind, members in (
        ("address", ADDRESSES),
        ("moment", MOMENTS),
        ("day", DAYS),
        ("number", NUMBERS),
    ):
        if name in members:
            return Cell(column, kind, value)
    return Cell(column, "text", _in_words(name, value))


def _in_words(name: str, value: Any) -> str:
    field = FIELDS.get(name)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if value is None or field is None:
        return "" if value is None else str(value)
    if isinstance(value, list):
        return ", ".join(named(field, one) for one in value)
    return named(field, str(value))


def jobs_that_brought(workspace_id: UUID, params: QueryDict) -> dict[str, str]:
    """The newest jobs and orders that bring leads, and those that an address names: id to title."""
    said = [
        value
        for name, values in params.lists()
        if name == filter_url.PARAMETER or name.startswith("job_id.")
        for value in values
    ]
    named = {found[0] for text in said for found in UUID_PATTERN.finditer(text[:MOST_READ])}
    jobs = Job.objects.filter(workspace_id=workspace_id).order_by("-created_at", "-id")
    found = list(jobs.filter(kind__in=BRINGING).values_list("id", "title")[:MOST_JOBS])
    if named - {str(id) for id, _ in found}:
        found += jobs.filter(id__in=named).values_list("id", "title")[:MOST_JOBS]
    others = others_that_brought(workspace_id, None, MOST_JOBS)
    if strange := named - {str(id) for id, _ in found} - set(others):
        others |= others_that_brought(workspace_id, strange, MOST_JOBS)
    return {**{str(id): title for id, title in found}, **others}


def filters_of(
    workspace_id: UUID,
    user_id: UUID,
    kind: type[NamedFilter] = SavedFilter,
) -> list[NamedFilter]:
    """The saved filters that a member sees, by name, their own first."""
    filters = kind.objects.filter(workspace_id=workspace_id).living().seen_by(user_id)
    found = list(filters.select_related("owner"))
    return sorted(found, key=lambda one: (one.owner_id != user_id, one.name.casefold()))


def saved_links(
    filters: Sequence[NamedFilter], *, user_id: UUID, may_change: bool, text: str, sort: str
) -> list[dict[str, Any]]:
    """Saved filters as links; one whose fields are gone leads nowhere.

    `text` and `sort` are what is shown now, `may_change` says whether others' may be changed.
    """
    found = []
    for saved in filters:
        try:
            kept = filter_url.encode(saved.tree())
        except InvalidInput:
            continue
        params = QueryDict(mutable=True)
        params.update({"f": kept, "sort": saved.sort})
        is_own = saved.owner_id == user_id
        found.append(
            {
                "filter": saved,
                "query": f"?{params.urlencode()}",
                "is_current": kept == text and saved.sort == sort,
                "is_own": is_own,
                "may_change": is_own or may_change,
            }
        )
    return found


def get_filter(
    workspace_id: UUID,
    user_id: UUID,
    filter_id: UUID,
    kind: type[NamedFilter] = SavedFilter,
) -> NamedFilter:
    """One saved filter that the member sees. Raises NotFound for every other (X-2)."""
    filters = kind.objects.filter(workspace_id=workspace_id, id=filter_id).living()
    saved = filters.seen_by(user_id).first()
    if saved is None:
        raise NotFound("There is no such saved filter.")
    return saved


def restorable_filter(
    workspace_id: UUID,
    user_id: UUID,
    raw_id: str,
    kind: type[NamedFilter] = SavedFilter,
) -> NamedFilter | None:
    """A deleted saved filter that can come back, by its id as it came in; None for any other."""
    try:
        filter_id = UUID(raw_id)
    except ValueError:
        return None
    filters = kind.objects.filter(workspace_id=workspace_id, id=filter_id).restorable()
    return filters.seen_by(user_id).first()


def suggest(workspace_id: UUID, field: str, typed: str) -> list[Suggestion]:
    """Values of a field among the workspace's newest leads that have a word that begins so."""
    column = f"unnest({field})" if FIELDS[field].type == "list" else field
    # A topic is stored as a slug; people type its words.
    shown = "replace(value, '_', ' ')" if FIELDS[field].form == "topic" else "value"
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            f"SELECT min(value), count(*) AS n FROM ("
            f"   SELECT {column} AS value FROM (SELECT {field} FROM leads_lead"
            "    WHERE workspace_id = %s AND deleted_at IS NULL"
            "    ORDER BY created_at DESC, id DESC LIMIT %s) newest) found"
            f" WHERE value <> '' AND ' ' || fold_text({shown}) LIKE %s"
            " GROUP BY fold_text(value) ORDER BY n DESC, 1 LIMIT %s",
            [workspace_id, SAMPLE, f"% {_escaped(fold(typed))}%", SUGGESTIONS],
        )
        found = [row[0] for row in cursor.fetchall()]
    return [Suggestion(value, _label(field, value)) for value in found]


def _label(field: str, value: str) -> str:
    return region(value, ()) if field == "state" else named(FIELDS[field], value)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
