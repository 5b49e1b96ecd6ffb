"""Partners: workspaces that sell leads (P-1)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager
from cursive.lib.vocabulary import country_choices

# What we check for a new partner: one of the largest files a day. Each address costs us (P-3).
CHECKS_A_DAY, CHECKS_AT_ONCE = 1_000_000, 5
MOST_CHECKS_A_DAY, MOST_CHECKS_AT_ONCE = 100_000_000, 100


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
    checks_a_day = models.IntegerField(
        default=CHECKS_A_DAY, help_text="Addresses of theirs that we check in 24 hours."
    )
    checks_at_once = models.SmallIntegerField(
        default=CHECKS_AT_ONCE, help_text="Files of theirs that are checked at a time."
    )

    objects = scoped_manager(PartnerQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(status__in=["applied", "approved", "rejected", "suspended"]),
                name="partner_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    checks_a_day__range=(0, MOST_CHECKS_A_DAY),
                    checks_at_once__range=(1, MOST_CHECKS_AT_ONCE),
                ),
                name="partner_checks_possible",
            ),
        ]

    def __str__(self) -> str:
        return self.company

    @property
    def may_sell(self) -> bool:
        """Whether the portal is open: approved, and not suspended."""
        return self.status == self.Status.APPROVED
