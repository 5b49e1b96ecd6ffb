"""Listings: what everybody may see of a partner's lead, and apart from it who the person is.

A listing belongs to no workspace, since every workspace searches it; so it holds nothing that
tells who the person is or how to reach them. That is in `ListingPerson`, which is the seller's
under row-level security, until the sale copies it into the buyer's leads (ADR 0025).
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone

from cursive.lib.tenancy import TenantModel
from leads.filters.registry import CHEAPEST_CENTS, DEAREST_CENTS
from leads.listing.models import NamedFilter
from leads.records.models import text

from .masking import first_name
from .orders import ORDERS

#: How the reason begins of listings that were on sale when their seller was suspended.
SUSPENDED = "Suspended"


class ListingQuerySet(models.QuerySet["Listing"]):
    """Words for picking listings."""

    def on_sale(self) -> "ListingQuerySet":
        """What can be bought now, apart from who reserved it (M-1)."""
        suspended = SuspendedSeller.objects.filter(seller_id=OuterRef("seller_id"))
        return self.listed().exclude(Exists(suspended))

    def listed(self) -> "ListingQuerySet":
        """What is on sale, if its seller isn't suspended just now."""
        return self.filter(status=Listing.Status.LISTED)

    def suspended(self) -> "ListingQuerySet":
        """What a suspension took off sale, and lifting it may put back."""
        return self.filter(
            status=Listing.Status.WITHDRAWN,
            status_reason__startswith=SUSPENDED,
            sold__lt=F("max_sales"),
        )

    def withdrawable(self) -> "ListingQuerySet":
        """What is on sale, or would be again as soon as its seller's suspension is lifted."""
        return self.listed() | self.suspended()

    def repriceable(self) -> "ListingQuerySet":
        """What has a price to change: drafts, what is on sale, and what may be again."""
        return self.withdrawable() | self.filter(status=Listing.Status.DRAFT)

    def of_seller(self, workspace_id: object) -> "ListingQuerySet":
        """What one partner offers or offered."""
        return self.filter(seller_id=workspace_id)


class Listing(models.Model):
    """One lead of a partner's: on sale, or on its way there, or over.

    Columns of the record have a Person's names (L-2). The `has_` columns say what a buyer gets;
    `initial` is the first letter of the family name. `changed` is the number of the transaction
    that wrote the row last, which a trigger keeps: who follows the table asks for what is newer
    (see listings.mirror).
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Not approved yet"
        LISTED = "listed", "On sale"
        SOLD_OUT = "sold_out", "Sold"
        WITHDRAWN = "withdrawn", "Withdrawn"
        REJECTED = "rejected", "Rejected"

    id = models.BigAutoField(primary_key=True)
    # The partner's workspace. Not named `workspace`: the row isn't theirs alone.
    seller = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    submission_id = models.UUIDField()
    line = models.IntegerField(help_text="Where it stands in the partner's file.")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.DRAFT)
    status_reason = models.CharField(max_length=200, blank=True, default="")

    # --- what buyers see and filter by ---
    first_name = text(100)
    initial = text(2)
    title = text(200)
    seniority = text(16)
    department = text(40)
    company_name = text(200)
    industry = text(60)
    employee_band = text(10)
    revenue_band = text(12)
    country = text(2)
    state = text(80)
    city = text(100)
    postal_code = text(20)
    has_email = models.BooleanField(default=False)
    has_phone = models.BooleanField(default=False)
    has_linkedin = models.BooleanField(default=False)
    categories = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    verification_status = text(10)
    verified_at = models.DateTimeField(null=True)
    collected_on = models.DateField()
    quality = models.SmallIntegerField(default=0)
    price_cents = models.SmallIntegerField()
    max_sales = models.SmallIntegerField(default=1)
    sold = models.SmallIntegerField(default=0)
    listed_at = models.DateTimeField(null=True)

    # Kept for who is paying for it, for 15 minutes at most.
    reserved_for = models.UUIDField(null=True)
    reserved_until = models.DateTimeField(null=True)

    created_at = models.DateTimeField(default=timezone.now)
    changed = models.BigIntegerField(default=0, editable=False)

    objects = ListingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(price_cents__range=(CHEAPEST_CENTS, DEAREST_CENTS)),
                name="listing_price_range",
            ),
            models.CheckConstraint(condition=Q(quality__range=(0, 100)), name="listing_quality"),
            models.CheckConstraint(
                condition=Q(sold__gte=0, sold__lte=F("max_sales"), max_sales__gte=1),
                name="listing_sold_within_limit",
            ),
            # M-1: nothing is on sale that wasn't approved and checked, or is sold already.
            models.CheckConstraint(
                condition=~Q(status="listed")
                | Q(
                    listed_at__isnull=False,
                    verified_at__isnull=False,
                    sold__lt=F("max_sales"),
                ),
                name="listing_on_sale_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "listed", "sold_out", "withdrawn", "rejected"]),
                name="listing_status_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["changed"], name="listing_changed"),
            models.Index(fields=["submission_id", "line"], name="listing_of_submission"),
            # What is sold of submissions: counted of this alone, 7 MB a million.
            models.Index(fields=["submission_id", "status", "sold"], name="listing_sales"),
            models.Index(fields=["seller", "status", "-id"], name="listing_of_seller"),
            models.Index(
                fields=["verified_at"], name="listing_to_verify", condition=Q(status="listed")
            ),
        ]

    def __str__(self) -> str:
        return f"Listing {self.id}"

    @property
    def is_listed(self) -> bool:
        """Whether it can be bought, apart from who reserved it and from its seller's standing."""
        return self.status == self.Status.LISTED

    @property
    def exclusivity(self) -> str:
        """To how many it is sold, in words (M-1)."""
        if self.max_sales == 1:
            return "Exclusive"
        return f"Sold to {self.sold} of at most {self.max_sales}"

    @property
    def name(self) -> str:
        """As much of the name as is shown before the sale: 'Ada L.'."""
        initial = f"{self.initial}." if self.initial else ""
        return f"{first_name(self.first_name)} {initial}".strip() or "Name not known"


