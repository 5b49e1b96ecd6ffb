"""The nightly run."""

from celery import shared_task

from .operations import score_everything


@shared_task(name="leads.scoring.score_everything")
def score_all() -> int:
    """Bring all scores up to the new day (L-7). Returns how many changed."""
    return score_everything()[1]
