"""Editing what a lead's record says: read as an import reads it, and still nobody twice (L-11).

Fields that say the same of an address or number go together: who changes the address changes the
mirror of it among work and personal addresses too, and what was known of the old one goes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone

from accounts.workspaces.models import Workspace
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.outbox import emit
from leads.catalogue.suppression import is_suppressed
from leads.filters.registry import FIELDS
from leads.filters.vocabulary import COUNTRIES
from leads.filters.wording import named
from leads.scoring.operations import score_leads

from .acquisition import ROW_COLUMNS, Candidate, candidate_of, columns_of, lock_acquisition
from .columns import COLUMNS
from .creation import PHONES, PersonOwned, read_strictly, text_of
from .identity import normalise_email
from .known import OtherContact, People, leads_with
from .models import Lead, LeadActivity
from .operations import check_seen, lock_lead, update_lead
from .person import FIELD_NAMES, Person
from .places import is_state_of

# What a check, a source or another field says isn't anybody's to type.
BY_CHECK = ("email_verified", "email_verified_at", "phone_verified")
KINDS = ("email_type", "phone_type")
EDITABLE_FIELDS = tuple(
    name for name in FIELD_NAMES if name not in {*BY_CHECK, *KINDS, "source_date", "quality_score"}
)
EMAILS = ("email", "work_email", "personal_email")
IDENTITY = ("dedup_hash", "email_key", "phone_key")
LONGEST = 500


def edit_lead(
    *,
    workspace: Workspace,
    actor: Actor,
    lead_id: UUID,
    values: Mapping[str, Any],
    seen: Mapping[str, Any] | None = None,
) -> Lead:
    """Change fields of a lead's record and of the workspace's own, all or nothing; return the lead.

    `values` are fields of EDITABLE_FIELDS as text, number, None (empties it) or list
    (`intent_topics`), and what `update_lead` takes. What they say is read and judged as a row of
    an import; a new address or number is unverified. Identity and score follow. Raises NotFound,
    InvalidInput naming the field, PersonOwned naming the other lead whom the new address, number
    or identity belongs to, and Conflict for somebody who may not be contacted, and where a column
    isn't any more what the actor has `seen`.
    """
    wrong = {
        name: "This follows from a check or from other fields, and can't be changed by hand."
        for name in values
        if name in FIELD_NAMES and name not in EDITABLE_FIELDS
    }
    given = {name: text_of(name, values[name], wrong) for name in values if name in EDITABLE_FIELDS}
    if wrong:
        raise InvalidInput("Some fields can't be used as they are.", fields=wrong)
    own = {name: value for name, value in values.items() if name not in FIELD_NAMES}
    with tenancy.atomic():
        if given:
            lock_acquisition(workspace.id)
            lead = lock_lead(workspace.id, lead_id)
            check_seen(lead, seen or {})
            _edit_record(workspace, actor, lead, given)
        return update_lead(workspace_id=workspace.id, lead_id=lead_id, actor=actor, changes=own)


def _edit_record(workspace: Workspace, actor: Actor, lead: Lead, given: dict[str, str]) -> None:
    before = _person_of(lead)
    after = _edited(before, given, workspace.country)
    old, new = candidate_of(before), candidate_of(after)
    columns = {
        name: values[0] for name, values in zip(ROW_COLUMNS[1:], columns_of([new]), strict=True)
    }
    changed = [name for name in FIELD_NAMES if columns[name] != _stored(lead, name)]
    if not changed:
        return
    _check_alone(workspace.id, lead, old, new)
    was = {name: _stored(lead, name) for name in changed}
    for name in (*changed, *IDENTITY):
        setattr(lead, name, columns[name])
    saved = [*changed, *IDENTITY, "updated_at"]
    if "email" in changed:  # what a check found was said of the old address
        lead.verification_status = ""
        saved.append("verification_status")
    lead.updated_at = timezone.now()
    try:
        with tenancy.atomic():
            lead.save(update_fields=saved)
    except IntegrityError as error:  # somebody else was quicker
        raise Conflict("This person is another of your leads already.") from error
    score_leads(workspace_id=workspace.id, ids=[lead.id])
    told = [name for name in changed if name not in {*BY_CHECK, *KINDS}]
    LeadActivity.objects.create(
        workspace_id=workspace.id,
        lead=lead,
        kind="contact",
        text="; ".join(_sentence(name, was[name], columns[name]) for name in told)[:LONGEST],
        actor_label=actor.label,
    )
    record(
        action="update",
        resource="lead",
        resource_id=lead.id,
        actor=actor,
        workspace_id=workspace.id,
        old={name: _plain(was[name]) for name in changed},
        new={name: _plain(columns[name]) for name in changed},
    )
    emit(workspace.id, "lead.updated", {"lead": str(lead.id), "changed": sorted(changed)})


def _person_of(lead: Lead) -> Person:
    said = {name: getattr(lead, name) for name in FIELD_NAMES}
    values: dict[str, Any] = {name: None if value == "" else value for name, value in said.items()}
    return Person(**{**values, "intent_topics": tuple(lead.intent_topics)})


def _stored(lead: Lead, name: str) -> Any:
    value = getattr(lead, name)
    return list(value) if name == "intent_topics" else value


def _edited(before: Person, given: Mapping[str, str], country: str) -> Person:
    """The person as it is with what was given, in clean values; what wasn't touched stays."""
    row = {name: _typed(getattr(before, name)) for name in (*EDITABLE_FIELDS, *KINDS)}
    row |= given
    touched = set(given)
    for group, kind in ((EMAILS, "email_type"), (PHONES, "phone_type")):
        if touched.isdisjoint(group):
            continue
        touched |= {*group, kind}
        _drop_mirrors(row, before, given, group)
        if row[group[0]] != _typed(getattr(before, group[0])):
            row[kind] = ""
    if "state" in given and not before.country:
        touched.add("country")  # 'TX' says it too
    if given.get("title", before.title or "") != (before.title or ""):
        for name in {"seniority", "department"} - set(given):
            row[name] = ""  # of the old title
            touched.add(name)
    read = read_strictly(
        {name: text for name, text in row.items() if text or name in given},
        before.country or country,
        asked=given,
    )
    if "country" in given:
        _check_place(before, read, given)
        touched.add("state")  # 'Texas' is TX, once it is known to be in the US
    after = Person(**{name: getattr(before, name) for name in FIELD_NAMES})
    for name in touched:
        setattr(after, name, getattr(read, name))
    _keep_what_was_meant(before, after, read, given)
    return after


