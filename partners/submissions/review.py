"""What staff decide about a submission: all of it, a part, or none (P-5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.jobs.models import Job
from cursive.lib.texts import read_text
from leads.verification.models import Status as Check
from marketplace.listings.models import Listing
from partners.program.guards import lock_partner, require_selling

from . import changing, mails
from .models import RejectCode, Submission
from .operations import locked

Status = Submission.Status
LONGEST_TEXT = 500
#: What an address may be for its lead to be approved.
SELLABLE = [status for status in Check if status != Check.INVALID]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which leads of a submission are approved: those of `quality` at least, of these `statuses`
    (none named: all), and of them the best `number` (None: all)."""

    quality: int = 0
    statuses: Sequence[str] = ()
    number: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.quality and not self.statuses and self.number is None


EVERYTHING = Selection()


def approve_submission(
    *,
    workspace_id: UUID,
    actor: Actor,
    submission_id: UUID,
    selection: Selection = EVERYTHING,
    code: str = "",
    text: str = "",
) -> Job:
    """Have the chosen leads put on sale by a job, and the others turned down, for a reason of P-6b
    ('low quality' where none is given); the partner is mailed when it is done.

    Who has asked meanwhile not to be contacted is turned down too (A-18). Raises Conflict where it
    doesn't wait for review or none of its leads is chosen, Forbidden where the partner may not
    sell now, InvalidInput for what can't be a selection or a reason.
    """
    _check_selection(selection)
    code = "" if selection.is_everything else code or RejectCode.LOW_QUALITY
    text = _read_reason(code, text) if code else ""
    with tenancy.atomic():
        partner = lock_partner(workspace_id)
        found = _waiting(workspace_id, submission_id)
        require_selling(partner)
        params = _params_of(found, selection)
        found.status = Status.PUBLISHING
        _decided(found, actor, code, text)
        found.save()
        job = changing.start_change(
            found, changing.ACTOR, "publish", total=found.valid, selection=params
        )
        _note(found, actor, "approve", {"selection": params})
    return job


def reject_submission(
    *, workspace_id: UUID, actor: Actor, submission_id: UUID, code: str, text: str = ""
) -> Submission:
    """Turn a whole submission down, with a reason of P-6b; the partner is mailed. What of it is on
    sale already, and isn't sold, is withdrawn.

    Raises InvalidInput for a reason that there isn't, or for 'other' without a text, Conflict where
    it doesn't wait for review.
    """
    text = _read_reason(code, text)
    with tenancy.atomic():
        found = _waiting(workspace_id, submission_id)
        found.status = Status.REJECTED
        _decided(found, actor, code, text)
        found.save()
        reason = found.reject_reason[:200]
        if found.approved:  # by a publication that was cut short
            changing.change(found, changing.ACTOR, "withdraw", reason=reason)
        changing.change(found, changing.ACTOR, "reject", reason=reason)
        mails.mail_rejected(found)
        _note(found, actor, "reject", {"code": code, "text": text})
    return found


def look_at_people(*, actor: Actor, submission: Submission) -> None:
    """Note that somebody of the staff sees who is in a submission."""
    _note(submission, actor, "view", {"what": "a sample of its people"})


def conclude(job: Job, found: Submission) -> None:
    """Write down what came of a job that has changed a submission's leads, in the transaction that
    ends it. One that was ended too early leaves the rest to be decided."""
    action = job.params["action"]
    if action not in {"publish", "reject"}:
        return
    found.approved = Listing.objects.filter(submission_id=found.id, listed_at__isnull=False).count()
    if job.status != Job.Status.COMPLETED:
        found.status = Status.REVIEW
    elif action == "reject":
        found.status = Status.REJECTED
    else:
        found.status = Status.APPROVED
        mails.mail_approved(found)
    found.save(update_fields=["approved", "status"])


def _read_reason(code: str, text: str) -> str:
    text = read_text(text, field="text", longest=LONGEST_TEXT)
    if code not in RejectCode.values:
        raise InvalidInput("Choose a reason.", fields={"code": "Choose one of the reasons."})
    if code == RejectCode.OTHER and not text:
        sentence = "Say in words what is wrong: the partner reads it."
        raise InvalidInput(sentence, fields={"text": sentence})
    return text


def _waiting(workspace_id: UUID, submission_id: UUID) -> Submission:
    found = locked(workspace_id, submission_id)
    if found.status != Status.REVIEW:
        raise Conflict(f"{found} doesn't wait for review: {found.get_status_display().lower()}.")
    return found


def _decided(found: Submission, actor: Actor, code: str, text: str = "") -> None:
    found.reviewed_at, found.reviewed_by_label = timezone.now(), actor.label
    found.reject_code, found.reject_text = code, text


def _check_selection(selection: Selection) -> None:
    problems = {}
    if not 0 <= selection.quality <= 100:
        problems["quality"] = "From 0 to 100."
    if set(selection.statuses) - set(SELLABLE):
        problems["statuses"] = "Choose among the answers of a check, without invalid ones."
    if selection.number is not None and selection.number < 1:
        problems["number"] = "At least 1; to approve none, reject it."
    if problems:
        raise InvalidInput("No leads can be chosen so.", fields=problems)


def _params_of(found: Submission, selection: Selection) -> dict[str, Any]:
    """A selection as the job keeps it: a number becomes the quality and id of the last chosen."""
    params: dict[str, Any] = {
        "quality": selection.quality,
        "statuses": sorted(map(str, selection.statuses)),
    }
    drafts = Listing.objects.filter(submission_id=found.id, status=Listing.Status.DRAFT)
    best = drafts.filter(changing.chosen(params)).order_by("-quality", "id")
    if selection.number is not None:
        last = list(best.values_list("quality", "id")[selection.number - 1 : selection.number])
        if last:
            params["floor"] = list(last[0])
    if not best.exists():
        raise Conflict("None of its leads is chosen so. Choose otherwise, or reject it.")
    return params


def _note(found: Submission, actor: Actor, action: str, new: dict[str, Any]) -> None:
    record(
        action=action,
        resource="submission",
        resource_id=found.id,
        actor=actor,
        workspace_id=found.workspace_id,
        new={"number": str(found), **new},
    )
