"""Starting the look-up of a list, and paying for what it found."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage

from credits.ledger.jobs import hold_for
from cursive.lib import limits, tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import earlier_job, enqueue_job
from cursive.lib.jobs.starters import started_by
from cursive.lib.money import credits
from leads.imports.uploads.models import Upload
from leads.imports.uploads.operations import map_columns, receive_upload, upload_of
from leads.imports.uploads.purposes import Purpose
from leads.records.column_names import FULL_NAME
from leads.records.pulls import read_key

from . import deliveries, files, previews
from .models import Enrichment, MatchPart
from .prices import Quote, quote_of

ENRICHMENT = Purpose(
    "enrichment",
    "A row is found by an e-mail address, a phone number, a LinkedIn address, or a first and last "
    "name with a company. The more of them it has, the surer it is.",
    (
        *("first_name", "last_name", FULL_NAME, "linkedin_url"),
        *("email", "work_email", "personal_email", "phone", "mobile_phone", "direct_phone"),
        *("company_name", "company_domain", "title", "city", "state", "country"),
    ),
)


def earlier_enrichment(
    *, workspace_id: UUID, key: str, request: dict[str, Any] | None = None
) -> Enrichment | None:
    """The list whose look-up this Idempotency-Key started, if any; two at once wait here.

    Raises Conflict where the key was used for another `request`, InvalidInput for an unfit key.
    """
    job = earlier_job(
        workspace_id=workspace_id, kind=previews.KIND, key=read_key(key), params=request
    )
    return previews.enrichment_of_job(job) if job is not None else None


def receive_list(
    *,
    workspace_id: UUID,
    actor: Actor,
    file: File,
    fields: Mapping[str, str | None],
    country: str,
    key: str = "",
) -> Enrichment:
    """Take a file in, say what columns mean (`fields`, the others are guessed), and look it up.

    All of it or nothing: what is refused leaves no file behind. The same `key` with the same file
    name, size and fields gives the first list. Raises what the three steps raise.
    """
    request = {"file": file.name, "size": file.size, "mapping": dict(fields)}
    with tenancy.atomic():
        earlier = earlier_enrichment(workspace_id=workspace_id, key=key, request=request)
        if earlier is not None:
            return earlier
        upload = receive_upload(
            workspace_id=workspace_id, actor=actor, file=file, purpose=ENRICHMENT, country=country
        )
        try:
            if fields:
                map_columns(
                    workspace_id=workspace_id,
                    upload_id=upload.id,
                    purpose=ENRICHMENT,
                    fields=fields,
                )
            return start_enrichment(
                workspace_id=workspace_id,
                actor=actor,
                upload_id=upload.id,
                country=country,
                key=key,
                request=request,
            )
        except BaseException:
            default_storage.delete(upload.storage_name)
            raise


def start_enrichment(
    *,
    workspace_id: UUID,
    actor: Actor,
    upload_id: UUID,
    country: str,
    key: str = "",
    request: dict[str, Any] | None = None,
) -> Enrichment:
    """Look the rows of an upload up, as its columns are mapped now; free, as a job.

    `country` (ISO alpha-2) is where phones without `+` are from; `request` is what a key stands
    for. Raises NotFound, InvalidInput where no column can say who a row is, `TooMany` past 20
    a day a workspace.
    """
    with tenancy.atomic():
        earlier = earlier_enrichment(workspace_id=workspace_id, key=key, request=request)
        if earlier is not None:
            return earlier
        upload = upload_of(workspace_id, upload_id, ENRICHMENT, lock=True)
        _check_keys(upload)
        if upload.file_removed_at is not None:
            raise Conflict("This file is no longer kept. Upload it again.")
        id = tenancy.uuid7()
        limits.hit_once(previews.A_DAY, workspace_id, str(id))
        enrichment = Enrichment.objects.create(
            id=id,
            workspace_id=workspace_id,
            upload=upload,
            file_name=upload.file_name,
            reading={
                "delimiter": upload.delimiter,
                "encoding": upload.encoding,
                "header": upload.header,
                "header_line": upload.header_line,
            },
            columns=upload.columns,
            mapping=upload.mapping,
            country=country,
            created_by_id=actor.user_id,
        )
        job, _ = enqueue_job(
            workspace_id=workspace_id,
            kind=previews.KIND,
            title=f"Look up {upload.file_name}"[:200],
            params={"enrichment": str(enrichment.id), **(request or {})},
            actor=actor,
            key=key,
        )
        enrichment.preview_job_id = job.id
        enrichment.save(update_fields=["preview_job_id"])
    return enrichment


def pay_enrichment(
    *,
    workspace_id: UUID,
    actor: Actor,
    enrichment_id: UUID,
    most: object = None,
    leads: bool = True,
    key: str = "",
) -> Job:
    """Hold the price of a matched list, and start the job that delivers and charges it.

    `most`: the credits that somebody agreed to; more raises Conflict. With `leads`, people who
    are delivered become leads too. Raises NotFound, Conflict where it isn't matched yet, nobody
    was found, or it is paid already, InsufficientCredits (402); then nothing has changed.
    """
    agreed = credits(most) if isinstance(most, str | int) and most != "" else None
    request = {"enrichment": str(enrichment_id), "leads": leads}
    with tenancy.atomic():
        earlier = earlier_job(
            workspace_id=workspace_id, kind=deliveries.KIND, key=read_key(key), params=request
        )
        if earlier is not None:
            return earlier
        enrichment = _locked(workspace_id, enrichment_id)
        quote = _payable(workspace_id, enrichment)
        if agreed is not None and quote.price > agreed:
            raise Conflict(
                f"The price is {quote.price:,} credits now, more than the {agreed:,} you agreed to."
            )
        parts = MatchPart.objects.filter(workspace_id=workspace_id, enrichment=enrichment).count()
        job, _ = enqueue_job(
            workspace_id=workspace_id,
            kind=deliveries.KIND,
            title=f"Enrich {enrichment.file_name}"[:200],
            params={
                **request,
                **quote.tariff.as_dict(),
                "new": quote.new,
                "parts": parts,
                "file": enrichment.file_name,
                "columns": enrichment.columns,
                "by": started_by(actor),
            },
            actor=actor,
            key=key,
            total=enrichment.rows,
        )
        job.cursor = {**deliveries.NOTHING_DELIVERED}
        hold_for(job, quote.price, action=deliveries.ACTION, actor=actor)
        job.save(update_fields=["cursor"])
        enrichment.delivery_job_id = job.id
        enrichment.save(update_fields=["delivery_job_id"])
        record(
            action="pay",
            resource="enrichment",
            resource_id=enrichment.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"list": enrichment.file_name, "most": quote.price, "people": quote.people},
        )
    return job


def _locked(workspace_id: UUID, enrichment_id: UUID) -> Enrichment:
    enrichment = (
        Enrichment.objects.select_for_update(of=("self",))
        .filter(workspace_id=workspace_id, id=enrichment_id)
        .first()
    )
    if enrichment is None:
        raise NotFound("There is no such list.")
    return enrichment


def _payable(workspace_id: UUID, enrichment: Enrichment) -> Quote:
    """What it costs now. Raises Conflict where it can't be paid for."""
    if not enrichment.is_matched:
        raise Conflict("This list isn't looked up yet. Its price is known when that is done.")
    if enrichment.is_expired:
        raise Conflict(f"This list is older than {files.KEPT.days} days. Upload it again.")
    if not enrichment.people:
        raise Conflict("Nobody of this list was found, so there is nothing to deliver.")
    if enrichment.delivery_job_id is not None:
        delivery = Job.objects.get(workspace_id=workspace_id, id=enrichment.delivery_job_id)
        if delivery.status != Job.Status.CANCELLED:
            raise Conflict("This list is paid for already.")
    return quote_of(workspace_id, enrichment)


def _check_keys(upload: Upload) -> None:
    """Raises InvalidInput where no row could be found by these columns."""
    fields = set(upload.columns_mapped.fields)
    alone = {name for name in ENRICHMENT.targets if "email" in name or "phone" in name}
    if fields & (alone | {"linkedin_url"}):
        return
    is_named = FULL_NAME in fields or {"first_name", "last_name"} <= fields
    if not (is_named and fields & {"company_name", "company_domain"}):
        raise InvalidInput("No column says who a row is.", fields={"mapping": ENRICHMENT.needs})
