"""Rows of plans as the tests plant them, without Stripe."""

from datetime import UTC, datetime
from typing import Any

from accounts.workspaces.models import Workspace
from credits.plans.models import Subscription
from credits.prices.models import Plan
from cursive.lib.tenancy import system_context


def day(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """A moment in UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC)


def subscription(workspace: Workspace, plan: str = "pro", **fields: Any) -> Subscription:
    """A subscription of this workspace, from 12 March to 12 April 2026 unless said otherwise."""
    values: dict[str, Any] = {
        "stripe_id": f"sub_{workspace.name}_{plan}_{fields.get('status', 'active')}",
        "customer_id": f"cus_{workspace.name}",
        "status": "active",
        "period_start": day(2026, 3, 12, 9),
        "period_end": day(2026, 4, 12, 9),
        "started_at": day(2026, 3, 12, 9),
        "observed_at": day(2026, 3, 12, 9),
        **fields,
    }
    values.setdefault("anchor", values["period_start"])
    with system_context():
        return Subscription.objects.create(
            workspace=workspace, plan=Plan.objects.get(code=plan), **values
        )
