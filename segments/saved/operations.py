"""What changes segments, and running them (S-7, S-8)."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.text import Truncator

from accounts.workspaces.models import Workspace
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, DomainError, InvalidInput, NotFound
from cursive.lib.jobs.models import Job
from cursive.lib.texts import read_text
from leads.catalogue.source import Count
from leads.filters.document import digest, dump
from leads.filters.sentence import sentence
from leads.filters.tree import Group
from leads.records.pulls import PullHandler, start_pull

from .models import RESTORABLE, Segment
from .queries import count_people

NAME_LENGTH = 120
DESCRIPTION_LENGTH = 1_000
COUNTS = ("last_count", "last_net_new", "last_counted_at")


def create_segment(
    *,
    workspace: Workspace,
    actor: Actor,
    name: str,
    filter: Group,
    description: str = "",
) -> Segment:
    """Save a filter under a name, owned by the actor. Raises InvalidInput for a bad name."""
    with tenancy.atomic():
        segment = Segment(
            workspace=workspace,
            name=read_name(name),
            description=read_description(description),
            owner_id=actor.user_id,
        )
        _take_filter(segment, filter)
        segment.save(force_insert=True)
        _record("create", segment, actor, new=_facts(segment))
    return segment


def update_segment(
    *,
    workspace: Workspace,
    actor: Actor,
    segment_id: UUID,
    name: str | None = None,
    description: str | None = None,
    filter: Group | None = None,
    status: str | None = None,
) -> Segment:
    """Change what is given; None leaves as it is. A new filter forgets the old counts.

    Nothing is written, and nothing recorded, where nothing is different.
    """
    with tenancy.atomic():
        segment = _locked(workspace, segment_id)
        old = _facts(segment)
        if name is not None:
            segment.name = read_name(name)
        if description is not None:
            segment.description = read_description(description)
        if status is not None:
            segment.status = _read_status(status)
        if filter is not None and digest(filter) != segment.filter_digest:
            _take_filter(segment, filter)
            segment.last_count = segment.last_net_new = segment.last_counted_at = None
        new = _facts(segment)
        if new != old:
            segment.updated_at = timezone.now()
            segment.save()
            changed = {key for key in new if new[key] != old[key]}
            _record(
                "update",
                segment,
                actor,
                old={key: old[key] for key in changed},
                new={key: new[key] for key in changed},
            )
    return segment


def duplicate_segment(*, workspace: Workspace, actor: Actor, segment_id: UUID) -> Segment:
    """A copy, active and owned by the actor, under 'Copy of …'."""
    with tenancy.atomic():
        original = _locked(workspace, segment_id)
        return create_segment(
            workspace=workspace,
            actor=actor,
            name=Truncator(f"Copy of {original.name}").chars(NAME_LENGTH),
            description=original.description,
            filter=original.tree(),
        )


def archive_segment(*, workspace: Workspace, actor: Actor, segment_id: UUID) -> Segment:
    """Put a segment away; it keeps its history and can be made active again."""
    return update_segment(
        workspace=workspace,
        actor=actor,
        segment_id=segment_id,
        status=Segment.Status.ARCHIVED,
    )


def pause_segment(*, workspace: Workspace, actor: Actor, segment_id: UUID) -> Segment:
    """Let nothing run by itself; running by hand still works."""
    return update_segment(
        workspace=workspace, actor=actor, segment_id=segment_id, status=Segment.Status.PAUSED
    )


def resume_segment(*, workspace: Workspace, actor: Actor, segment_id: UUID) -> Segment:
    """Make a paused or archived segment active."""
    return update_segment(
        workspace=workspace, actor=actor, segment_id=segment_id, status=Segment.Status.ACTIVE
    )


def delete_segment(*, workspace: Workspace, actor: Actor, segment_id: UUID) -> Segment:
    """Delete softly: restorable for 30 days (A-19). Its leads stay."""
    with tenancy.atomic():
        segment = _locked(workspace, segment_id)
        segment.deleted_at = timezone.now()
        segment.save(update_fields=["deleted_at"])
        _record("delete", segment, actor, old=_facts(segment))
    return segment


def restore_segment(*, workspace: Workspace, actor: Actor, segment_id: UUID) -> Segment:
    """Undo a deletion. Raises NotFound after 30 days, and where nothing was deleted."""
    with tenancy.atomic():
        segment = (
            Segment.objects.select_for_update()
            .filter(workspace_id=workspace.id, id=segment_id)
            .restorable()
            .first()
        )
        if segment is None:
            raise NotFound("There is no such deleted segment.")
        segment.deleted_at = None
        segment.save(update_fields=["deleted_at"])
        _record("restore", segment, actor, new=_facts(segment))
    return segment


def note_count(*, workspace: Workspace, segment_id: UUID, count: Count) -> None:
    """Remember what a segment counted just now, for cards and lists."""
    Segment.objects.filter(workspace_id=workspace.id, id=segment_id).update(
        last_count=count.total, last_net_new=count.net_new, last_counted_at=timezone.now()
    )


def pull_leads(
    *,
    workspace: Workspace,
    actor: Actor,
    segment: Segment,
    limit: object,
    order: object = "score",
    key: str = "",
) -> Job:
    """Start pulling up to `limit` people of a segment whom the workspace doesn't own (S-8).

    The price of what can be delivered is held with the job, in one transaction. The same `key`
    with the same request gives the same job. Raises InvalidInput (field `limit` or `order`),
    Conflict for an archived segment and for a key that was used otherwise, and
    InsufficientCredits (402, with balance and price); then nothing is changed.
    """
    with tenancy.atomic():
        locked = _locked(workspace, segment.id)
        if locked.is_archived:
            raise Conflict("This segment is archived. Make it active to pull from it.")
        job, is_new = start_pull(
            workspace_id=workspace.id,
            actor=actor,
            filter=locked.tree(),
            limit=limit,
            order=order,
            key=key,
            segment_id=locked.id,
            title=locked.name,
        )
        if is_new:
            locked.last_run_at = timezone.now()
            locked.last_job_id = job.id
            new = job.params["new"]
            _write_count(locked, Count(new + job.params["owned"], new))
            locked.save(update_fields=["last_run_at", "last_job_id", *COUNTS])
    return job


def _write_count(segment: Segment, count: Count) -> None:
    segment.last_count, segment.last_net_new = count
    segment.last_counted_at = timezone.now()


class SegmentPullHandler(PullHandler):
    """A pull that tells its segment, when it ends, what is left to pull (S-7)."""

    def finish(self, job: Job) -> None:
        """Settle accounts, then count anew: who was delivered is no longer new."""
        super().finish(job)
        _note_end(job)


def _note_end(job: Job) -> None:
    """Count the segment of a pull that has ended, unless its filter is another one by now.

    The step has locked the account, and whoever starts a pull locks the segment before that: so a
    locked segment isn't waited for. The pull that begins writes newer counts, now and at its end.
    """
    segment = (
        Segment.objects.select_for_update(skip_locked=True)
        .filter(workspace_id=job.workspace_id, id=job.params["segment"])
        .filter(filter_digest=job.params["digest"])
        .first()
    )
    if segment is None:
        return
    try:
        count = count_people(job.workspace_id, segment.tree())
    except DomainError:  # the catalogue rests, or the filter is unreadable: the pull counts
        return
    _write_count(segment, count)
    segment.save(update_fields=COUNTS)


def purge_segments() -> int:
    """Delete for good, in every workspace, what was deleted over 30 days ago (A-19)."""
    with tenancy.system_context():
        rows, _ = Segment.objects.filter(deleted_at__lte=timezone.now() - RESTORABLE).delete()
    return rows


def read_name(raw: object) -> str:
    """A segment's name, trimmed. Raises InvalidInput naming the field."""
    missing = "Give the segment a name."
    return read_text(raw, field="name", longest=NAME_LENGTH, missing=missing)


