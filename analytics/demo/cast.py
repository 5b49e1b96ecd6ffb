"""Who is in the demo, and what they have."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

DOMAIN = "demo.example"
CATALOGUE_ROWS = 200_000
CATALOGUE_SEED = 7
FIRST_PULL = 250


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in. `staff` may use Django admin."""

    name: str
    staff: bool = False

    @property
    def email(self) -> str:
        """The address that they sign in with."""
        return f"{self.name.lower()}@{DOMAIN}"


ALICE, ADA, BOB = Person("Alice"), Person("Ada"), Person("Bob")
CAROL, PETRA, SAM = Person("Carol"), Person("Petra"), Person("Sam", staff=True)
PEOPLE = (ALICE, ADA, BOB, CAROL, PETRA, SAM)


@dataclass(frozen=True, slots=True)
class Company:
    """A workspace of the demo."""

    name: str
    owner: Person
    credits: Decimal
    members: dict[str, Person] = field(default_factory=dict)
    segments: tuple[tuple[str, dict[str, Any]], ...] = ()
    profile: dict[str, Any] = field(default_factory=dict)


ENGINEERING_LEADERS = {
    "version": 1,
    "all": [
        {"field": "country", "op": "in", "value": ["US"]},
        {"field": "seniority", "op": "in", "value": ["director", "vp", "c_suite"]},
        {"field": "department", "op": "in", "value": ["engineering"]},
        {"field": "email_verified", "op": "eq", "value": True},
    ],
}
MARKETING_HEADS = {
    "version": 1,
    "all": [
        {"field": "country", "op": "in", "value": ["GB", "DE", "FR"]},
        {"field": "title", "op": "contains", "value": "marketing"},
        {"field": "employee_band", "op": "in", "value": ["51-200", "201-500"]},
    ],
}
COMPANIES = (
    Company(
        name="Acme",
        owner=ALICE,
        credits=Decimal("1000.00"),
        members={"admin": ADA, "member": BOB},
        segments=(
            ("Engineering leaders in the US", ENGINEERING_LEADERS),
            ("Marketing at mid-size firms in Europe", MARKETING_HEADS),
        ),
        profile={
            "name": "Acme Analytics",
            "sells": "Dashboards for engineering teams",
            "industries": ["software"],
            "employee_bands": ["201-500", "501-1000"],
            "titles": ["VP Engineering", "Director Engineering", "CTO"],
            "intent_topics": ["Test automation", "Cloud cost management"],
        },
    ),
    Company(name="Rival", owner=CAROL, credits=Decimal("200.00")),
)
# Who sells, how many leads, and what their lists are listed under, by department.
SELLER = Company(name="Fair Lists", owner=PETRA, credits=Decimal("50.00"))
LISTED = 3_000
CATEGORIES = {
    "engineering": ("technology",),
    "it": ("technology", "infrastructure"),
    "marketing": ("marketing", "trade fairs"),
    "sales": ("sales", "trade fairs"),
    "finance": ("finance",),
}
