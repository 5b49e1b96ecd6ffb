"""Reading lists that are enriched, with the jobs at work on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db.models import Q, QuerySet

from cursive.lib.errors import NotFound
from cursive.lib.jobs.models import Job

from .files import has_file, signed_url
from .models import Enrichment

Stage = Literal["matching", "failed", "ready", "delivering", "completed", "cancelled", "expired"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with its two jobs, as far as there are such."""

    enrichment: Enrichment
    preview: Job | None
    delivery: Job | None

    @property
    def stage(self) -> Stage:
        """Where it is: looked up, waiting to be paid, delivered. One word."""
        job = self.delivery or self.preview
        if job is not None and job.status in (Job.Status.FAILED, Job.Status.CANCELLED):
            return "failed" if job.status == Job.Status.FAILED else "cancelled"
        if self.delivery is not None:
            return "completed" if self.delivery.is_over else "delivering"
        if not self.enrichment.is_matched:
            return "matching"
        return "expired" if self.enrichment.is_expired else "ready"

    @property
    def error(self) -> str:
        """Why its look-up or delivery has failed, in a sentence; else ""."""
        job = self.delivery or self.preview
        return job.error if job is not None and job.status == Job.Status.FAILED else ""

    @property
    def can_be_paid(self) -> bool:
        """Whether its price is known and nobody paid it, or paid and cancelled."""
        is_open = self.delivery is None or self.delivery.status == Job.Status.CANCELLED
        return is_open and self.enrichment.is_matched and not self.enrichment.is_expired

    @property
    def download_url(self) -> str:
        """The signed link to the file, or "" where there is none."""
        return signed_url(self.delivery) if self.delivery and has_file(self.delivery) else ""


def enrichments_of(workspace_id: UUID) -> QuerySet[Enrichment]:
    """The workspace's lists, without who was found in them."""
    return Enrichment.objects.filter(workspace_id=workspace_id).defer("people_ids", "sample")


def listed(workspace_id: UUID, enrichments: Iterable[Enrichment]) -> list[Listed]:
    """The lists with their jobs, in two queries however many they are."""
    rows = list(enrichments)
    ids = {one for row in rows for one in (row.preview_job_id, row.delivery_job_id) if one}
    jobs = Job.objects.filter(workspace_id=workspace_id, id__in=ids).in_bulk()
    return [
        Listed(
            row,
            jobs.get(row.preview_job_id) if row.preview_job_id else None,
            jobs.get(row.delivery_job_id) if row.delivery_job_id else None,
        )
        for row in rows
    ]


def get_listed(workspace_id: UUID, id: UUID) -> Listed:
    """One list, by its id or that of one of its jobs. Raises NotFound."""
    named = Q(id=id) | Q(preview_job_id=id) | Q(delivery_job_id=id)
    row = Enrichment.objects.filter(workspace_id=workspace_id).filter(named).first()
    if row is None:
        raise NotFound("There is no such list.")
    return listed(workspace_id, [row])[0]
