"""How people become leads of a workspace: each person once, by whatever path (L-13).

Everything that brings in many people goes through `acquire_people`. It is set-based:
identities are worked out in memory, rows travel by COPY, and the database has the last word.
"""

from collections.abc import Iterable, Mapping, Sequence
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
from leads.catalogue.tombstones import current_aliases
from leads.scoring.queries import rule_of

from .identity import NoIdentity, hash_of_forms, normalise_email
from .known import Identity, known_among
from .models import Lead, OwnedPeople
from .person import FIELD_NAMES, Person

BATCH_TABLE = "lead_batch"
# What differs from row to row; all else is the same for a batch or the model's default.
TOPICS = FIELD_NAMES.index("intent_topics")
ROW_COLUMNS = ("id", *FIELD_NAMES, "catalogue_id", "dedup_hash", "email_key", "phone_key")


# What a score depends on and nobody knows of a new lead.
UNSEEN = (
    "'' AS verification_status, NULL::int AS pages_viewed, NULL::int AS seconds_on_site,"
    " NULL::timestamptz AS last_seen_at"
)


@dataclass(slots=True, kw_only=True)
class Candidate(Identity):
    """A person who may become a lead, and all that says who it is (L-11).

    `catalogue_id` is set for people of the catalogue. `line` is what `columns_of` gives
    of it, as a line of COPY's text without its end, where that has been made before and kept.
    """

    catalogue_id: int | None
    person: Person
    email_key: str
    phone_key: str
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Acquired:
    """What became of candidates.

    `owned` counts those whom the workspace owned already, `doubles` those who turned out to be
    the same person as another candidate of the same job, `left` those after the last one that was
    looked at, because the limit was reached. `places` says which of the candidates became the
    leads, in the order of `lead_ids`; `double_places` which were doubles.
    """

    lead_ids: list[UUID]
    owned: int
    doubles: int
    left: int
    places: list[int]
    double_places: list[int]


_phones_of = attrgetter("phone", "mobile_phone", "direct_phone")
_record_of = attrgetter(*FIELD_NAMES)


def candidates_of(records: Iterable[Record]) -> list[Candidate]:
    """The records with their identities; who has none by L-11 is left out."""
    found = []
    for record in records:
        try:
            found.append(candidate_of(record.person, catalogue_id=record.id))
        except NoIdentity:
            continue
    return found


def candidate_of(person: Person, *, catalogue_id: int | None = None) -> Candidate:
    """The person with all that says who it is. Raises NoIdentity (L-11)."""
    email = person.email
    email_key = normalise_email(email)
    emails = {email_key}
    for other in (person.work_email, person.personal_email):
        if other and other != email:  # two of them usually hold the same
            emails.add(normalise_email(other))
    emails.discard("")
    # Domains and numbers of a Person are in normal form already.
    digest = hash_of_forms(
        email_key,
        person.company_domain or "",
        person.phone or "",
        linkedin_url=person.linkedin_url,
        name=f"{person.first_name or ''} {person.last_name or ''}",
        company_name=person.company_name,
    )
    return Candidate(
        catalogue_id=catalogue_id,
        person=person,
        dedup_hash=digest,
        email_key=email_key,
        phone_key=person.phone or "",
        emails=frozenset(emails),
        phones=frozenset(filter(None, _phones_of(person))),
        first_name=person.first_name or "",
        last_name=person.last_name or "",
    )


def owned_people(workspace_id: UUID) -> BitMap:
    """The ids of all people of the catalogue whom the workspace owns or ever owned.

    Whoever owns one of several merged people owns them all, as long as they are merged (L-14).
    """
    return current_aliases().with_same(_acquired(workspace_id))


def _acquired(workspace_id: UUID) -> BitMap:
    """Whom it got itself: what is stored, so that undoing a merge leaves nothing behind."""
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
    own: Mapping[str, Any] | None = None,
    distinct: bool = False,
) -> Acquired:
    """Make leads of the candidates whom the workspace doesn't own yet, in their order.

    `own` is what all of them get beside their record: column → value (status, tags, owner_id).
    `distinct` says that no two of the candidates are the same person by the rule of `known`, so
    that they needn't be compared with one another.

    Owned is who is in the workspace's set of owned people, has a lead's catalogue id or identity
    hash, or is the same person as any lead by the rule of `known`, a deleted one too. Whoever is
    passed over has an equal among the leads, and so joins the set: owned from now on, like those
    who were delivered; who is owned by a merge alone doesn't join, for the merge may be undone.
    At most `limit` leads are made; who comes after is left for another time. Runs in the caller's
    transaction, under `lock_acquisition`, so that acquisitions of one workspace are one after the
    other.
    """
    lock_acquisition(workspace_id)
    of_catalogue = any(candidate.catalogue_id is not None for candidate in candidates)
    acquired = _acquired(workspace_id) if of_catalogue else BitMap()
    owned = current_aliases().with_same(acquired) if of_catalogue else acquired
    known = known_among(workspace_id, candidates, job_id=job_id)
    chosen: list[Candidate] = []
    chosen_places: list[int] = []
    passed: list[Candidate] = []
    doubles: list[int] = []
    for place, candidate in enumerate(candidates):
        if limit is not None and len(chosen) >= limit:
            break
        is_double = known.by_this_job.has(candidate)
        is_owned = candidate.catalogue_id is not None and candidate.catalogue_id in owned
        if is_double or is_owned or known.before.has(candidate):
            if is_double and not is_owned:
                doubles.append(place)
            passed.append(candidate)
            continue
        if not distinct:
            known.by_this_job.add(candidate)
        chosen.append(candidate)
        chosen_places.append(place)
    tried = _insert(workspace_id, chosen, source, segment_id, job_id, own) if chosen else []
    made = [each for each in tried if each is not None]
    if of_catalogue:
        ids = (candidate.catalogue_id for candidate in (*chosen, *passed))
        acquired |= BitMap(each for each in ids if each is not None and each not in owned)
        _remember(workspace_id, acquired)
    looked_at = len(passed) + len(chosen)
    return Acquired(
        lead_ids=made,
        owned=looked_at - len(made) - len(doubles),
        doubles=len(doubles),
        left=len(candidates) - looked_at,
        places=[place for place, each in zip(chosen_places, tried, strict=True) if each],
        double_places=doubles,
    )


