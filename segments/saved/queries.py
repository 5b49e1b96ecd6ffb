"""Reading segments."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from cursive.lib.errors import NotFound
from leads.catalogue.local import local_source
from leads.catalogue.source import Count
from leads.filters.tree import Group
from leads.records.acquisition import owned_people

from .models import Segment, SegmentQuerySet

DELETED = "deleted"


def segments_of(workspace_id: UUID, *, status: str = "", search: str = "") -> SegmentQuerySet:
    """The workspace's segments with their owners, last changed first.

    `status` is one of Segment.Status, 'deleted' for those that can be restored, or '' for all
    that aren't archived; `search` is looked for in names, case aside.
    """
    segments = Segment.objects.filter(workspace_id=workspace_id)
    if status == DELETED:
        segments = segments.restorable()
    else:
        segments = segments.living()
        if status:
            segments = segments.filter(status=status)
        else:
            segments = segments.exclude(status=Segment.Status.ARCHIVED)
    if search:
        segments = segments.filter(name__icontains=search)
    return segments.select_related("owner").order_by("-updated_at", "-id")


def count_by_status(workspace_id: UUID) -> dict[str, int]:
    """How many segments there are: by status, 'deleted' (restorable), and '' for unarchived."""
    statuses = {
        status: models.Count("id", filter=Q(status=status, deleted_at__isnull=True))
        for status in Segment.Status.values
    }
    counts = Segment.objects.filter(workspace_id=workspace_id).aggregate(**statuses)
    counts[DELETED] = Segment.objects.filter(workspace_id=workspace_id).restorable().count()
    counts[""] = counts["active"] + counts["paused"]
    return counts


def get_segment(workspace_id: UUID, segment_id: UUID) -> Segment:
    """One living segment with its owner. Raises NotFound, for another workspace's too (X-2)."""
    segment = (
        Segment.objects.filter(workspace_id=workspace_id, id=segment_id)
        .living()
        .select_related("owner")
        .first()
    )
    if segment is None:
        raise NotFound("There is no such segment.")
    return segment


def restorable_segment(workspace_id: UUID, raw_id: str) -> Segment | None:
    """A deleted segment that can be brought back, by its id as it came in; None for any other."""
    try:
        segment_id = UUID(raw_id)
    except ValueError:
        return None
    segments = Segment.objects.filter(workspace_id=workspace_id, id=segment_id)
    return segments.restorable().first()


def count_people(workspace_id: UUID, filter: Group) -> Count:
    """How many people match a filter, and how many of them the workspace doesn't own (L-3)."""
    return local_source().count(filter, owned=owned_people(workspace_id))
