"""How people become leads of a workspace: each person once, by whatever path (L-13).

Everything that brings in people of the catalogue goes through `acquire_people`. It is set-based:
identities are worked out in memory, rows travel by COPY, and the database has the last word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from pyroaring import BitMap

from cursive.lib import tenancy
from leads.catalogue.source import Record

from .identity import NoIdentity, dedup_hash, normalise_email
from .known import Identity, known_among
from .models import Lead, OwnedPeople
from .person import FIELD_NAMES, Person

BATCH_TABLE = "lead_batch"
# What differs from row to row; all else is the same for a batch or the model's default.
TOPICS = FIELD_NAMES.index("intent_topics")
ROW_COLUMNS = ("id", *FIELD_NAMES, "catalogue_id", "dedup_hash", "email_key", "phone_key")


@dataclass(slots=True, kw_only=True)
class Candidate(Identity):
    """A person of the catalogue who may become a lead, and all that says who it is (L-11)."""

    catalogue_id: int
    person: Person
    email_key: str
    phone_key: str


@dataclass(frozen=True, slots=True)
class Acquired:
    """What became of candidates.

    `owned` counts those whom the workspace owned already, `doubles` those who turned out to be
    the same person as another candidate of the same job, `left` those after the last one that was
    looked at, because the limit was reached.
    """

    lead_ids: list[UUID]
    owned: int
    doubles: int
    left: int


_emails_of = attrgetter("email", "work_email", "personal_email")
_phones_of = attrgetter("phone", "mobile_phone", "direct_phone")
_record_of = attrgetter(*FIELD_NAMES)


def candidates_of(records: Iterable[Record]) -> list[Candidate]:
    """The records with their identities; who has none by L-11 is left out."""
    found = []
    for record in records:
        person = record.person
        try:
            digest = dedup_hash(
                person.email,
                person.company_domain,
                person.phone,
                country=person.country,
                linkedin_url=person.linkedin_url,
                name=f"{person.first_name or ''} {person.last_name or ''}",
                company_name=person.company_name,
            )
        except NoIdentity:
            continue
        # Two of these fields usually hold the same. Numbers of a Person are in E.164 already.
        emails = {raw: normalise_email(raw) for raw in {*_emails_of(person)} if raw}
        found.append(
            Candidate(
                catalogue_id=record.id,
                person=person,
                dedup_hash=digest,
                email_key=emails.get(person.email or "", ""),
                phone_key=person.phone or "",
                emails=frozenset(filter(None, emails.values())),
                phones=frozenset(filter(None, _phones_of(person))),
                first_name=person.first_name or "",
                last_name=person.last_name or "",
            )
        )
    return found


def owned_people(workspace_id: UUID) -> BitMap:
    """The ids of all people of the catalogue whom the workspace owns or ever owned."""
    stored = (
        OwnedPeople.objects.filter(workspace_id=workspace_id)
        .values_list("bitmap", flat=True)
        .first()
    )
    return BitMap.deserialize(bytes(stored)) if stored else BitMap()


def lock_acquisition(workspace_id: UUID) -> None:
    """Wait until no other transaction brings leads into this workspace; lasts to the commit.

    Whoever also moves credits takes this lock first, so that no two wait for each other.
    """
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"acquire:{workspace_id}"]
        )


def acquire_people(
    *,
    workspace_id: UUID,
    candidates: Sequence[Candidate],
    source: str,
    limit: int | None = None,
    segment_id: UUID | None = None,
    job_id: UUID | None = None,
) -> Acquired:
    """Make leads of the candidates whom the workspace doesn't own yet, in their order.

    Owned is who is in the workspace's set of owned people, has a lead's catalogue id or identity
    hash, or is the same person as any lead by the rule of `known`, a deleted one too. Whoever is
    passed over has an equal among the leads, and so joins the set: owned from now on, like those
    who were delivered. At most `limit` leads are made; who comes after is left for another time.
    Runs in the caller's transaction, under `lock_acquisition`, so that acquisitions of one
    workspace are one after the other.
    """
    lock_acquisition(workspace_id)
    owned = owned_people(workspace_id)
    known = known_among(workspace_id, candidates, job_id=job_id)
    chosen: list[Candidate] = []
    passed: list[int] = []
    doubles = 0
    for candidate in candidates:
        if limit is not None and len(chosen) >= limit:
            break
        is_double = known.by_this_job.has(candidate)
        if is_double or candidate.catalogue_id in owned or known.before.has(candidate):
            doubles += is_double and candidate.catalogue_id not in owned
            passed.append(candidate.catalogue_id)
            continue
        known.by_this_job.add(candidate)
        chosen.append(candidate)
    made = _insert(workspace_id, chosen, source, segment_id, job_id) if chosen else []
    if chosen or passed:
        owned.update(candidate.catalogue_id for candidate in chosen)
        owned.update(passed)
        _remember(workspace_id, owned)
    looked_at = len(passed) + len(chosen)
    return Acquired(made, looked_at - len(made) - doubles, doubles, len(candidates) - looked_at)


def _remember(workspace_id: UUID, owned: BitMap) -> None:
    owned.run_optimize()
    OwnedPeople.objects.bulk_create(
        [
            OwnedPeople(
                workspace_id=workspace_id, bitmap=owned.serialize(), updated_at=timezone.now()
            )
        ],
        update_conflicts=True,
        unique_fields=["workspace"],
        update_fields=["bitmap", "updated_at"],
    )


def _insert(
    workspace_id: UUID,
    chosen: Sequence[Candidate],
    source: str,
    segment_id: UUID | None,
    job_id: UUID | None,
) -> list[UUID]:
    """COPY into a temporary table (RLS tables refuse it), then insert what doesn't conflict."""
    now = timezone.now()
    constants = _defaults() | {
        "workspace_id": workspace_id,
        "source": source,
        "segment_id": segment_id,
        "job_id": job_id,
        "created_at": now,
        "updated_at": now,
    }
    table = f'"{Lead._meta.db_table}"'
    columns = ", ".join(f'"{column}"' for column in ROW_COLUMNS)
    with tenancy.connection().cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{BATCH_TABLE}")
        cursor.execute(
            f"CREATE TEMP TABLE {BATCH_TABLE} ON COMMIT DROP AS"
            f" SELECT {columns} FROM {table} WITH NO DATA"
        )
        with cursor.copy(f"COPY pg_temp.{BATCH_TABLE} ({columns}) FROM STDIN") as copy:
            for candidate in chosen:
                copy.write_row(_row(candidate))
        cursor.execute(
            f"INSERT INTO {table} ({columns}, {', '.join(constants)})"
            f" SELECT {columns}, {', '.join(['%s'] * len(constants))}"
            f" FROM pg_temp.{BATCH_TABLE} ON CONFLICT DO NOTHING RETURNING id",
            list(constants.values()),
        )
        return [row[0] for row in cursor.fetchall()]


