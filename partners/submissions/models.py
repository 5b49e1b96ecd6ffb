"""Files that partners hand in, and the addresses in them that are being checked."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import TenantModel, scoped_manager
from leads.imports.uploads.models import Upload
from leads.verification.models import AddressCheck, AddressCheckQuerySet
from marketplace.listings.models import CHEAPEST_CENTS, DEAREST_CENTS

# The best a submission can have of each part of its quality (P-4).
MOST = {"verified": 40, "completeness": 30, "freshness": 20, "uniqueness": 10}


class RejectCode(models.TextChoices):
    """Why leads are turned down (P-6b)."""

    INVALID_DATA = "invalid_data", "Invalid data"
    DUPLICATE = "duplicate", "Duplicate"
    LOW_QUALITY = "low_quality", "Low quality"
    WRONG_FORMAT = "wrong_format", "Wrong format"
    MISSING_INFORMATION = "missing_information", "Missing information"
    OUTSIDE_COVERAGE = "outside_coverage", "Outside coverage"
    OTHER = "other", "Other"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """Words for picking submissions."""

    def counted(self) -> "SubmissionQuerySet":
        """Those whose file stands: handed in again, it is the same one."""
        return self.exclude(status__in=Submission.OVER)

    def waiting(self) -> "SubmissionQuerySet":
        """Those that staff have to look at."""
        return self.filter(status=Submission.Status.REVIEW)


class Submission(TenantModel):
    """One file of a partner's, with what is asked for its leads; its leads are listings (P-2).

    `rows` = `valid` + the four kinds of `duplicates` + `invalid`, once it is validated. `plan` has
    what the page shows of them: `reasons` and `warnings` and `repairs` (sentence → rows), `samples`
    (outcome → rows) and `parts`. The four `_points` make up `quality` (P-4).
    `checks` counts while the file is checked what will be asked, then what was (see `allowance`).
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "To be mapped"
        VALIDATING = "validating", "Being checked"
        FAILED = "failed", "Can't be read"
        REFUSED = "refused", "Not taken"
        READY = "ready", "To be submitted"
        REVIEW = "review", "In review"
        PUBLISHING = "publishing", "Being published"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        CLOSED = "closed", "Given up"

    OVER = (Status.FAILED, Status.REFUSED, Status.CLOSED)

    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, related_name="+")
    number = models.IntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    price_cents = models.SmallIntegerField()
    categories = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    max_sales = models.SmallIntegerField(default=1)
    guarantees = models.BooleanField(default=False)
    source = models.CharField(max_length=120)
    collected_on = models.DateField()

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    refusal = models.CharField(max_length=300, blank=True, default="")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    plan = models.JSONField(default=dict)
    rows = models.IntegerField(default=0)
    valid = models.IntegerField(default=0)
    doubles_in_file = models.IntegerField(default=0)
    doubles_own = models.IntegerField(default=0)
    doubles_others = models.IntegerField(default=0)
    doubles_market = models.IntegerField(default=0)
    invalid = models.IntegerField(default=0)
    checks = models.IntegerField(default=0, help_text="Addresses that count for the day's limit.")
    checks_at = models.DateTimeField(null=True, help_text="When asking about them began.")
    approved = models.IntegerField(default=0)
    quality = models.SmallIntegerField(default=0)
    verified_points = models.SmallIntegerField(default=0)
    completeness_points = models.SmallIntegerField(default=0)
    freshness_points = models.SmallIntegerField(default=0)
    uniqueness_points = models.SmallIntegerField(default=0)

    submitted_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by_label = models.CharField(max_length=200, blank=True, default="")
    reject_code = models.CharField(
        max_length=20, choices=RejectCode.choices, blank=True, default=""
    )
    reject_text = models.CharField(max_length=500, blank=True, default="")
    change_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by_label = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    files_removed_at = models.DateTimeField(null=True)

    objects = scoped_manager(SubmissionQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "number"], name="submission_number_once"),
            models.UniqueConstraint(
                fields=["workspace", "digest"],
                name="submission_file_once",
                condition=~Q(status__in=["failed", "refused", "closed"]),
            ),
            models.CheckConstraint(
                condition=Q(price_cents__range=(CHEAPEST_CENTS, DEAREST_CENTS)),
                name="submission_price_range",
            ),
            models.CheckConstraint(condition=Q(guarantees=True), name="submission_guaranteed"),
            models.CheckConstraint(condition=Q(max_sales__gte=1), name="submission_sold_at_all"),
            models.CheckConstraint(
                condition=Q(checks__gte=0) & (Q(checks=0) | Q(checks_at__isnull=False)),
                name="submission_checks_since",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="submission_recent"),
            models.Index(
                fields=["submitted_at"], name="submission_to_review", condition=Q(status="review")
            ),
        ]

    def __str__(self) -> str:
        return f"S-{self.number:04}"

    @property
    def duplicates(self) -> int:
        """Rows of people who are in the file twice, or offered already by whomever."""
        return self.doubles_in_file + self.doubles_own + self.doubles_others + self.doubles_market

    @property
    def by_part(self) -> list[tuple[str, int, int]]:
        """The quality by part: (label, points, the most there can be)."""
        return [
            (name.capitalize(), getattr(self, f"{name}_points"), most)
            for name, most in MOST.items()
        ]

    @property
    def reject_reason(self) -> str:
        """Why staff turned it down, or a part of it, in words; '' where they didn't."""
        if not self.reject_code:
            return ""
        label = str(self.get_reject_code_display())
        return f"{label}: {self.reject_text}" if self.reject_text else label

    @property
    def is_validated(self) -> bool:
        """Whether its figures are known."""
        return self.status not in {self.Status.DRAFT, self.Status.VALIDATING, self.Status.FAILED}

    @property
    def has_listings(self) -> bool:
        """Whether leads of it are or were on sale."""
        return self.status == self.Status.APPROVED

    @property
    def shown_job(self) -> Any:
        """The job whose progress its page shows, None where nothing goes on."""
        jobs = (self.change_job, self.job)
        return next((job for job in jobs if job is not None and not job.is_over), None)


class ListingCheck(AddressCheck):
    """The check of one listing's address: its answer is recorded with the listing (P-3, P-6b)."""

    listing_id = models.BigIntegerField()

    objects = scoped_manager(AddressCheckQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "job_id", "listing_id"], name="listing_check_once"
            ),
        ]
