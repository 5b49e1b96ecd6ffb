"""The table of business profiles."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinLengthValidator, URLValidator
from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager
from cursive.lib.vocabulary import COUNTRIES, EMPLOYEE_BANDS, INDUSTRIES, SENIORITIES

# Entries of one list, and characters of one entry.
MOST_ENTRIES = 100
LONGEST_ENTRY = 80
# Entries of one list in a summary.
SHOWN = 6
# The lists whose entries are codes, with what there is to choose from.
CODED_LISTS = {
    "industries": INDUSTRIES,
    "employee_bands": EMPLOYEE_BANDS,
    "seniorities": SENIORITIES,
    "countries": COUNTRIES,
}
FREE_LISTS = ("titles", "states", "intent_topics")


class Tone(models.TextChoices):
    """How texts for this business sound."""

    PROFESSIONAL = "professional", "Professional"
    FRIENDLY = "friendly", "Friendly"
    DIRECT = "direct", "Direct and short"
    CONSULTATIVE = "consultative", "Consultative"
    TECHNICAL = "technical", "Technical"
    PLAYFUL = "playful", "Playful"


def _list_field() -> ArrayField:
    return ArrayField(
        models.CharField(max_length=LONGEST_ENTRY), size=300, default=list, blank=True
    )


class BusinessProfileQuerySet(models.QuerySet["BusinessProfile"]):
    """Words for picking profiles."""

    def default_first(self) -> "BusinessProfileQuerySet":
        """The default one, then by name."""
        return self.order_by("-is_default", "name", "id")


class BusinessProfile(TenantModel):
    """What is sold, to whom (the ideal customer profile), and in which tone.

    Scoring and analyses read the default one unless told otherwise. Lists hold codes of
    `cursive.lib.vocabulary` (`CODED_LISTS`) or free words (`FREE_LISTS`); an empty list means
    that it doesn't matter.
    """

    name = models.CharField(max_length=80, validators=[MinLengthValidator(2)])
    sells = models.CharField(max_length=300)
    description = models.TextField(blank=True, default="", max_length=4_000)
    website = models.URLField(
        max_length=200, blank=True, default="", validators=[URLValidator(["http", "https"])]
    )
    industries = _list_field()
    employee_bands = _list_field()
    titles = _list_field()
    seniorities = _list_field()
    countries = _list_field()
    states = _list_field()
    intent_topics = _list_field()
    tone = models.CharField(max_length=12, choices=Tone.choices, default=Tone.PROFESSIONAL)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = scoped_manager(BusinessProfileQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [models.Index(fields=["workspace", "name"], name="profile_by_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"],
                name="profile_one_default",
                condition=models.Q(is_default=True),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def summary(self) -> str:
        """The ideal customer in one line, in words; empty where everybody fits."""
        lists = [
            *(
                [choices[code] for code in getattr(self, name) if code in choices]
                for name, choices in CODED_LISTS.items()
            ),
            self.states,
        ]
        return " · ".join(_shortened(entries) for entries in lists if entries)


def _shortened(entries: list[str]) -> str:
    shown = ", ".join(entries[:SHOWN])
    return f"{shown} and {len(entries) - SHOWN} more" if len(entries) > SHOWN else shown
