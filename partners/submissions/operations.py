"""From a partner's file to leads that staff can look at; and what becomes of them all at once."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.workspaces.models import Workspace
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, enqueue_job
from cursive.lib.jobs.starters import started_by
from leads.imports.staging import Parts
from leads.imports.uploads.operations import KEPT, map_columns, read_otherwise, receive_upload
from leads.imports.uploads.purposes import Purpose
from leads.records.column_names import TARGETS
from marketplace.listings.models import Listing
from marketplace.listings.verdicts import forget_old_verdicts
from partners.program.guards import lock_partner, require_selling

from . import changing
from .allowance import require_allowance
from .details import read_details, read_price
from .models import Submission
from .queries import submissions_of

KIND = "submission"
#: What a file can't say: whether addresses and numbers work and how good leads are is for our own
#: check to find out (P-3, P-4).
CLAIMS = frozenset({"email_verified", "email_verified_at", "phone_verified", "quality_score"})
SUBMISSION = Purpose(
    "submission",
    "Every lead needs an e-mail address. Phone, company, title and LinkedIn make it worth more.",
    tuple(name for name in TARGETS if name not in CLAIMS),
)
Status = Submission.Status
_BLOCK = 1 << 20
_AT_A_TIME = 500
WITHDRAWN = "Withdrawn by the partner."


def upload_submission(
    *,
    workspace: Workspace,
    actor: Actor,
    file: File,
    details: Mapping[str, Any],
    validate: bool = False,
    fields: Mapping[str, str | None] | None = None,
) -> Submission:
    """Keep a partner's file with what is said of it (`details.FIELDS`); its columns are guessed.

    With `validate` that starts at once, with what `fields` say that columns mean. Raises
    Forbidden where the workspace may not sell, InvalidInput by field, Conflict for a file that was
    handed in before, TableRefused and MappingError, and what `start_validation` raises; then
    nothing is kept.
    """
    said = read_details(details)
    digest = _digest_of(file)
    upload = None
    try:
        with tenancy.atomic():
            # One at a time: for the number, and so that one file sent twice at once is one.
            require_selling(lock_partner(workspace.id))
            mine = Submission.objects.filter(workspace_id=workspace.id)
            _refuse_same(mine.counted().filter(digest=digest).first())
            upload = receive_upload(
                workspace_id=workspace.id,
                actor=actor,
                file=file,
                purpose=SUBMISSION,
                country=workspace.country,
            )
            made = Submission.objects.create(
                workspace_id=workspace.id,
                upload=upload,
                number=(mine.aggregate(last=Max("number"))["last"] or 0) + 1,
                digest=digest,
                price_cents=said.price_cents,
                categories=said.categories,
                max_sales=said.max_sales,
                guarantees=True,
                source=said.source,
                collected_on=said.collected_on,
                created_by_id=actor.user_id,
                created_by_label=actor.label,
            )
            record(
                action="create",
                resource="submission",
                resource_id=made.id,
                actor=actor,
                workspace_id=workspace.id,
                new={"number": str(made), "price_cents": made.price_cents, "file": str(upload)},
            )
            if validate:
                start_validation(
                    workspace=workspace, actor=actor, submission_id=made.id, fields=fields
                )
            return locked(workspace.id, made.id)
    except BaseException:
        if upload is not None:
            default_storage.delete(upload.storage_name)
        raise


def _digest_of(file: File) -> str:
    found = hashlib.sha256()
    for block in file.chunks(_BLOCK):
        found.update(block)
    file.seek(0)
    return found.hexdigest()


def _refuse_same(earlier: Submission | None) -> None:
    if earlier is not None:
        raise Conflict(
            f"You have handed in this file before, as {earlier}.",
            fields={"file": f"It is {earlier} already. Choose another file."},
            submission=str(earlier.id),
        )


def read_file_otherwise(*, workspace: Workspace, submission_id: UUID, **said: Any) -> Submission:
    """Say how the file is read (see read_otherwise), before it is validated."""
    with tenancy.atomic():
        found = _to_be_mapped(workspace.id, submission_id)
        read_otherwise(
            workspace_id=workspace.id,
            upload_id=found.upload_id,
            purpose=SUBMISSION,
            country=workspace.country,
            **said,
        )
    return found


def start_validation(
    *,
    workspace: Workspace,
    actor: Actor,
    submission_id: UUID,
    fields: Mapping[str, str | None] | None = None,
) -> Job:
    """Say what the columns mean (None: as they are), and start the job that validates (P-3).

    Raises MappingError, InvalidInput where no column is an address, Conflict where it has begun,
    TooMany where the partner has no more checking now (see `allowance`); then nothing is changed.
    """
    with tenancy.atomic():
        partner = require_selling(lock_partner(workspace.id))
        found = _to_be_mapped(workspace.id, submission_id)
        upload = found.upload
        if fields is not None:
            upload = map_columns(
                workspace_id=workspace.id, upload_id=upload.id, purpose=SUBMISSION, fields=fields
            )
        if not {"email", "work_email", "personal_email"} & set(upload.columns_mapped.fields):
            raise InvalidInput(
                "No column is an e-mail address, and every lead needs one.",
                fields={"mapping": "Say which column has the e-mail addresses."},
            )
        require_allowance(partner)
        job, _ = enqueue_job(
            workspace_id=workspace.id,
            kind=KIND,
            title=f"Check {found}: {upload.file_name}"[:200],
            params={
                "submission": str(found.id),
                "upload": str(upload.id),
                "country": workspace.country,
                "collected_on": found.collected_on.isoformat(),
                "by": started_by(actor),
            },
            actor=actor,
        )
        found.job, found.status = job, Status.VALIDATING
        found.save(update_fields=["job", "status"])
    return job


def submit_for_review(*, workspace_id: UUID, actor: Actor, submission_id: UUID) -> Submission:
    """Hand a validated submission to staff (P-5). Twice is once.

    Raises Conflict where it isn't validated, or is decided already.
    """
    with tenancy.atomic():
        found = locked(workspace_id, submission_id)
        if found.status == Status.REVIEW:
            return found
        if found.status != Status.READY:
            raise Conflict(f"{found} can't be submitted: {found.get_status_display().lower()}.")
        found.status, found.submitted_at = Status.REVIEW, timezone.now()
        found.save(update_fields=["status", "submitted_at"])
        _note(found, actor, "submit", leads=found.valid)
    return found


def give_up(*, workspace_id: UUID, actor: Actor, submission_id: UUID) -> Submission:
    """Take back a submission that isn't decided: its leads go, and may be handed in again.

    What a publication that was cut short had put on sale is withdrawn; what is sold stays sold.

    Raises Conflict where staff have decided.
    """
    with tenancy.atomic():
        # The job before the submission: a job that ends takes its locks in this order.
        job = submissions_of(workspace_id).filter(id=submission_id).values_list("job", flat=True)
        running = Job.objects.active().filter(workspace_id=workspace_id, id__in=job).first()
        if running is not None:
            cancel_job(workspace_id=workspace_id, job_id=running.id, actor=actor)
        found = locked(workspace_id, submission_id)
        if found.status == Status.CLOSED:
            return found
        if found.status not in {Status.DRAFT, Status.VALIDATING, Status.READY, Status.REVIEW}:
            raise Conflict(f"{found} is {found.get_status_display().lower()}, and stays so.")
        if found.approved:
            # Ours: who could end it would have on sale, for good, what is closed.
            changing.change(found, changing.ACTOR, "withdraw", reason=WITHDRAWN)
        close_submission(found)
        _note(found, actor, "give_up")
    return found


def close_submission(found: Submission) -> None:
    """End a submission of which nothing stays on sale, in the caller's transaction."""
    found.status = Status.CLOSED
    found.save(update_fields=["status"])
    changing.drop_leads(found)


