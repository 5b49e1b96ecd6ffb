"""Puts people on the suppression list and takes them off it (A-18)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import NotFound
from leads.catalogue.contacts import everybodys_contacts, holders
from leads.catalogue.local import local_source
from leads.catalogue.models import CatalogueTombstone
from leads.catalogue.tombstones import bury, unbury

from .models import SuppressedContact
from .queries import hash_of, key_mark, suppressed_people
from .reading import Contact, read_contacts
from .registry import removers

_OF = CatalogueTombstone.Reason.SUPPRESSED
_LOCK = "leads.suppression"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What came of it: contacts put on the list, those that were on it already, people who left
    the lead database, and what else was taken off (name → how many)."""

    added: int
    known: int
    people: int
    removed: Mapping[str, int] = field(default_factory=dict)


def suppress_contacts(
    *, contacts: str, reason: SuppressedContact.Reason, actor: Actor
) -> Suppressed:
    """Put addresses and numbers on the list, one a line; all of them, or none.

    Whoever of the lead database has one of them is found no more, and what partners offer of
    them is withdrawn. What workspaces own already stays theirs. Written twice, it is there once.
    Raises InvalidInput for `contacts`; see `read_contacts`.
    """
    wanted = {hash_of(one.form): one for one in read_contacts(contacts)}
    with tenancy.system_context(), tenancy.atomic():
        _lock_list()
        known = set(
            SuppressedContact.objects.filter(contact_hash__in=wanted).values_list(
                "contact_hash", flat=True
            )
        )
        fresh = {digest: one for digest, one in wanted.items() if digest not in known}
        having = _holders(list(fresh.values()))
        SuppressedContact.objects.bulk_create(
            (
                SuppressedContact(
                    contact_hash=digest,
                    kind=one.kind,
                    reason=reason,
                    key_mark=key_mark(),
                    catalogue_ids=having[one.form],
                    added_by=actor.label[:200],
                )
                for digest, one in fresh.items()
            ),
            batch_size=2_000,
        )
        people = bury({id for ids in having.values() for id in ids}, reason=_OF)
        emails, phones = _forms(wanted.values(), "email"), _forms(wanted.values(), "phone")
        removed = {
            name: remove(emails=emails, phones=phones) for name, remove in removers().items()
        }
        record(
            action="create",
            resource="suppression",
            resource_id=f"{len(fresh)} contacts",
            actor=actor,
            new={"reason": str(reason), "contacts": len(fresh), "people": people, **removed},
        )
    return Suppressed(len(fresh), len(known), people, removed)


def lift_suppression(*, contact_id: int, reason: str, actor: Actor) -> int:
    """Take one address or number off the list; how many people may be found again.

    Those come back who left for nothing else, unless they have left the lead database since:
    then they come with the next file. What partners offered stays withdrawn. Raises NotFound.
    """
    with tenancy.system_context(), tenancy.atomic():
        _lock_list()
        contact = SuppressedContact.objects.filter(id=contact_id).first()
        if contact is None:
            raise NotFound("This is not on the suppression list any more.")
        contact.delete()
        others = SuppressedContact.objects.filter(catalogue_ids__overlap=contact.catalogue_ids)
        kept = {id for ids in others.values_list("catalogue_ids", flat=True) for id in ids}
        people = unbury(set(contact.catalogue_ids) - kept, reason=_OF)
        record(
            action="delete",
            resource="suppression",
            resource_id=contact_id,
            actor=actor,
            old={"kind": contact.kind, "reason": contact.reason},
            new={"because": reason, "people": people},
        )
    return people


def bury_suppressed(*, since: datetime) -> int:
    """Take those out of the lead database who came into it while they were put on the list.

    A load asks the list while it merges, and puts in force what it merged some time later, or
    days later where it was killed and went on: who is put on the list between isn't in the
    version yet where they are looked for. Looks at everybody, if anything was added after
    `since`. Returns how many records were in.
    """
    with tenancy.system_context():
        judge = suppressed_people()
        if judge is None or not SuppressedContact.objects.filter(added_at__gte=since).exists():
            return 0
        buried = 0
        for part in everybodys_contacts(local_source()):
            said = judge(contacts for _, contacts in part)
            ids = [id for (id, _), is_listed in zip(part, said, strict=True) if is_listed]
            if ids:
                buried += bury(ids, reason=_OF)
    return buried


def _lock_list() -> None:
    """One change of the list at a time; lasts to the commit. Also refuses another key's list."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
    suppressed_people()


def _holders(contacts: Sequence[Contact]) -> Mapping[str, list[int]]:
    """Who of the lead database has each of these, by normal form."""
    found: dict[str, list[int]] = defaultdict(list)
    emails, phones = _forms(contacts, "email"), _forms(contacts, "phone")
    for contact, id in holders(local_source(), emails=emails, phones=phones):
        found[contact].append(id)
    return found


def _forms(contacts: Iterable[Contact], kind: str) -> list[str]:
    return [one.form for one in contacts if one.kind == kind]