def read_description(raw: object) -> str:
    """A segment's description, trimmed. Raises InvalidInput naming the field."""
    return read_text(raw, field="description", longest=DESCRIPTION_LENGTH, lines=True)


def _read_status(raw: object) -> str:
    if raw not in Segment.Status.values:
        sentence = f"Use one of {', '.join(Segment.Status.values)}."
        raise InvalidInput(sentence, fields={"status": sentence})
    return str(raw)


def _locked(workspace: Workspace, segment_id: UUID) -> Segment:
    segment = (
        Segment.objects.select_for_update()
        .filter(workspace_id=workspace.id, id=segment_id)
        .living()
        .first()
    )
    if segment is None:
        raise NotFound("There is no such segment.")
    return segment


def _take_filter(segment: Segment, filter: Group) -> None:
    segment.filter = dump(filter)
    segment.filter_digest = digest(filter)
    segment.sentence = sentence(filter)


def _facts(segment: Segment) -> dict[str, Any]:
    return {
        "name": segment.name,
        "description": segment.description,
        "sentence": segment.sentence,
        "digest": segment.filter_digest,
        "status": str(segment.status),
    }


def _record(action: str, segment: Segment, actor: Actor, **values: Any) -> None:
    record(
        action=action,
        resource="segment",
        resource_id=segment.id,
        actor=actor,
        workspace_id=segment.workspace_id,
        **values,
    )
