"""Reading imports."""

from uuid import UUID

from django.db.models import QuerySet

from .models import Import


def imports_of(workspace_id: UUID) -> QuerySet[Import]:
    """The workspace's imports, with their files and jobs."""
    return Import.objects.filter(workspace_id=workspace_id).select_related(
        "upload", "preview_job", "job"
    )