def _check_place(before: Person, read: Person, given: Mapping[str, str]) -> None:
    """Raise InvalidInput where the state that there is contradicts the country that was given."""
    state, old = before.state or "", before.country or ""
    if not given["country"].strip():
        if read.country and read.state:
            sentence = f"{read.state} says the country. Empty the state too."
            raise InvalidInput("The country can't be emptied alone.", fields={"country": sentence})
        return
    new = read.country or ""
    stays = "state" not in given and new != old
    if stays and is_state_of(state, old) and not is_state_of(state, new):
        sentence = f"{state} is in {COUNTRIES.get(old, old)}. Change the state too, or empty it."
        raise InvalidInput("The state isn't in that country.", fields={"state": sentence})


def _drop_mirrors(
    row: dict[str, str], before: Person, given: Mapping[str, str], group: tuple[str, ...]
) -> None:
    """Empty what only repeated the old value of what is given: it follows the new one."""
    main, *others = group
    old = getattr(before, main)
    if old is None:
        return
    for name in others:
        if getattr(before, name) != old:
            continue
        if main in given and name not in given:
            row[name] = ""
        elif name in given and main not in given:
            row[main] = ""


def _keep_what_was_meant(
    before: Person, after: Person, read: Person, given: Mapping[str, str]
) -> None:
    # A reader of files picks the best of all addresses; who types one means that one.
    if given.get("email", "").strip():
        meant = read_strictly({"email": given["email"]}, "", asked=["email"])
        if after.email != meant.email:
            after.email, after.email_type = meant.email, meant.email_type
    elif "email" not in given and before.email in (after.work_email, after.personal_email):
        after.email, after.email_type = before.email, before.email_type
    if after.email != before.email:
        after.email_verified = after.email_verified_at = None
    if after.phone != before.phone:
        after.phone_verified = None
    if "title" in given and "seniority" not in given:
        after.seniority = after.seniority or before.seniority
    if "title" in given and "department" not in given:
        after.department = after.department or before.department


def _check_alone(workspace_id: UUID, lead: Lead, old: Candidate, new: Candidate) -> None:
    """Raise where what is new of the identity is another living lead's, or not to be contacted."""
    emails, phones = new.emails - old.emails, new.phones - old.phones
    if not emails and not phones and new.dedup_hash == lead.dedup_hash:
        return
    if is_suppressed(emails, phones):
        raise Conflict("This person has asked not to be contacted.")
    beside: dict[UUID, list[OtherContact]] = defaultdict(list)
    for contact in leads_with(workspace_id, emails | phones, living=True):
        beside[contact.lead].append(contact)
    same = Q(email_key__in=emails) | Q(dedup_hash=new.dedup_hash) | Q(phone_key__in=phones)
    same |= Q(id__in=list(beside))
    others = Lead.objects.filter(same, workspace_id=workspace_id).living().exclude(id=lead.id)
    for other in others.order_by("id").only(
        "first_name", "last_name", "email", "phone", "email_key", "phone_key", "dedup_hash"
    ):
        if field := _in_common(other, new, emails, beside[other.id]):
            raise PersonOwned(
                f"{other} is among your leads already.",
                fields={field: f"{other} has it already. Merge the two, or use another one."},
                lead=str(other.id),
            )


def _in_common(
    other: Lead, new: Candidate, emails: frozenset[str], beside: Sequence[OtherContact]
) -> str:
    """Which field of the new record says that it is the other lead; "" where none does."""
    theirs = {other.email_key, *(one.key for one in beside)}
    for key in sorted(emails & theirs):
        return next((name for name in EMAILS if _key(new.person, name) == key), "email")
    main = OtherContact(
        key=other.phone_key,
        lead=other.id,
        first_name=other.first_name,
        last_name=other.last_name,
        has_email=bool(other.email_key),
        job=None,
    )
    for contact in (main, *beside):
        line = People()
        line.add_contact(contact)
        if contact.key and not contact.is_email and line.has(new):
            same = (name for name in PHONES if getattr(new.person, name) == contact.key)
            return next(same, "phone")
    return "last_name" if other.dedup_hash == new.dedup_hash else ""


def _key(person: Person, name: str) -> str:
    return normalise_email(getattr(person, name))


def _sentence(name: str, old: Any, new: Any) -> str:
    label, field = COLUMNS[name].label, FIELDS.get(name)
    was, now = (
        named(field, text) if field is not None and field.choices and text else text
        for text in (_typed(old), _typed(new))
    )
    if not now:
        return f"{label} removed, it was {was}"
    return f"{label} changed from {was} to {now}" if was else f"{label} is {now}"


def _typed(value: Any) -> str:
    """A value as somebody would type it."""
    if isinstance(value, list | tuple):
        return ";".join(value)
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
