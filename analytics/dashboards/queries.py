"""What the dashboard shows."""

from typing import Any
from uuid import UUID

from cursive.lib.jobs.queries import jobs_of
from leads.records.models import Lead

# Counting on past this would cost more than the figure is worth here; the page says '10,000+'.
COUNTED = 10_000
SHOWN = 5


def overview(workspace_id: UUID) -> dict[str, Any]:
    """Lead count (capped at COUNTED + 1), the newest leads and jobs of the workspace."""
    leads = Lead.objects.filter(workspace_id=workspace_id).living()
    return {
        "lead_count": leads.order_by()[: COUNTED + 1].count(),
        "counted": COUNTED,
        "leads": leads.order_by("-created_at", "-id")[:SHOWN],
        "jobs": jobs_of(workspace_id).order_by("-created_at", "-id")[:SHOWN],
    }
