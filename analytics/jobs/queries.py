"""How well the jobs of all workspaces go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Avg, Count, F, Q
from django.utils import timezone

from cursive.lib.jobs.models import Job

DAYS = 30


@dataclass(frozen=True, slots=True)
class KindFigures:
    """One kind of job in the last 30 days. `seconds` is how long one takes that is completed."""

    kind: str
    ended: int
    completed: int
    failed: int
    seconds: float | None

    @property
    def success(self) -> float | None:
        """The share of those that ended by themselves, in percent; cancelled ones don't count."""
        judged = self.completed + self.failed
        return 100 * self.completed / judged if judged else None


def figures_of(labels: Mapping[str, str]) -> list[KindFigures]:
    """The figures of each kind that has ended jobs, over all workspaces; for staff alone."""
    over = Job.objects.filter(finished_at__gt=timezone.now() - timedelta(days=DAYS))
    completed = Q(status=Job.Status.COMPLETED)
    rows = (
        over.values("kind")
        .annotate(
            ended=Count("id"),
            completed=Count("id", filter=completed),
            gone_wrong=Count("id", filter=Q(status=Job.Status.FAILED)),
            took=Avg(F("finished_at") - F("started_at"), filter=completed),
        )
        .order_by("kind")
    )
    return [
        KindFigures(
            labels.get(row["kind"], row["kind"]),
            row["ended"],
            row["completed"],
            row["gone_wrong"],
            row["took"].total_seconds() if row["took"] is not None else None,
        )
        for row in rows
    ]
