"""Leads: person records that a workspace owns (L-5)."""

import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager

from .tags import TagsField

LIVING = Q(deleted_at__isnull=True)
TRASH_KEPT = datetime.timedelta(days=30)


def folded(field: str) -> models.GeneratedField:
    """A stored column with `field` as filters compare it: without case and accents."""
    return models.GeneratedField(
        expression=Func(F(field), function="fold_text", output_field=models.TextField()),
        output_field=models.TextField(),
        db_persist=True,
    )


def text(length: int) -> models.CharField:
    """A text column; empty means unset."""
    return models.CharField(max_length=length, blank=True, default="")


class LeadQuerySet(models.QuerySet["Lead"]):
    """Words for picking leads."""

    def living(self) -> "LeadQuerySet":
        """Leads that aren't deleted."""
        return self.filter(LIVING)

    def restorable(self) -> "LeadQuerySet":
        """Deleted ones that can still be brought back (A-19); merged ones by undoing the merge."""
        return self.filter(deleted_at__gt=timezone.now() - TRASH_KEPT, merged_into__isnull=True)


class Lead(TenantModel):
    """One person whom the workspace owns. Column names are those of the record (L-2)."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        CONTACTED = "contacted", "Contacted"
        QUALIFIED = "qualified", "Qualified"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    class Source(models.TextChoices):
        DATABASE = "database", "Database"
        MARKETPLACE = "marketplace", "Marketplace"
        PIXEL = "pixel", "Pixel"
        UPLOAD = "upload", "Upload"
        ENRICHMENT = "enrichment", "Enrichment"
        API = "api", "API"

    # --- the record ---
    first_name = text(100)
    last_name = text(100)
    email = text(254)
    email_type = text(8)
    email_verified = models.BooleanField(default=False)
    email_verified_at = models.DateField(null=True, blank=True)
    work_email = text(254)
    personal_email = text(254)
    phone = text(20)
    phone_type = text(8)
    phone_verified = models.BooleanField(default=False)
    mobile_phone = text(20)
    direct_phone = text(20)
    linkedin_url = text(300)
    title = text(200)
    seniority = text(16)
    department = text(40)
    company_name = text(200)
    company_domain = text(253)
    industry = text(60)
    naics = text(6)
    employee_band = text(10)
    revenue_band = text(12)
    company_founded = models.SmallIntegerField(null=True, blank=True)
    country = text(2)
    state = text(80)
    city = text(100)
    postal_code = text(20)
    intent_topics = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    source_date = models.DateField(null=True, blank=True)
    quality_score = models.SmallIntegerField(null=True, blank=True)

    # --- the workspace's own ---
    source = models.CharField(max_length=12, choices=Source.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    verification_status = text(10)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    tags = TagsField(models.CharField(max_length=40), default=list, blank=True)
    notes = models.TextField(blank=True, default="")
    score = models.SmallIntegerField(null=True, blank=True)
    score_factors = models.JSONField(default=dict, blank=True)
    pages_viewed = models.IntegerField(null=True, blank=True)
    seconds_on_site = models.IntegerField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    segment_id = models.UUIDField(null=True, blank=True)  # which segment brought it
    job_id = models.UUIDField(null=True, blank=True)  # which job brought it
    catalogue_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.UUIDField(null=True, blank=True)  # deleted, since it is one with this lead

    # --- who it is (L-11), written by leads.records.identity alone ---
    dedup_hash = models.CharField(max_length=64)
    email_key = text(254)
    phone_key = text(20)

    # --- what filters compare ---
    first_name_folded = folded("first_name")
    last_name_folded = folded("last_name")
    title_folded = folded("title")
    company_name_folded = folded("company_name")
    city_folded = folded("city")
    state_folded = folded("state")

    objects = scoped_manager(LeadQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "dedup_hash"], name="lead_once", condition=LIVING
            ),
            models.UniqueConstraint(
                fields=["workspace", "catalogue_id"],
                name="lead_catalogue_once",
                condition=LIVING & Q(catalogue_id__isnull=False),
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="lead_of_workspace"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__range=(0, 100)), name="lead_score_range"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                "workspace",
                F("score").desc(nulls_last=True),
                F("id").desc(),
                name="lead_by_score",
                condition=LIVING,
            ),
            models.Index(
                fields=["workspace", "-created_at", "-id"], name="lead_recent", condition=LIVING
            ),
            models.Index(
                "workspace",
                "status",
                F("score").desc(nulls_last=True),
                F("id").desc(),
                name="lead_by_status",
                condition=LIVING,
            ),
            models.Index(
                fields=["workspace", "company_name_folded", "id"],
                name="lead_by_company",
                condition=LIVING,
            ),
            models.Index(
                fields=["workspace", "last_name_folded", "id"],
                name="lead_by_name",
                condition=LIVING,
            ),
            models.Index(
                fields=["workspace", "email_key"],
                name="lead_email_key",
                condition=~Q(email_key=""),
            ),
            models.Index(
                fields=["workspace", "phone_key"],
                name="lead_phone_key",
                condition=~Q(phone_key=""),
            ),
            models.Index(
                fields=["workspace", "segment_id"],
                name="lead_segment",
                condition=Q(segment_id__isnull=False),
            ),
            models.Index(
                fields=["workspace", "job_id"],
                name="lead_job",
                condition=Q(job_id__isnull=False),
            ),
            models.Index(
                "workspace",
                F("deleted_at").desc(nulls_last=True),
                F("id").desc(),
                name="lead_trash",
                condition=Q(deleted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or "Unnamed lead"

    @property
    def name(self) -> str:
        """First and last name, as far as known."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def days_left(self) -> int:
        """For how many days a deleted lead can still be brought back, the last one counted."""
        if self.deleted_at is None:
            return 0
        left = self.deleted_at + TRASH_KEPT - timezone.now()
        return max(0, left.days + 1)


