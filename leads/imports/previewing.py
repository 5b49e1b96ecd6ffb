"""The job that reads a file and works out what importing it would do; no lead is touched."""

from django.urls import reverse

from cursive.lib import tenancy
from cursive.lib.garbage import collector_resting
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step

from .judging import ImportJudge, Judge
from .models import Import
from .reading import PART_ROWS, SHOWN, FileReader, PartRead, estimate, noted
from .staging import Parts
from .uploads.models import Upload

KIND = "import_preview"


def _judge(job: Job, upload: Upload) -> Judge:
    return ImportJudge(job.workspace_id, upload.columns_mapped)


class PreviewHandler(JobHandler):
    """Stages a file part by part; its cursor is that of `reading`."""

    kind = KIND
    label = "Import preview"

    def __init__(self) -> None:
        self._reader = FileReader(_judge)

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The preview, unless it was thrown away."""
        if job.params.get("discarded"):
            return []
        return [("See the preview", reverse("leads:import", args=[job.params["import"]]))]

    @collector_resting()
    def prepare(self, job: Job) -> PartRead:
        """Read, judge and stage the next part."""
        return self._reader.read_part(job, PART_ROWS)[1]

    def step(self, job: Job, prepared: PartRead) -> Step:
        """Note what was staged."""
        cursor = noted(job.cursor, prepared)
        return Step(
            processed=prepared.rows - prepared.invalid,
            failed=prepared.invalid,
            cursor=cursor,
            done=prepared.is_last,
            total=estimate(cursor, prepared),
        )

    def finish(self, job: Job) -> None:
        """Give the plan to the import; leave nothing behind of a preview that was given up."""
        self._reader.close()
        if job.status != Job.Status.COMPLETED:
            imports = Import.objects.filter(workspace_id=job.workspace_id, preview_job_id=job.id)
            if job.status == Job.Status.CANCELLED or not imports.exists():
                parts, count = Parts(job.workspace_id, job.id), job.cursor.get("part", 0) + 1
                tenancy.on_commit(lambda: parts.remove(count))
            return
        cursor = job.cursor
        counts = cursor["counts"]
        plan = {"rows": cursor["rows"], "counts": counts} | {name: cursor[name] for name in SHOWN}
        Import.objects.filter(workspace_id=job.workspace_id, preview_job_id=job.id).update(
            plan=plan
        )
        Upload.objects.filter(workspace_id=job.workspace_id, id=job.params["upload"]).update(
            row_count=cursor["rows"]
        )
        job.result = {"rows": cursor["rows"], **counts}
        # They are with the import now.
        job.cursor = {"part": cursor["part"], "position": cursor["position"]}
