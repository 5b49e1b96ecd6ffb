"""People who must not be found in the catalogue any more."""

from django.db import models
from django.utils import timezone


class CatalogueTombstone(models.Model):
    """One person taken out of every search at once, and out of the next version for good.

    Global: the catalogue is nobody's. The row holds no personal data; that the person does not
    come back with the next file is what the loader's suppression list is for.
    """

    class Reason(models.TextChoices):
        OPT_OUT = "opt_out", "Opted out"
        ERASURE = "erasure", "Erased on request"
        SUPPRESSED = "suppressed", "On the suppression list"
        STAFF = "staff", "Removed by staff"

    catalogue_id = models.BigIntegerField(unique=True)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "catalogue tombstone"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(catalogue_id__gt=0), name="tombstone_id_positive"
            )
        ]

    def __str__(self) -> str:
        """The person's id and why."""
        return f"{self.catalogue_id} ({self.get_reason_display()})"
