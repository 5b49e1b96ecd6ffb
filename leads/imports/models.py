"""Imports: an uploaded file, its preview, and what became of it."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import TenantModel

from .uploads.models import Upload


class Import(TenantModel):
    """One file on its way into the workspace. The jobs say how far it is.

    `plan` is what the preview found: `rows` and, of them, `new`, `owned`, `doubles`, `invalid` and
    `suppressed`; `reasons` (sentence → rows), `warnings` and `repairs` (sentence → values),
    `samples` (outcome → rows), and `parts`, [rows, invalid rows] of each staged part.
    """

    class Existing(models.TextChoices):
        """What happens to people whom the workspace has already."""

        SKIP = "skip", "Leave them as they are"
        FILL = "fill", "Fill their empty fields from the file"

    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=80, blank=True, default="")
    preview_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    plan = models.JSONField(default=dict)
    options = models.JSONField(default=dict, help_text="tags, owner, status, existing.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by_label = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    files_removed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="import_recent"),
        ]

    def __str__(self) -> str:
        return self.label or self.upload.file_name

    @property
    def state(self) -> str:
        """mapping, previewing, preview_failed, ready; then that of the import's job."""
        if self.job is not None:
            return self.job.status
        preview = self.preview_job
        if preview is None or preview.status == Job.Status.CANCELLED:
            return "mapping"
        if preview.status == Job.Status.FAILED:
            return "preview_failed"
        return "ready" if preview.status == Job.Status.COMPLETED else "previewing"

    @property
    def state_label(self) -> str:
        """The state in words for people."""
        own = {
            "mapping": "To be mapped",
            "previewing": "Being read",
            "preview_failed": "Can't be read",
            "ready": "To be confirmed",
        }
        if self.job is not None:
            return str(self.job.get_status_display())
        if self.state == "ready" and not {"new", "owned"} & set(self.plan.get("counts", {})):
            return "Nobody in it"
        return own[self.state]

    @property
    def result(self) -> dict[str, Any]:
        """What the import did; empty until it is over."""
        return self.job.result if self.job is not None else {}
