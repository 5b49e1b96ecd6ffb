"""A score that is fitted to a workspace's own won and lost leads: measured, switched on and off."""

from uuid import UUID

from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, NotFound

from .fitting import fit
from .models import FittedScore
from .operations import start_scoring
from .queries import count_outcomes, outcomes_of

# L-10; and of each kind so many that the five folds all have some.
LEAST_OUTCOMES, LEAST_OF_A_KIND = 200, 20


def may_fit(won: int, lost: int) -> bool:
    """Whether there are enough outcomes to learn from."""
    return won + lost >= LEAST_OUTCOMES and min(won, lost) >= LEAST_OF_A_KIND


def fit_score(*, workspace_id: UUID, actor: Actor) -> FittedScore:
    """Fit a score to the outcomes and measure it against the rule.

    One that is in use stays in use with its new weights, and all leads are scored by them. Raises
    `Conflict` where there are too few outcomes.
    """
    with tenancy.atomic():
        _lock(workspace_id)
        patterns = outcomes_of(workspace_id)
        won, lost = sum(one.won for one in patterns), sum(one.lost for one in patterns)
        if not may_fit(won, lost):
            raise Conflict(
                f"A score can be fitted from {LEAST_OUTCOMES} won or lost leads on, with at least"
                f" {LEAST_OF_A_KIND} of each. There are {won:,} won and {lost:,} lost."
            )
        found = fit(patterns)
        fitted, _ = FittedScore.objects.update_or_create(
            workspace_id=workspace_id,
            defaults={
                "weights": found.weights,
                "won": found.won,
                "lost": found.lost,
                "auc": found.auc,
                "rule_auc": found.rule_auc,
                "fitted_at": timezone.now(),
            },
        )
        _record(fitted, actor, "fit")
        if fitted.is_on:
            start_scoring(workspace_id=workspace_id, actor=actor, cause="fit")
    return fitted


def use_fitted(*, workspace_id: UUID, actor: Actor, is_on: bool) -> FittedScore:
    """Score all leads by the fitted score from now on, or by the rule again.

    Raises `NotFound` where none was fitted. What is so already stays, without a job.
    """
    with tenancy.atomic():
        _lock(workspace_id)
        fitted = FittedScore.objects.filter(workspace_id=workspace_id).first()
        if fitted is None:
            raise NotFound("No score has been fitted yet.")
        if fitted.is_on != is_on:
            fitted.is_on = is_on
            fitted.save(update_fields=["is_on"])
            _record(fitted, actor, "enable" if is_on else "disable")
            start_scoring(workspace_id=workspace_id, actor=actor, cause="fit")
    return fitted


def fit_state(workspace_id: UUID) -> tuple[int, int, bool]:
    """How many leads were won, how many lost, and whether that is enough to fit a score."""
    won, lost = count_outcomes(workspace_id)
    return won, lost, may_fit(won, lost)


def _lock(workspace_id: UUID) -> None:
    """Two fits, or a fit and a switch, come one after the other."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"fit:{workspace_id}"]
        )


def _record(fitted: FittedScore, actor: Actor, action: str) -> None:
    record(
        action=action,
        resource="fitted_score",
        resource_id=fitted.id,
        actor=actor,
        workspace_id=fitted.workspace_id,
        new={
            "outcomes": fitted.outcomes,
            "auc": round(fitted.auc, 3),
            "rule_auc": round(fitted.rule_auc, 3),
            "is_on": fitted.is_on,
        },
    )