def own_people(*, workspace_id: UUID, ids: BitMap) -> None:
    """Note that the workspace owns these people of the catalogue, whether or not they are leads.

    For who delivers them otherwise. Under `lock_acquisition`, in the caller's transaction.
    """
    if ids:
        _remember(workspace_id, _acquired(workspace_id) | ids)


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
    own: Mapping[str, Any] | None,
) -> Sequence[UUID | None]:
    """COPY into a temporary table (RLS tables refuse it), then insert what doesn't conflict.

    The leads' ids in the order of `chosen`, None where there was a conflict.

    Scores are computed by the same statement (L-7), from the rows as they will be.
    """
    now = timezone.now()
    rule = rule_of(workspace_id, now.date())
    constants = _defaults() | {
        "workspace_id": workspace_id,
        "source": source,
        "segment_id": segment_id,
        "job_id": job_id,
        "created_at": now,
        "updated_at": now,
        **(own or {}),
    }
    table = f'"{Lead._meta.db_table}"'
    columns = ", ".join(f'"{column}"' for column in ROW_COLUMNS)
    with tenancy.connection().cursor() as cursor:
        ids = [tenancy.uuid7() for _ in chosen]
        stage_people(cursor, dict(zip(ids, chosen, strict=True)))
        cursor.execute(
            f"INSERT INTO {table} ({columns}, {', '.join(constants)}, score, score_factors)"
            f" SELECT {columns}, {', '.join(f'%({name})s' for name in constants)},"
            f" {rule.score}, {rule.factors}"
            f" FROM (SELECT {BATCH_TABLE}.*, fold_text(title) AS title_folded, {UNSEEN},"
            " %(source)s AS source, %(created_at)s::timestamptz AS created_at"
            f" FROM pg_temp.{BATCH_TABLE} OFFSET 0) lead ON CONFLICT DO NOTHING",
            constants | rule.params,
        )
        if cursor.rowcount == len(ids):
            return ids
        cursor.execute(
            f"SELECT id FROM {table} WHERE workspace_id = %s AND id = ANY(%s)", [workspace_id, ids]
        )
        made = {row[0] for row in cursor.fetchall()}
        return [each if each in made else None for each in ids]


def stage_people(cursor: Any, people: Mapping[UUID, Candidate]) -> None:
    """Put people by the ids of their leads into the temporary table BATCH_TABLE, made anew."""
    table = f'"{Lead._meta.db_table}"'
    columns = ", ".join(f'"{column}"' for column in ROW_COLUMNS)
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{BATCH_TABLE}")
    cursor.execute(
        f"CREATE TEMP TABLE {BATCH_TABLE} ON COMMIT DROP AS"
        f" SELECT {columns} FROM {table} WITH NO DATA"
    )
    with cursor.copy(f"COPY pg_temp.{BATCH_TABLE} ({columns}) FROM STDIN") as copy:
        kept = [f"{id}\t{one.line}\n" for id, one in people.items() if one.line is not None]
        copy.write("".join(kept))
        made = {id: one for id, one in people.items() if one.line is None}
        for row in zip(made, *columns_of(list(made.values())), strict=True):
            copy.write_row(row)


def columns_of(candidates: Sequence[Candidate]) -> list[Sequence[Any]]:
    """The candidates' rows for COPY, without the id, column by column.

    Unset is what the column has for it; texts are no longer than it holds.
    """
    records = [_record_of(one.person) for one in candidates]
    values: Iterable[tuple[Any, ...]] = (
        zip(*records, strict=True) if records else ((),) * len(FIELD_NAMES)
    )
    columns: list[Sequence[Any]] = [
        [empty if value is None else value[:length] if length else value for value in column]
        for column, (length, empty) in zip(values, _columns(), strict=True)
    ]
    columns[TOPICS] = [list(each) for each in columns[TOPICS]]
    return [
        *columns,
        [one.catalogue_id for one in candidates],
        [one.dedup_hash for one in candidates],
        [one.email_key for one in candidates],
        [one.phone_key for one in candidates],
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
        if not field.column or field.column in (*ROW_COLUMNS, "score", "score_factors"):
            continue
        if isinstance(field, models.GeneratedField):
            continue
        value = field.get_db_prep_save(field.get_default(), connection=connection)
        if value is not None:
            found[field.column] = value
    return found
