"""How people become leads of a workspace: each person once, by whatever path (L-13).

Everything that brings in people of the catalogue goes through `acquire_people`. It is set-based:
identities are worked out in memory, rows travel by COPY, and the database has the last word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from pyroaring import BitMap

from cursive.lib import tenancy
from leads.catalogue.source import Record

from .identity import NoIdentity, dedup_hash, normalise_email, normalise_phone
from .models import Lead, OwnedPeople
from .person import FIELD_NAMES, Person

BATCH_TABLE = "lead_batch"
# What differs from row to row; all else is the same for a batch or the model's default.
ROW_COLUMNS = ("id", *FIELD_NAMES, "catalogue_id", "dedup_hash", "email_key", "phone_key")


@dataclass(slots=True)
class Candidate:
    """A person of the catalogue who may become a lead, and all that says who it is (L-11)."""

    catalogue_id: int
    person: Person
    dedup_hash: str
    email_key: str
    phone_key: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Acquired:
    """What became of candidates. `skipped` counts those whom the workspace owns already."""

    lead_ids: list[UUID]
    skipped: int


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
        emails = [
            normalise_email(address)
            for address in (person.email, person.work_email, person.personal_email)
        ]
        phones = [
            normalise_phone(number, person.country)
            for number in (person.phone, person.mobile_phone, person.direct_phone)
        ]
        found.append(
            Candidate(
                record.id,
                person,
                digest,
                emails[0],
                phones[0],
                tuple({address for address in emails if address}),
                tuple({number for number in phones if number}),
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

    Owned is who is in the workspace's set of owned people, or shares the catalogue's id, the
    identity hash, an e-mail address or a phone number with any lead, a deleted one too. Those
    join the set, so that they count as owned from now on. At most `limit` leads are made; who
    comes after is left for another time. Runs in the caller's transaction, under
    `lock_acquisition`, so that acquisitions of one workspace are one after the other.
    """
    lock_acquisition(workspace_id)
    owned = owned_people(workspace_id)
    known = _Known(workspace_id, candidates)
    chosen: list[Candidate] = []
    passed: list[int] = []
    for candidate in candidates:
        if limit is not None and len(chosen) >= limit:
            break
        if candidate.catalogue_id in owned or known.has(candidate):
            passed.append(candidate.catalogue_id)
            continue
        known.add(candidate)
        chosen.append(candidate)
    made = _insert(workspace_id, chosen, source, segment_id, job_id) if chosen else []
    if chosen or passed:
        owned.update(candidate.catalogue_id for candidate in chosen)
        owned.update(passed)
        _remember(workspace_id, owned)
    return Acquired(made, len(passed) + len(chosen) - len(made))


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


class _Known:
    """Who among the candidates is a lead of the workspace, asked in four indexed look-ups."""

    def __init__(self, workspace_id: UUID, candidates: Sequence[Candidate]) -> None:
        # Hashes and catalogue ids are indexed for living leads only; deleted ones are found by
        # address, by number, or in the set of owned people.
        leads = Lead.objects.filter(workspace_id=workspace_id)
        self.ids = _look_up(leads.living(), "catalogue_id", (c.catalogue_id for c in candidates))
        self.hashes = _look_up(leads.living(), "dedup_hash", (c.dedup_hash for c in candidates))
        self.emails = _look_up(
            leads.exclude(email_key=""), "email_key", (e for c in candidates for e in c.emails)
        )
        self.phones = _look_up(
            leads.exclude(phone_key=""), "phone_key", (p for c in candidates for p in c.phones)
        )

    def has(self, candidate: Candidate) -> bool:
        return (
            candidate.catalogue_id in self.ids
            or candidate.dedup_hash in self.hashes
            or not self.emails.isdisjoint(candidate.emails)
            or not self.phones.isdisjoint(candidate.phones)
        )

    def add(self, candidate: Candidate) -> None:
        """From now on this one counts too: two records may be the same person."""
        self.ids.add(candidate.catalogue_id)
        self.hashes.add(candidate.dedup_hash)
        self.emails.update(candidate.emails)
        self.phones.update(candidate.phones)


def _look_up(
    leads: models.QuerySet[Lead], column: str, values: Iterable[str | int]
) -> set[str | int]:
    """Which of `values` some lead has. An IN list walks the index once a value."""
    wanted = list(set(values))
    if not wanted:
        return set()
    return set(leads.filter(**{f"{column}__in": wanted}).values_list(column, flat=True))


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


def _row(candidate: Candidate) -> tuple[Any, ...]:
    person = candidate.person
    return (
        tenancy.uuid7(),
        *[_fit(getattr(person, name), length, empty) for name, length, empty in _columns()],
        candidate.catalogue_id,
        candidate.dedup_hash,
        candidate.email_key,
        candidate.phone_key,
    )


def _fit(value: Any, length: int | None, empty: Any) -> Any:
    if value is None:
        return empty
    if length is not None:
        return value[:length]
    return list(value) if isinstance(value, tuple) else value


@cache
def _columns() -> tuple[tuple[str, int | None, Any], ...]:
    """For each field of a record: its name, how long a text may be, and what stands for unset."""
    columns = []
    for name in FIELD_NAMES:
        field = Lead._meta.get_field(name)
        empty: Any = None
        if isinstance(field, models.CharField):
            empty = ""
        elif isinstance(field, models.BooleanField):
            empty = False
        elif isinstance(field, ArrayField):
            empty = []
        columns.append((name, getattr(field, "max_length", None), empty))
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
