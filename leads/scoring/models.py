"""How the scores of a workspace were spread day by day, and the score fitted to its outcomes."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel


class ScoreDay(TenantModel):
    """The scores of all leads of a workspace on one day (UTC), as the nightly run left them."""

    day = models.DateField()
    # How many leads score 0–9, 10–19, … 90–100.
    histogram = ArrayField(models.IntegerField(), size=10)
    total = models.BigIntegerField(help_text="All scores added up.")

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "day"], name="score_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.leads:,} leads"

    @property
    def leads(self) -> int:
        """How many leads had a score."""
        return sum(self.histogram)

    @property
    def average(self) -> float:
        """The mean score; 0 without leads."""
        return round(self.total / self.leads, 1) if self.leads else 0.0


class FittedScore(TenantModel):
    """What a workspace's won and lost leads say about the parts of the rule (L-10).

    Areas under the ROC curve are from 0.5 (chance) to 1; `auc` is of leads that the predicting
    regression hasn't seen.
    """

    weights = models.JSONField(help_text="By part, for each of its points; and `base`.")
    won = models.IntegerField()
    lost = models.IntegerField()
    auc = models.FloatField()
    rule_auc = models.FloatField()
    is_on = models.BooleanField(default=False, help_text="Leads are scored by it.")
    fitted_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace"], name="fitted_score_once")
        ]

    def __str__(self) -> str:
        return f"Fitted to {self.outcomes:,} outcomes"

    @property
    def outcomes(self) -> int:
        """How many leads it was fitted to."""
        return self.won + self.lost