class ListingRemoval(models.Model):
    """A listing that was on sale when its row was deleted, which a trigger notes.

    Who follows the table sees changed rows by their number; of a deleted one nothing would be left
    to see. A few bytes a row, kept for good.
    """

    listing_id = models.BigIntegerField(primary_key=True)
    changed = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["changed"], name="listing_removal_changed")]

    def __str__(self) -> str:
        return f"Listing {self.listing_id}, deleted"


class SuspendedSeller(models.Model):
    """A partner of whom nothing may be sold, from the commit of this row on (see `sellers`).

    Their listings follow batch by batch, and may be `listed` for a while yet.
    """

    seller = models.OneToOneField(
        "accounts.Workspace", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Suspended: {self.seller_id}"


class AddressVerdict(TenantModel):
    """What the newest check said of one address that a partner offered: that it takes mail or not.

    `id` is a keyed hash of the two (see `verdicts`): of the leads nothing else is kept, and they
    may be gone.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    is_valid = models.BooleanField()
    checked_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            # All that a pass rate is counted of: the table itself isn't read for it.
            models.Index(
                fields=["workspace", "checked_at"],
                include=["is_valid"],
                name="address_verdict_of",
            ),
            models.Index(fields=["checked_at"], name="address_verdict_old"),
        ]

    def __str__(self) -> str:
        return "valid" if self.is_valid else "invalid"


class SavedSearch(NamedFilter):
    """A search of the marketplace with a name: a member's preset, or the workspace's (M-2)."""

    scope = "listings"
    sorts = ORDERS
    resource = "saved_search"

    class Meta(NamedFilter.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                "workspace",
                "owner",
                Lower("name"),
                name="saved_search_named_once",
                condition=Q(deleted_at__isnull=True),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_search_named"),
        ]


class ListingPerson(TenantModel):
    """Who a listing is, with address and number: the seller's, and nobody else's to read.

    `record` has a Person's known fields (see `people`). The keys are a lead's (L-11): over all
    partners, they find out whether somebody is offered already.
    """

    id = None  # type: ignore[assignment]  # its key is its listing
    listing = models.OneToOneField(
        Listing, primary_key=True, on_delete=models.CASCADE, related_name="person"
    )
    record = models.JSONField()
    dedup_hash = models.CharField(max_length=64)
    email_key = text(254)
    phone_key = text(20)
    # The normal forms of the person's other addresses and numbers: offered by these they are too.
    other_keys = ArrayField(models.TextField(), default=list)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "listing"], name="listing_person_seller"),
            models.Index(fields=["dedup_hash"], name="listing_person_hash"),
            models.Index(
                fields=["email_key"], name="listing_person_email", condition=~Q(email_key="")
            ),
            models.Index(
                fields=["phone_key"], name="listing_person_phone", condition=~Q(phone_key="")
            ),
            GinIndex(
                fields=["other_keys"], name="listing_person_others", condition=~Q(other_keys=[])
            ),
        ]

    def __str__(self) -> str:
        return f"Person of listing {self.listing_id}"