def _row(candidate: Candidate) -> list[Any]:
    """The candidate's row for COPY: unset as the column has it, texts no longer than it holds."""
    values = [
        empty if value is None else value[:length] if length else value
        for value, (length, empty) in zip(_record_of(candidate.person), _columns(), strict=True)
    ]
    values[TOPICS] = list(values[TOPICS])
    return [
        tenancy.uuid7(),
        *values,
        candidate.catalogue_id,
        candidate.dedup_hash,
        candidate.email_key,
        candidate.phone_key,
    ]


@cache
def _columns() -> tuple[tuple[int | None, Any], ...]:
    """For each field of a record: how long a text may be, and what stands for unset."""
    columns = []
    for name in FIELD_NAMES:
        field = Lead._meta.get_field(name)
        empty: Any = None
        if isinstance(field, models.CharField):
            empty = ""
        elif isinstance(field, models.BooleanField):
            empty = False
        elif isinstance(field, ArrayField):
            empty = ()
        columns.append((getattr(field, "max_length", None), empty))
    return tuple(columns)


def _defaults() -> dict[str, Any]:
    """Columns that a record says nothing about, with the model's defaults; NULLs are left out."""
    connection = tenancy.connection()
    found: dict[str, Any] = {}
    for field in Lead._meta.concrete_fields:
        if not field.column or field.column in ROW_COLUMNS:
            continue
        if isinstance(field, models.GeneratedField):
            continue
        value = field.get_db_prep_save(field.get_default(), connection=connection)
        if value is not None:
            found[field.column] = value
    return found
