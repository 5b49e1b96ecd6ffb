"""What the clock does to purchases: reloads, closes what never began, compares with Stripe."""

from uuid import UUID

from celery import shared_task

from .charging import run_reload
from .operations import close_unbegun
from .reconciliation import compare_once_a_day
from .reloads import reloads_to_look_at


@shared_task(name="credits.purchases.reload")
def reload(workspace_id: str) -> None:
    """Charge a workspace's kept card, where a crossing asks for it (C-14)."""
    run_reload(UUID(workspace_id))


@shared_task(name="credits.purchases.sweep_reloads")
def sweep_reloads() -> int:
    """Ring for every workspace whose balance is under its threshold; how many."""
    found = reloads_to_look_at()
    for workspace_id in found:
        reload.delay(str(workspace_id))
    return len(found)


@shared_task(name="credits.purchases.close_unbegun")
def close_purchases() -> int:
    """Close what never got a page at Stripe (C-8); how many."""
    return close_unbegun()


@shared_task(name="credits.purchases.compare_with_stripe")
def compare_with_stripe() -> int:
    """Compare the last days' purchases with Stripe's records, once a night (C-7)."""
    return compare_once_a_day()