def change_price(*, workspace_id: UUID, actor: Actor, submission_id: UUID, price: str) -> int:
    """Ask another price (in dollars) for all that isn't sold; no review again (P-5).

    Returns the cents. Raises InvalidInput for what can't be a price, Conflict while leads are being
    published or checked, or where there are none any more.
    """
    cents = read_price(price)
    with tenancy.atomic():
        found = locked(workspace_id, submission_id)
        if found.status not in {Status.READY, Status.REVIEW, Status.APPROVED}:
            raise Conflict(f"{found} has no price to change: {found.get_status_display().lower()}.")
        # Also the same price again, where an earlier change was ended before it was through.
        every = Listing.objects.filter(submission_id=found.id).repriceable()
        if cents != found.price_cents or every.exclude(price_cents=cents).exists():
            was, found.price_cents = found.price_cents, cents
            found.save(update_fields=["price_cents"])
            changing.change(found, actor, "reprice", price_cents=cents)
            _note(found, actor, "reprice", was=was, price_cents=cents)
    return cents


def withdraw_submission(*, workspace_id: UUID, actor: Actor, submission_id: UUID) -> Submission:
    """Take all of a submission off sale that isn't sold. What is sold stays its buyers'.

    Raises Conflict where nothing of it was ever on sale.
    """
    with tenancy.atomic():
        found = locked(workspace_id, submission_id)
        if found.status != Status.APPROVED:
            raise Conflict(f"Nothing of {found} is on sale: {found.get_status_display().lower()}.")
        changing.change(found, actor, "withdraw", reason=WITHDRAWN)
        _note(found, actor, "withdraw")
    return found


