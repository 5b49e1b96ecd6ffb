"""One lead at a time, from outside."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from accounts.workspaces.models import Workspace
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.outbox import emit
from cursive.lib.texts import read_text
from leads.catalogue.suppression import is_suppressed

from .acquisition import acquire_people, candidate_of, lock_acquisition
from .known import matching_leads
from .losses import strictly
from .mapping import MappedColumn
from .mapping import Mapping as ColumnMapping
from .models import Lead
from .normalise import clean_emails
from .operations import LONGEST_NOTE, check_own, clean_tags
from .person import FIELD_NAMES, Person
from .reading import PersonReader, Rejection

OWN = ("status", "tags", "notes", "owner")
PHONES = ("phone", "mobile_phone", "direct_phone")


class PersonOwned(Conflict):
    """The workspace has this person already; `lead` in the answer is the lead's id."""

    code = "owned"


def create_lead(*, workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> UUID:
    """Make a lead of one person; return its id. No credits are charged (L-13).

    `values` are fields of a record as text, number, truth value or (`intent_topics`) list, and the
    workspace's own: status, tags, notes, owner (a member's id). They are read and judged as a row
    of an import, but nothing is left out in silence. Raises InvalidInput naming the field, and
    PersonOwned with the existing lead's id.
    """
    person = _read(values, workspace.country)
    own = _own(workspace.id, values)
    candidate = candidate_of(person)
    if is_suppressed(candidate.emails, candidate.phones):
        raise Conflict("This person has asked not to be contacted.")
    with tenancy.atomic():
        lock_acquisition(workspace.id)
        acquired = acquire_people(
            workspace_id=workspace.id, candidates=[candidate], source=Lead.Source.API, own=own
        )
        if not acquired.lead_ids:
            (existing,) = matching_leads(workspace.id, [candidate])
            raise PersonOwned(
                "This person is in your workspace already."
                if existing
                else "This person was in your workspace and is in the trash. Restore them.",
                lead=str(existing) if existing else None,
            )
        (lead_id,) = acquired.lead_ids
        record(
            action="create",
            resource="lead",
            resource_id=lead_id,
            actor=actor,
            workspace_id=workspace.id,
            new={"source": Lead.Source.API},
        )
        emit(workspace.id, "lead.created", {"leads": [str(lead_id)], "source": Lead.Source.API})
    return lead_id


def _read(values: Mapping[str, Any], country: str) -> Person:
    wrong = {
        name: "No such field." for name in values if name not in FIELD_NAMES and name not in OWN
    }
    given = {name: text_of(name, values[name], wrong) for name in values if name in FIELD_NAMES}
    if wrong:
        raise InvalidInput("Some fields can't be used as they are.", fields=wrong)
    return read_strictly(given, country, asked=given)


def read_strictly(given: Mapping[str, str], country: str, *, asked: Collection[str]) -> Person:
    """A person read as a row of an import, where nothing of the `asked` fields may be left out.

    `country` is where phone numbers without `+` are from, unless the person's is given. Raises
    InvalidInput naming the field.
    """
    mapping = ColumnMapping(tuple(MappedColumn(name, name) for name in given))
    reader = PersonReader(mapping, default_country=country, notes_lost=True)
    found = reader.read(list(given.values()))
    if isinstance(found, Rejection):
        fields = {found.field: found.reason} if found.field else {}
        raise InvalidInput(found.reason, fields=fields)
    # What a file's reader would leave out is refused here: somebody means each field.
    lost = {
        name: "This can't be used."
        for name, text in given.items()
        if name in asked
        and text.strip()
        and getattr(found, name) in (None, ())
        and name not in _MOVED
    }
    lost |= {
        field: sentence
        for field, sentence in filter(None, map(strictly, reader.lost))
        if field in asked and field not in _MOVED
    }
    for field in ("email", "work_email", "personal_email"):
        if field in asked and given.get(field, "").strip() and not clean_emails(given[field]):
            lost[field] = "This is no e-mail address."
    for field in PHONES:
        if field in asked and given.get(field, "").strip():
            alone = ColumnMapping((MappedColumn(field, field),))
            one = PersonReader(alone, default_country=found.country or country)
            if isinstance(one.read([given[field]]), Rejection):
                lost[field] = "This is no phone number."
    if lost:
        raise InvalidInput("Some fields can't be used as they are.", fields=lost)
    return found


# Said of the address or number beside them, without which they say nothing.
_MOVED = frozenset({"email_type", "email_verified", "email_verified_at", "phone_type",
                    "phone_verified"})  # fmt: skip


def text_of(name: str, value: Any, wrong: dict[str, str]) -> str:
    """A field's value as a file would have it; what is wrong with it goes into `wrong`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value).replace("\x00", "")
    if name == "intent_topics" and isinstance(value, list):
        return ";".join(str(each) for each in value)
    wrong[name] = "Use a text."
    return ""


def _own(workspace_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {}
    if values.get("status") is not None:
        own["status"] = values["status"]
    if values.get("owner") is not None:
        try:
            own["owner_id"] = UUID(str(values["owner"]))
        except ValueError:
            raise InvalidInput(
                "The owner must be a member.", fields={"owner": "Use a member's id."}
            ) from None
    check_own(workspace_id, own)
    if values.get("tags") is not None:
        tags = values["tags"]
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise InvalidInput("Tags are a list of texts.", fields={"tags": "Use a list of texts."})
        own["tags"] = clean_tags(tags)
    if values.get("notes") is not None:
        own["notes"] = read_text(values["notes"], field="notes", longest=LONGEST_NOTE, lines=True)
    return own
