"""One phrase for each condition: 'title containing “data”', 'not in banking', 'founded in 1999'."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from leads.filters.operators import OPERATORS_OF_TYPE, FieldType
from leads.filters.registry import FIELDS, Field
from leads.filters.tree import Condition, Value
from leads.filters.wording import SENIORITY_NOUNS, Labels, join, lower_first, words_of

OPPOSITES = {
    "eq": "ne",
    "in": "not_in",
    "contains": "not_contains",
    "has_any": "has_none",
    "is_set": "is_not_set",
}
OPPOSITES |= {negative: positive for positive, negative in OPPOSITES.items()}

# Before the values of a choice, and what a filter for the others says.
_CHOICES = {
    "seniority": ("seniority {}", "not {}"),
    "department": ("working in {}", "not working in {}"),
    "industry": ("in {}", "not in {}"),
    "country": ("in {}", "not in {}"),
    "state": ("in {}", "not in {}"),
    "city": ("in {}", "not in {}"),
    "employee_band": ("{} employees", "not {} employees"),
    "revenue_band": ("{} revenue", "not {} revenue"),
    "email_type": ("{} e-mail", "no {} e-mail"),
    "phone_type": ("{} phone", "no {} phone"),
    "owner": ("owned by {}", "not owned by {}"),
    "job_id": ("brought by {}", "not brought by {}"),
}
_NOUNS = {
    "title": "title",
    "company_name": "company",
    "naics": "NAICS code",
    "linkedin_url": "LinkedIn address",
    "verification_status": "e-mail check",
}
_PRESENCE = {
    "email": ("with an e-mail", "without an e-mail"),
    "phone": ("with a phone number", "without a phone number"),
    "linkedin_url": ("with a LinkedIn address", "without a LinkedIn address"),
    "intent_topics": ("with intent topics", "without intent topics"),
    "tags": ("with tags", "without tags"),
    "categories": ("in a category", "in no category"),
    "owner": ("with an owner", "without an owner"),
    "job_id": ("brought by a job", "not brought by a job"),
    "score": ("with a score", "without a score"),
    "last_seen_at": ("seen on your sites", "never seen on your sites"),
}
_LIST_VERBS = {
    "intent_topics": "interested in",
    "tags": "tagged",
    "categories": "listed under",
}
_VERBS = {"source_date": "recorded", "created_at": "added", "last_seen_at": "last seen"}


@dataclass(frozen=True, slots=True)
class Context:
    """What a phrase needs to know beyond its condition: names, and where the filter looks."""

    labels: Labels
    countries: Collection[str] = ()


def phrase(condition: Condition, context: Context, *, negated: bool = False) -> str:
    """The condition in words, or its opposite."""
    field, op = FIELDS[condition.field], condition.op
    if negated and OPPOSITES.get(op) in OPERATORS_OF_TYPE[field.type]:
        op, negated = OPPOSITES[op], False
    if op in ("is_set", "is_not_set"):
        return _presence(field, op == "is_set")
    if field.type == "boolean":
        noun = "e-mail" if field.name == "email_verified" else "phone"
        return f"{'verified' if condition.value is not negated else 'unverified'} {noun}"
    words = words_of(field, condition.value, context.labels, context.countries)
    said = _BY_TYPE[field.type](field, op, words, condition.value)
    if negated:
        changed = said.replace(" starting ", " not starting ", 1)
        return changed if op == "starts_with" else f"not {said}"
    return said


def _presence(field: Field, is_set: bool) -> str:
    label = lower_first(field.label)
    known, unknown = _PRESENCE.get(field.name, (f"{label} known", f"{label} unknown"))
    return known if is_set else unknown


def _text(field: Field, op: str, words: list[str], value: Value) -> str:
    noun = _NOUNS.get(field.name, lower_first(field.label))
    said = join(words, "or")
    if op in ("eq", "in", "ne", "not_in"):
        positive, negative = _CHOICES.get(field.name, (f"{noun} {{}}", f"{noun} other than {{}}"))
        return (positive if op in ("eq", "in") else negative).replace("{}", said)
    verb = {
        "contains": "containing",
        "not_contains": "not containing",
        "starts_with": "starting with",
    }[op]
    return f"{noun} {verb} {said}"


def _choice(field: Field, op: str, words: list[str], value: Value) -> str:
    noun = _NOUNS.get(field.name, lower_first(field.label))
    positive, negative = _CHOICES.get(field.name, (f"{noun} {{}}", f"{noun} other than {{}}"))
    if field.name == "seniority" and op == "not_in" and isinstance(value, tuple):
        words = [SENIORITY_NOUNS[str(one)] for one in value]
    return (positive if op == "in" else negative).replace("{}", join(words, "or"))


def _list(field: Field, op: str, words: list[str], value: Value) -> str:
    verb = _LIST_VERBS[field.name]
    if op == "has_all" and len(words) > 1:
        return f"{verb} {'both' if len(words) == 2 else 'all of'} {join(words, 'and')}"
    return f"{'not ' if op == 'has_none' else ''}{verb} {join(words, 'or')}"


def _number(field: Field, op: str, words: list[str], value: Value) -> str:
    first, last = words[0], words[-1]
    if field.name == "company_founded":
        return {
            "eq": f"founded in {first}",
            "gt": f"founded after {first}",
            "gte": f"founded in {first} or later",
            "lt": f"founded before {first}",
            "lte": f"founded in {first} or earlier",
            "between": f"founded from {first} to {last}",
        }[op]
    noun = lower_first(field.label)
    return {
        "eq": f"{noun} {first}",
        "gt": f"{noun} over {first}",
        "gte": f"{noun} at least {first}",
        "lt": f"{noun} under {first}",
        "lte": f"{noun} at most {first}",
        "between": f"{noun} {first} to {last}",
    }[op]


def _date(field: Field, op: str, words: list[str], value: Value) -> str:
    verb = _VERBS[field.name]
    if op == "within_days":
        return f"{verb} {_recently(int(words[0]))}"
    first, last = words[0], words[-1]
    return {
        "eq": f"{verb} on {first}",
        "gt": f"{verb} after {first}",
        "gte": f"{verb} on or after {first}",
        "lt": f"{verb} before {first}",
        "lte": f"{verb} on or before {first}",
        "between": f"{verb} from {first} to {last}",
    }[op]


def _recently(days: int) -> str:
    return {0: "today", 1: "since yesterday"}.get(days, f"in the last {days:,} days")


_BY_TYPE: Mapping[FieldType, Callable[[Field, str, list[str], Value], str]] = {
    "text": _text,
    "choice": _choice,
    "list": _list,
    "number": _number,
    "date": _date,
}