def locked(workspace_id: UUID, submission_id: UUID) -> Submission:
    """A submission with its file and jobs, locked to the commit. Raises NotFound."""
    found = (
        submissions_of(workspace_id)
        .select_for_update(of=("self",))
        .filter(id=submission_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such submission.")
    return found


def _to_be_mapped(workspace_id: UUID, submission_id: UUID) -> Submission:
    found = locked(workspace_id, submission_id)
    if found.status != Status.DRAFT:
        raise Conflict(f"{found} is {found.get_status_display().lower()}; its columns stay.")
    return found


def _note(found: Submission, actor: Actor, action: str, **new: Any) -> None:
    record(
        action=action,
        resource="submission",
        resource_id=found.id,
        actor=actor,
        workspace_id=found.workspace_id,
        new={"number": str(found), **new},
    )


def remove_expired_submissions() -> int:
    """After 30 days, in all workspaces: delete staged rows and whoever was turned down, and close
    what nobody has submitted, so that its people can be offered by others; how many."""
    done, after = 0, None
    with tenancy.system_context():
        while True:
            old = _expired() if after is None else _expired().filter(id__gt=after)
            batch = list(old.order_by("id").values_list("id", flat=True)[:_AT_A_TIME])
            for submission_id in batch:
                with tenancy.atomic():
                    done += _tidy(submission_id)
            if not batch:
                break
            after = batch[-1]
        forget_old_verdicts()
    return done


def _expired() -> QuerySet[Submission]:
    """Submissions of which nothing goes on, and that are to be tidied."""
    found: QuerySet[Submission] = Submission.objects.filter(
        created_at__lt=timezone.now() - KEPT, files_removed_at__isnull=True
    ).exclude(status__in=[Status.VALIDATING, Status.REVIEW, Status.PUBLISHING])
    return found


def _tidy(submission_id: UUID) -> bool:
    """Tidy one up, unless it was handed on or tidied since it was chosen."""
    ours = _expired().select_for_update(of=("self",)).select_related("job")
    found = ours.filter(id=submission_id).first()
    if found is None:
        return False
    if found.status in {Status.DRAFT, Status.READY}:
        close_submission(found)
    else:  # people who were turned down
        changing.drop_leads(found)
    if found.job is not None:
        Parts(found.workspace_id, found.job.id).remove(len(found.plan.get("parts", [])))
    found.plan = {name: value for name, value in found.plan.items() if name != "samples"}
    found.files_removed_at = timezone.now()
    found.save(update_fields=["plan", "files_removed_at"])
    return True