class OwnedPeople(models.Model):
    """Which people of the catalogue a workspace has ever been charged for (L-13).

    A serialised Roaring bitmap of catalogue ids: 200,000 are 400 KB and decode in under 1 ms.
    It outlives the leads, so that nobody is charged again for a person whom they deleted.
    """

    workspace = models.OneToOneField(
        "accounts.Workspace", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    bitmap = models.BinaryField()
    updated_at = models.DateTimeField(default=timezone.now)

    objects = scoped_manager()

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"People of {self.workspace_id}"


class LeadTag(TenantModel):
    """Which leads have a tag: the index of `Lead.tags`, which triggers on that table keep.

    It is what a filter by tag asks (see `tags`); nobody else writes or reads it.
    """

    id = None  # type: ignore[assignment]  # its key is what it is about
    pk = models.CompositePrimaryKey("workspace_id", "tag", "lead_id")
    tag = models.CharField(max_length=40)
    lead_id = models.UUIDField()

    class Meta(TenantModel.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.tag


class LeadContact(TenantModel):
    """An address or number of a lead beside its main ones, in normal form (L-11).

    Triggers on the leads keep what their records say (see `other_contacts`). `former` ones aren't
    in the record any more: a merge took them off, and they are still this person's (L-13).
    """

    id = None  # type: ignore[assignment]  # its key is what it is about
    pk = models.CompositePrimaryKey("workspace_id", "key", "lead_id", "former")
    key = models.CharField(max_length=254)
    lead_id = models.UUIDField()
    former = models.BooleanField(default=False)
    merge_id = models.UUIDField(null=True)  # which merge took it off

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [models.Index(fields=["workspace", "lead_id"], name="contact_of_lead")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(former=False, merge_id__isnull=True)
                | Q(former=True, merge_id__isnull=False),
                name="contact_former_by_merge",
            )
        ]

    def __str__(self) -> str:
        return self.key


class LeadActivity(TenantModel):
    """One line of a lead's timeline: what happened, who did it."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="activities")
    kind = models.CharField(max_length=30)
    text = models.CharField(max_length=500)
    actor_label = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "lead", "-created_at"], name="lead_timeline")
        ]

    def __str__(self) -> str:
        return self.text


class LeadNoteQuerySet(models.QuerySet["LeadNote"]):
    """Words for picking notes."""

    def living(self) -> "LeadNoteQuerySet":
        """Those that aren't deleted."""
        return self.filter(deleted_at__isnull=True)

    def restorable(self) -> "LeadNoteQuerySet":
        """Deleted ones that can still be brought back (A-19)."""
        return self.filter(deleted_at__gt=timezone.now() - TRASH_KEPT)

    def expired(self) -> "LeadNoteQuerySet":
        """Deleted ones past that."""
        return self.filter(deleted_at__lte=timezone.now() - TRASH_KEPT)


class LeadNote(TenantModel):
    """One note, with its author and its time. The lead's own `notes` text stays beside them."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="note_entries")
    text = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_label = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)

    objects = scoped_manager(LeadNoteQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "lead", "-created_at"], name="lead_notes")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(text=""), name="lead_note_says_something")
        ]

    def __str__(self) -> str:
        return self.text[:80]
