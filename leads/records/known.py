"""Who among people is in the workspace already: the rule of sameness for whoever brings in more.

An e-mail address is one person's. A telephone number may be a switchboard's: it makes two records
the same person only where nothing contradicts it (ADR 0016).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cursive.lib import tenancy

from .identity import normalise_name

# Thousands of values at once travel as one text, which is made much faster than an array. Normal
# forms have no control characters.
_SEPARATOR = "\x1f"
_ONE_OF = "string_to_array(%s, chr(31))"


@dataclass(slots=True, kw_only=True)
class Identity:
    """All that says who somebody is, in normal forms (L-11); names as they are written."""

    dedup_hash: str
    emails: frozenset[str]
    phones: frozenset[str]
    first_name: str
    last_name: str


@dataclass(slots=True)
class _Line:
    """Whose number it is, as far as known: names in normal form, "" for an unknown one."""

    names: set[str] = field(default_factory=set)
    last_names: set[str] = field(default_factory=set)
    #: Family names of those of whom no e-mail address is known.
    without_email: set[str] = field(default_factory=set)

    def add(self, first: str, last: str, *, has_email: bool) -> None:
        self.names.add(full_name(first, last))
        self.last_names.add(normalise_name(last))
        if not has_email:
            self.without_email.add(normalise_name(last))

    def has(self, first: str, last: str, *, has_email: bool) -> bool:
        """Whether somebody with this name, and an e-mail address of theirs or none, is on it.

        The same name is the same person whatever the addresses. Where addresses can't decide,
        since one side has none, only another family name tells two people apart.
        """
        name, family = full_name(first, last), normalise_name(last)
        if name and name in self.names:
            return True
        among = self.without_email if has_email else self.last_names
        return bool(among) and (not family or "" in among or family in among)


def full_name(first: str, last: str) -> str:
    """A whole name in normal form, or "" where one of its parts is unknown."""
    first, last = normalise_name(first), normalise_name(last)
    return f"{first} {last}" if first and last else ""


@dataclass(frozen=True, slots=True)
class OtherContact:
    """An address or number of a lead beside its main ones, and whose it is."""

    key: str
    lead: UUID
    first_name: str
    last_name: str
    has_email: bool
    job: UUID | None

    @property
    def is_email(self) -> bool:
        """Else it is a number."""
        return "@" in self.key


class People:
    """Some people, and whether somebody is one of them."""

    def __init__(self) -> None:
        self._hashes: set[str] = set()
        self._emails: set[str] = set()
        self._lines: dict[str, _Line] = {}

    def has(self, person: Identity) -> bool:
        """Whether it is the same person as one of these (L-12, L-13)."""
        if person.dedup_hash in self._hashes or not self._emails.isdisjoint(person.emails):
            return True
        if not self._lines or not person.phones:
            return False
        return any(
            line.has(person.first_name, person.last_name, has_email=bool(person.emails))
            for line in map(self._lines.get, person.phones)
            if line is not None
        )

    def add(self, person: Identity) -> None:
        """From now on this one counts too."""
        self._hashes.add(person.dedup_hash)
        self._emails |= person.emails
        for phone in person.phones:
            self._line(phone).add(
                person.first_name, person.last_name, has_email=bool(person.emails)
            )

    def add_email(self, email: str) -> None:
        """Somebody has this address."""
        self._emails.add(email)

    def add_hash(self, dedup_hash: str) -> None:
        """Somebody has this identity."""
        self._hashes.add(dedup_hash)

    def add_phone(self, phone: str, first: str, last: str, *, has_email: bool) -> None:
        """Somebody of this name has this number."""
        self._line(phone).add(first, last, has_email=has_email)

    def add_contact(self, one: OtherContact) -> None:
        """Somebody has this address or number beside their main ones."""
        if one.is_email:
            self.add_email(one.key)
        else:
            self.add_phone(one.key, one.first_name, one.last_name, has_email=one.has_email)

    def _line(self, phone: str) -> _Line:
        line = self._lines.get(phone)
        if line is None:
            line = self._lines[phone] = _Line()
        return line


@dataclass(frozen=True, slots=True)
class Known:
    """Who is a lead of the workspace: brought by the job that asks, or otherwise before."""

    before: People
    by_this_job: People


def known_among(
    workspace_id: UUID, people: Collection[Identity], *, job_id: UUID | None = None
) -> Known:
    """The leads with an e-mail address or number of `people`, deleted ones too.

    Three indexed look-ups, however many leads there are, and one more where other than main
    addresses or numbers are found. Whose catalogue id or identity hash a living lead has, only
    the insert finds out.
    """
    known = Known(People(), People())
    emails = _rows(
        workspace_id, "email_key", "email_key", (mail for one in people for mail in one.emails)
    )
    for email, job in emails:
        _side(known, job, job_id).add_email(email)
    for one in _others(workspace_id, people, living=False):
        _side(known, one.job, job_id).add_contact(one)
    phones = _rows(
        workspace_id,
        "phone_key",
        "phone_key, first_name, last_name, email_key <> ''",
        (number for one in people for number in one.phones),
    )
    for phone, first, last, has_email, job in phones:
        _side(known, job, job_id).add_phone(phone, first, last, has_email=has_email)
    return known


def matching_leads(workspace_id: UUID, people: Sequence[Identity]) -> list[UUID | None]:
    """For each of `people`, in their order, the living lead that is this person; None: nobody.

    An address counts before the identity hash, and that before a telephone number; a lead's main
    ones before its others.
    """
    emails = {mail for one in people for mail in one.emails}
    phones = {number for one in people for number in one.phones}
    hashes = {one.dedup_hash for one in people}
    by_email: dict[str, UUID] = {}
    by_hash: dict[str, UUID] = {}
    by_phone: dict[str, list[tuple[UUID, People]]] = {}
    for column, values in (("email_key", emails), ("dedup_hash", hashes), ("phone_key", phones)):
        for lead, mail, digest, number, first, last in _living(workspace_id, column, values):
            if column == "email_key":
                by_email.setdefault(mail, lead)
            elif column == "dedup_hash":
                by_hash.setdefault(digest, lead)
            else:
                alone = People()
                alone.add_phone(number, first, last, has_email=bool(mail))
                by_phone.setdefault(number, []).append((lead, alone))
    for other in _others(workspace_id, people, living=True):
        if other.is_email:
            by_email.setdefault(other.key, other.lead)
        else:
            alone = People()
            alone.add_contact(other)
            by_phone.setdefault(other.key, []).append((other.lead, alone))
    return [_match(one, by_email, by_hash, by_phone) for one in people]


def _match(
    person: Identity,
    by_email: Mapping[str, UUID],
    by_hash: Mapping[str, UUID],
    by_phone: Mapping[str, list[tuple[UUID, People]]],
) -> UUID | None:
    for mail in sorted(person.emails):
        if mail in by_email:
            return by_email[mail]
    if person.dedup_hash in by_hash:
        return by_hash[person.dedup_hash]
    for number in sorted(person.phones):
        for lead, alone in by_phone.get(number, []):
            if alone.has(person):
                return lead
    return None


def _living(workspace_id: UUID, column: str, values: Iterable[str]) -> list[tuple[Any, ...]]:
    """Living leads whose `column` is one of `values`, oldest first."""
    looked_for = _SEPARATOR.join(values)
    if not looked_for:
        return []
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT id, email_key, dedup_hash, phone_key, first_name, last_name FROM leads_lead"
            f" WHERE workspace_id = %s AND {column} <> '' AND {column} = ANY({_ONE_OF})"
            " AND deleted_at IS NULL ORDER BY id",
            [workspace_id, looked_for],
        )
        return cursor.fetchall()


def leads_with(workspace_id: UUID, keys: Collection[str], *, living: bool) -> list[OtherContact]:
    """Who has one of these addresses or numbers (normal forms) beside their main ones.

    By the leads' ids, oldest first; without `living` deleted leads too.
    """
    looked_for = _SEPARATOR.join(keys)
    if not looked_for:
        return []
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT key, lead_id FROM leads_leadcontact"
            f" WHERE workspace_id = %s AND key = ANY({_ONE_OF})",
            [workspace_id, looked_for],
        )
        found = sorted({(lead, key) for key, lead in cursor.fetchall()})
        if not found:
            return []
        # By their ids, not by a join, of which the planner may think anything.
        cursor.execute(
            "SELECT id, first_name, last_name, email_key <> '', job_id FROM leads_lead"
            " WHERE workspace_id = %s AND id = ANY(%s)"
            + (" AND deleted_at IS NULL" if living else ""),
            [workspace_id, sorted({lead for lead, _ in found})],
        )
        leads = {lead: said for lead, *said in cursor.fetchall()}
    return [OtherContact(key, lead, *leads[lead]) for lead, key in found if lead in leads]


def _others(
    workspace_id: UUID, people: Collection[Identity], *, living: bool
) -> list[OtherContact]:
    keys = {key for one in people for key in (*one.emails, *one.phones)}
    return leads_with(workspace_id, keys, living=living)


def _side(known: Known, job: UUID | None, asking: UUID | None) -> People:
    return known.by_this_job if job is not None and job == asking else known.before


def _rows(
    workspace_id: UUID, column: str, wanted: str, values: Iterable[str]
) -> list[tuple[Any, ...]]:
    """What leads say whose `column` is one of `values`, and their jobs.

    One array walks the index once a value, whatever the planner knows of the table.
    """
    looked_for = _SEPARATOR.join(set(values))
    if not looked_for:
        return []
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT {wanted}, job_id FROM leads_lead"
            f" WHERE workspace_id = %s AND {column} <> '' AND {column} = ANY({_ONE_OF})",
            [workspace_id, looked_for],
        )
        return cursor.fetchall()
