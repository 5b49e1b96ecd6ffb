"""Which lead's value is kept, field by field, when several become one (L-14).

Fields that belong together (an address and whether it is verified) are chosen together.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from cursive.lib.errors import InvalidInput
from leads.filters.registry import FIELDS
from leads.filters.wording import named
from leads.records.columns import COLUMNS
from leads.records.models import Lead
from leads.records.operations import LONGEST_NOTE, MAX_TAGS

#: {what is chosen: the columns that go with it}.
UNITS: dict[str, tuple[str, ...]] = {
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "email": (
        "email",
        "email_type",
        "email_verified",
        "email_verified_at",
        "verification_status",
    ),
    "work_email": ("work_email",),
    "personal_email": ("personal_email",),
    "phone": ("phone", "phone_type", "phone_verified"),
    "mobile_phone": ("mobile_phone",),
    "direct_phone": ("direct_phone",),
    "linkedin_url": ("linkedin_url",),
    "title": ("title",),
    "seniority": ("seniority",),
    "department": ("department",),
    "company_name": ("company_name",),
    "company_domain": ("company_domain",),
    "industry": ("industry",),
    "naics": ("naics",),
    "employee_band": ("employee_band",),
    "revenue_band": ("revenue_band",),
    "company_founded": ("company_founded",),
    "country": ("country",),
    "state": ("state",),
    "city": ("city",),
    "postal_code": ("postal_code",),
    "status": ("status",),
    "owner": ("owner_id",),
}
VERIFIED = {"email": "email_verified", "phone": "phone_verified"}
# How far a lead got: what was won stays won.
STAGES = {"new": 0, "contacted": 1, "lost": 2, "qualified": 3, "won": 4}


@dataclass(frozen=True, slots=True)
class Cell:
    """One lead's value of one field on the merge page."""

    lead: Lead
    text: str
    is_verified: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One field on the merge page. `differs` where there is something to choose."""

    name: str
    label: str
    cells: list[Cell]
    differs: bool


def best_lead(name: str, leads: Sequence[Lead]) -> Lead:
    """Whose value is best: filled over empty, verified over unverified, newer over older."""

    def rank(lead: Lead) -> tuple[Any, ...]:
        value = getattr(lead, UNITS[name][0])
        filled = value not in ("", None)
        if name == "status":
            return (STAGES.get(lead.status, 0), _age(lead))
        return (
            filled,
            bool(getattr(lead, VERIFIED[name])) if name in VERIFIED else False,
            _age(lead),
        )

    return max(leads, key=rank)


def survivor_of(leads: Sequence[Lead]) -> Lead:
    """The lead that stays: the one that came first, whose address may be known elsewhere."""
    return min(leads, key=lambda lead: (lead.created_at, lead.id))


def chosen_values(leads: Sequence[Lead], choices: Mapping[str, UUID]) -> dict[str, Any]:
    """The columns of the merged lead. What `choices` doesn't name is the best there is.

    Raises `InvalidInput` for a field or a lead that there isn't.
    """
    by_id = {lead.id: lead for lead in leads}
    for name, lead_id in choices.items():
        if name not in UNITS:
            raise InvalidInput("There is no such field.", fields={name: "No such field."})
        if lead_id not in by_id:
            raise InvalidInput(
                "A value can only come from one of these leads.", fields={name: "Choose a lead."}
            )
    values: dict[str, Any] = {}
    for name, columns in UNITS.items():
        source = by_id[choices[name]] if name in choices else best_lead(name, leads)
        values |= {column: getattr(source, column) for column in columns}
    return values | _combined(leads)


def lines_of(
    leads: Sequence[Lead], *, ticked: Collection[UUID], choices: Mapping[str, UUID] | None = None
) -> list[Line]:
    """The fields in which any lead has something, with the value that merging would keep chosen.

    That is the one of `choices`, else the best of the `ticked` leads, of all where none is.
    """
    among = [lead for lead in leads if lead.id in ticked] or leads
    lines = []
    for name in UNITS:
        texts = [_text(lead, name) for lead in leads]
        if not any(texts):
            continue
        chosen = (choices or {}).get(name) or best_lead(name, among).id
        cells = [
            Cell(
                lead,
                text,
                is_verified=bool(name in VERIFIED and getattr(lead, VERIFIED[name])),
                is_chosen=lead.id == chosen,
            )
            for lead, text in zip(leads, texts, strict=True)
        ]
        lines.append(Line(name, COLUMNS[name].label, cells, len(set(texts)) > 1))
    return lines


def _age(lead: Lead) -> tuple[datetime.date, datetime.datetime]:
    return (lead.source_date or lead.created_at.astimezone(datetime.UTC).date(), lead.created_at)


def _text(lead: Lead, name: str) -> str:
    if name == "owner":
        return str(lead.owner) if lead.owner_id else ""
    if name == "status":
        return lead.get_status_display()
    value = getattr(lead, name)
    if name in FIELDS and isinstance(value, str) and value:
        return named(FIELDS[name], value)
    return "" if value is None else str(value)


def _combined(leads: Sequence[Lead]) -> dict[str, Any]:
    """What all of them bring: tags, notes, topics, engagement."""
    tags = sorted({tag for lead in leads for tag in lead.tags})
    if len(tags) > MAX_TAGS:
        raise InvalidInput(
            f"Together they have over {MAX_TAGS} tags. Remove some first.",
            fields={"tags": f"At most {MAX_TAGS}."},
        )
    notes = "\n\n".join(dict.fromkeys(lead.notes.strip() for lead in leads if lead.notes.strip()))
    if len(notes) > LONGEST_NOTE:
        raise InvalidInput(
            "Together their notes are too long. Shorten some first.",
            fields={"notes": f"At most {LONGEST_NOTE:,} characters."},
        )
    return {
        "tags": tags,
        "notes": notes,
        "intent_topics": sorted({topic for lead in leads for topic in lead.intent_topics}),
        "pages_viewed": _sum(lead.pages_viewed for lead in leads),
        "seconds_on_site": _sum(lead.seconds_on_site for lead in leads),
        "last_seen_at": max((x.last_seen_at for x in leads if x.last_seen_at), default=None),
        "source_date": max((x.source_date for x in leads if x.source_date), default=None),
        "quality_score": max(
            (x.quality_score for x in leads if x.quality_score is not None), default=None
        ),
        "catalogue_id": next((x.catalogue_id for x in leads if x.catalogue_id), None),
        "updated_at": timezone.now(),
    }


def _sum(values: Any) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
