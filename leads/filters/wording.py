"""Words for the sentence: lists of values, names of places, days."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from functools import cache

import pycountry

from leads.filters.registry import Field
from leads.filters.tree import Scalar, Value
from leads.filters.vocabulary import COUNTRIES, EMPLOYEE_BANDS, REVENUE_BANDS, US_STATES

# Names of members and the like: (field, code) to label.
Labels = Mapping[tuple[str, str], str]

SHOWN = 4  # of a longer list; up to one more is shown in full
MAX_SHOWN_TEXT = 60
_WITH_ARTICLE = frozenset(
    (
        *("AE", "AX", "BQ", "BS", "CC", "CD", "CF", "CK", "DO", "FK", "FO"),
        *("GB", "GM", "GS", "HM", "IM", "IO", "KM", "KY", "MH", "MP", "MV"),
        *("NL", "PH", "PN", "SB", "TC", "TF", "UM", "US", "VA", "VG", "VI"),
    )
)
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
SENIORITY_NOUNS = {
    "c_suite": "C-level executives",
    "vp": "VPs",
    "director": "directors",
    "manager": "managers",
    "senior": "senior staff",
    "entry": "entry-level staff",
    "other": "people of other seniority",
}


def join(words: Sequence[str], conjunction: str) -> str:
    """'A', 'A or B', 'A, B or C', 'A, B, C, D and 7 more'."""
    if len(words) > SHOWN + 1:
        return f"{', '.join(words[:SHOWN])} and {len(words) - SHOWN} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def quoted(text: str) -> str:
    """The text in quotation marks, shortened when very long."""
    cut = text if len(text) <= MAX_SHOWN_TEXT else text[: MAX_SHOWN_TEXT - 1] + "…"
    return f"“{cut}”"


def lower_first(label: str) -> str:
    """A label inside a sentence: 'Software' is 'software', 'IT services' stays."""
    word = label.split(" ")[0]
    return label if word.isupper() or label[:2] == "C-" else label[:1].lower() + label[1:]


def day(value: datetime.date) -> str:
    """A date in words: 5 March 2026."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def in_dollars(cents: int) -> str:
    """A price as people type and read it: 50 cents are '$0.50'."""
    return f"${cents // 100}.{cents % 100:02}"


def country(code: str) -> str:
    """The country's name with its article: 'Germany', 'the United States'."""
    name = COUNTRIES.get(code, code)
    return f"the {name}" if code in _WITH_ARTICLE else name


@cache
def _regions(country_code: str) -> Mapping[str, str]:
    if country_code == "US":
        return US_STATES
    regions = pycountry.subdivisions.get(country_code=country_code)
    return {region.code.partition("-")[2]: region.name for region in regions}


def region(code: str, countries: Collection[str]) -> str:
    """A state's name: TX is Texas, if the filter is about the US or about no country."""
    for where in ("US", "CA", "AU"):
        if (not countries or where in countries) and code.upper() in _regions(where):
            return _regions(where)[code.upper()]
    return code


def words_of(field: Field, value: Value, labels: Labels, countries: Collection[str]) -> list[str]:
    """The values of a condition as words, in the order in which people expect them."""
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    if field.name in ("employee_band", "revenue_band"):
        order = list(EMPLOYEE_BANDS) + list(REVENUE_BANDS)
        values = tuple(sorted(values, key=lambda band: order.index(str(band))))
    return [_word(field, one, labels, countries) for one in values]


def named(field: Field, value: str) -> str:
    """What a value is called by itself: a choice's label, a topic's words, else the value."""
    if field.choices is not None:
        return field.choices.get(value, value)
    return value.replace("_", " ").capitalize() if field.name == "intent_topics" else value


def _word(field: Field, value: Scalar, labels: Labels, countries: Collection[str]) -> str:
    if isinstance(value, datetime.date):
        return day(value)
    code = str(value)
    if label := labels.get((field.name, code)):
        return quoted(label) if field.form == "job" else label
    if field.form == "cents":
        return in_dollars(int(code))
    if field.type == "number" or field.type == "date":
        return code if field.name == "company_founded" else f"{value:,}"
    if field.name == "country":
        return country(code)
    if field.name == "state":
        return region(code, countries)
    if field.name == "owner":
        return "a former member"
    if field.form == "job":
        return "an earlier job"
    if field.name == "intent_topics":
        return code.replace("_", " ")
    if field.name in ("employee_band", "revenue_band"):
        return (field.choices or {}).get(code, code)
    if field.choices is not None:
        return lower_first(field.choices.get(code, code))
    return code if field.name == "city" else quoted(code)
