"""People who must not be found in the catalogue any more, and those who are one."""

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


class MergeQuerySet(models.QuerySet["CatalogueMerge"]):
    """Words for picking merges."""

    def in_force(self) -> "MergeQuerySet":
        """Those that weren't undone."""
        return self.filter(undone_at__isnull=True)


class CatalogueMerge(models.Model):
    """One person of the catalogue whom staff hid, being the same as another who is kept (L-14).

    Global, as the catalogue is, and by ids alone: no personal data. While it is in force, it hides
    by itself: both records stay in the versions, so that undoing brings all back.
    """

    hidden_id = models.BigIntegerField()
    kept_id = models.BigIntegerField()
    merged_by = models.CharField(max_length=200)
    merged_at = models.DateTimeField(default=timezone.now)
    undone_by = models.CharField(max_length=200, blank=True, default="")
    undone_at = models.DateTimeField(null=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        verbose_name = "merge of people"
        verbose_name_plural = "merges of people"
        constraints = [
            models.UniqueConstraint(
                fields=["hidden_id"],
                condition=models.Q(undone_at__isnull=True),
                name="catalogue_merge_hidden_once",
            ),
            models.CheckConstraint(
                condition=models.Q(hidden_id__gt=0, kept_id__gt=0)
                & ~models.Q(hidden_id=models.F("kept_id")),
                name="catalogue_merge_two_people",
            ),
        ]

    def __str__(self) -> str:
        """Both ids."""
        return f"{self.hidden_id} into {self.kept_id}"
