"""Prices, packages and plans. They belong to nobody's workspace; only staff may change them."""

from decimal import ROUND_HALF_UP, Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Mod
from django.db.models.lookups import Exact

from cursive.lib.money import CENT, CreditsField

# The calculator of the cheapest mix counts in steps of this many credits.
PACKAGE_STEP = 10
MAX_PACKAGE = 1_000_000


class Price(models.Model):
    """What one unit of an action costs. `action` is the code that the product asks by."""

    action = models.SlugField(max_length=40, unique=True, editable=False)
    label = models.CharField(max_length=80, help_text="What it is, as customers read it.")
    credits = CreditsField(validators=[MinValueValidator(CENT)])
    unit = models.CharField(
        max_length=60, help_text="What it is for, after 'per': lead, matched record."
    )
    # For what a partner prices: so many credits for each so many US cents of that price.
    per_cents = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        verbose_name="for each US cents",
        help_text="Only where a partner sets a price in US$: the face value of those credits.",
    )
    minimum_units = models.PositiveIntegerField(
        default=0, help_text="At least so many units are charged; 0 for no minimum."
    )
    note = models.CharField(max_length=200, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "action"]
        constraints = [
            models.CheckConstraint(condition=models.Q(credits__gt=0), name="price_positive"),
            models.CheckConstraint(
                condition=models.Q(per_cents__isnull=True) | models.Q(per_cents__gt=0),
                name="price_per_cents_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.label


def check_step(value: int) -> None:
    """Credits of a package come in tens, which keeps the calculator exact and quick."""
    if value % PACKAGE_STEP:
        raise ValidationError(f"Use a multiple of {PACKAGE_STEP}.")


class Package(models.Model):
    """Credits that are bought at once."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    credits = models.PositiveIntegerField(validators=[MinValueValidator(PACKAGE_STEP), check_step])
    price_cents = models.PositiveIntegerField(
        verbose_name="price in US cents", validators=[MinValueValidator(1)]
    )
    popular = models.BooleanField(default=False, help_text="Marked as the one that most choose.")
    active = models.BooleanField(default=True, help_text="Whether it is for sale.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "credits"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(credits__gt=0, credits__lte=MAX_PACKAGE, price_cents__gt=0),
                name="package_positive",
            ),
            models.CheckConstraint(
                condition=Exact(Mod("credits", PACKAGE_STEP), 0), name="package_in_steps"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def cents_a_credit(self) -> Decimal:
        """US cents for one credit, rounded to whole cents."""
        exact = Decimal(self.price_cents) / self.credits
        return exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)


class Plan(models.Model):
    """A monthly plan: credits and API calls that come with it."""

    class PastLimit(models.TextChoices):
        BLOCKED = "blocked", "Blocked until the next period"
        CHARGED = "charged", "Allowed, and invoiced for each call"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    price_cents = models.PositiveIntegerField(verbose_name="price in US cents a month")
    credits = models.PositiveIntegerField(verbose_name="credits granted a month", default=0)
    calls = models.PositiveIntegerField(
        null=True, blank=True, verbose_name="API calls a month", help_text="Empty: unlimited."
    )
    past_limit = models.CharField(
        max_length=8, choices=PastLimit.choices, default=PastLimit.BLOCKED
    )
    call_price_usd = models.DecimalField(
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        verbose_name="US$ a call past the limit",
    )
    active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "price_cents"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(past_limit="charged") | models.Q(call_price_usd__gt=0),
                name="plan_charged_has_price",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def overage(self) -> str:
        """What happens past the limit, in words; nothing where there is no limit."""
        if self.calls is None:
            return ""
        if self.past_limit == self.PastLimit.BLOCKED:
            return "then paused until the next month"
        return f"then ${self.call_price_usd.normalize() if self.call_price_usd else 0:f} a call"
