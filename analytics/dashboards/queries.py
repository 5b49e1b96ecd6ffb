"""What the dashboard shows."""

from typing import Any
from uuid import UUID

from credits.ledger.queries import balance_of
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.queries import listed_jobs_of
from cursive.lib.ui.formatting import format_credits, format_number
from leads.records.queries import capped_count, leads_of
from segments.saved.models import Segment

# Counting on past this would cost more than the figure is worth here; the page says '10,000+'.
COUNTED = 10_000
SHOWN = 5


def overview(workspace_id: UUID) -> dict[str, Any]:
    """Balance, counts, and the newest leads, segments and jobs of the workspace."""
    leads = leads_of(workspace_id)
    count = capped_count(leads, COUNTED)
    balance = balance_of(workspace_id)
    segments = Segment.objects.filter(workspace_id=workspace_id, deleted_at__isnull=True)
    jobs = listed_jobs_of(workspace_id)
    return {
        "balance": balance,
        "held_hint": f"{format_credits(balance.held)} held by running jobs" if balance.held else "",
        "lead_label": f"{COUNTED:,}+" if count > COUNTED else format_number(count),
        "leads": leads.order_by("-created_at", "-id")[:SHOWN],
        "segment_count": segments.count(),
        "segments": segments.order_by("-updated_at", "-id")[:SHOWN],
        "running": listed_jobs_of(workspace_id).filter(status__in=Job.ACTIVE).count(),
        "jobs": jobs.order_by("-created_at", "-id")[:SHOWN],
    }
