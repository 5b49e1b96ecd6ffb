"""Partners: workspaces that sell leads (P-1)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager
from cursive.lib.vocabulary import country_choices


class PartnerQuerySet(models.QuerySet["Partner"]):
    """Words for picking partners."""

    def selling(self) -> "PartnerQuerySet":
        """Those who are approved and not suspended."""
        return self.filter(status=Partner.Status.APPROVED)


class Partner(TenantModel):
    """One workspace as a seller: what it said when it applied, and what staff decided.

    A workspace has at most one; applying again after a refusal is the same row (ADR 0025).
    """

    class Status(models.TextChoices):
        APPLIED = "applied", "Waiting for approval"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Not approved"
        SUSPENDED = "suspended", "Suspended"

    workspace = models.OneToOneField(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", editable=False
    )
    company = models.CharField(max_length=120)
    website = models.URLField(max_length=200, blank=True, default="")
    sources = models.TextField(help_text="Where the leads come from.")
    consent = models.TextField(help_text="How the people agreed to be contacted.")
    tax_country = models.CharField(max_length=2, choices=country_choices)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.APPLIED)
    status_reason = models.CharField(max_length=500, blank=True, default="")
    applied_at = models.DateTimeField(default=timezone.now)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_label = models.CharField(max_length=200, blank=True, default="")
    stripe_account = models.CharField(
        max_length=40, blank=True, default="", help_text="Where transfers go (acct_…)."
    )

    objects = scoped_manager(PartnerQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(status__in=["applied", "approved", "rejected", "suspended"]),
                name="partner_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.company

    @property
    def may_sell(self) -> bool:
        """Whether the portal is open: approved, and not suspended."""
        return self.status == self.Status.APPROVED
