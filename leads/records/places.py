"""Countries and states: from names, codes and nicknames to codes."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import pycountry

from leads.filters.text import fold
from leads.filters.vocabulary import COUNTRIES

_PARENTHESES = re.compile(r"\([^)]*\)")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
#: Names that ISO's list doesn't have; also cities that stand for states.
_NICKNAMES = {
    "us": "US",
    "usa": "US",
    "united states america": "US",
    "america": "US",
    "estados unidos": "US",
    "uk": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "britain": "GB",
    "great britain": "GB",
    "united kingdom great britain": "GB",
    "holland": "NL",
    "nederland": "NL",
    "deutschland": "DE",
    "germany federal republic": "DE",
    "espana": "ES",
    "italia": "IT",
    "schweiz": "CH",
    "suisse": "CH",
    "osterreich": "AT",
    "belgique": "BE",
    "belgie": "BE",
    "sverige": "SE",
    "norge": "NO",
    "danmark": "DK",
    "suomi": "FI",
    "polska": "PL",
    "brasil": "BR",
    "mexico": "MX",
    "czech republic": "CZ",
    "slovak republic": "SK",
    "korea": "KR",
    "south korea": "KR",
    "republic korea": "KR",
    "north korea": "KP",
    "russia": "RU",
    "vietnam": "VN",
    "turkey": "TR",
    "turkiye": "TR",
    "uae": "AE",
    "emirates": "AE",
    "ksa": "SA",
    "iran": "IR",
    "syria": "SY",
    "laos": "LA",
    "taiwan": "TW",
    "hong kong sar": "HK",
    "hong kong sar china": "HK",
    "macau": "MO",
    "macao": "MO",
    "burma": "MM",
    "ivory coast": "CI",
    "cote d ivoire": "CI",
    "cape verde": "CV",
    "swaziland": "SZ",
    "macedonia": "MK",
    "moldova": "MD",
    "tanzania": "TZ",
    "bolivia": "BO",
    "venezuela": "VE",
    "brunei": "BN",
    "palestine": "PS",
    "palestinian territory": "PS",
    "palestinian territories": "PS",
    "vatican": "VA",
    "vatican city": "VA",
    "holy see": "VA",
    "libya": "LY",
    "libyan arab jamahiriya": "LY",
    "micronesia": "FM",
    "east timor": "TL",
    "congo kinshasa": "CD",
    "congo brazzaville": "CG",
    "democratic republic congo": "CD",
    "dr congo": "CD",
    "drc": "CD",
    "republic congo": "CG",
    "kyrgyz republic": "KG",
    "pitcairn islands": "PN",
    "svalbard jan mayen islands": "SJ",
    "saint helena": "SH",
    "st helena": "SH",
    "saint martin": "MF",
    "sint maarten": "SX",
    "virgin islands british": "VG",
    "virgin islands u s": "VI",
    "us virgin islands": "VI",
    "united states virgin islands": "VI",
    "falkland islands": "FK",
    "bosnia": "BA",
    "trinidad": "TT",
    "st lucia": "LC",
    "st kitts nevis": "KN",
    "st vincent grenadines": "VC",
    "antarctica": "AQ",
    "prc": "CN",
    "mainland china": "CN",
    "people s republic china": "CN",
    "roc": "TW",
    "eire": "IE",
    "ireland republic": "IE",
    "republic ireland": "IE",
}
_STATE_NICKNAMES = {
    "US": {
        "washington dc": "DC",
        "washington d c": "DC",
        "d c": "DC",
        "calif": "CA",
        "cal": "CA",
        "tex": "TX",
        "fla": "FL",
        "mass": "MA",
        "penn": "PA",
        "penna": "PA",
        "wash": "WA",
        "mich": "MI",
        "minn": "MN",
        "ill": "IL",
        "ariz": "AZ",
        "colo": "CO",
        "conn": "CT",
        "tenn": "TN",
        "wisc": "WI",
        "ore": "OR",
        "okla": "OK",
        "nebr": "NE",
        "new york state": "NY",
        "washington state": "WA",
    },
    "CA": {"quebec": "QC", "pq": "QC", "newfoundland": "NL", "pei": "PE", "yukon territory": "YT"},
    "AU": {"tas": "TAS", "capital territory": "ACT"},
}
_SMALL = frozenset({"the", "of", "and"})


@lru_cache(maxsize=16_384)
def clean_country(value: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country's name or code; None when unknown."""
    text = value.strip()
    if len(text) > 100:
        return None
    if len(text) == 2 and text.upper() in COUNTRIES:
        return text.upper()
    names = _country_names()
    key = _key(text)
    if key in names:
        return names[key]
    without = _key(_PARENTHESES.sub(" ", text))
    if without in names:
        return names[without]
    # 'Korea, Republic of' is known; 'Bolivia, Plurinational State of' and its like by the start.
    before = _key(text.partition(",")[0])
    if "," in text and before in names:
        return names[before]
    squashed = key.replace(" ", "")
    return names.get(squashed) if len(squashed) <= 3 else None


@lru_cache(maxsize=16_384)
def clean_state(value: str, country: str | None) -> str | None:
    """Return a state: in the US, Canada and Australia its postal code, elsewhere the text."""
    text = " ".join(value.split())[:80]
    if not text:
        return None
    code = state_code(text, country) if country in _STATE_NICKNAMES else None
    return code or text


@lru_cache(maxsize=16_384)
def state_code(value: str, country: str | None) -> str | None:
    """Return the code of a state of the US, Canada or Australia ('Texas', 'TX', 'US-TX')."""
    if country not in _STATE_NICKNAMES:
        return None
    key = _key(value)
    names = _state_names(country)
    prefix = country.lower() + " "
    return names.get(key) or names.get(key.removeprefix(prefix)) or names.get(key.replace(" ", ""))


def is_state_of(value: str, country: str) -> bool:
    """Whether ISO's list has this name or code among the country's states; most such lists are in
    the country's own language.
    """
    return bool(country) and _key(value) in _state_names(country)


def _key(text: str) -> str:
    words = _NOT_WORD.sub(" ", fold(text)).split()
    return " ".join(word for word in words if word not in _SMALL)


@cache
def _country_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for country in pycountry.countries:
        official = getattr(country, "official_name", "")
        common = getattr(country, "common_name", "")
        everyday = COUNTRIES[country.alpha_2]
        for name in (official, common, everyday, country.name, country.alpha_3):
            if name:
                names[_key(name)] = country.alpha_2
    return {**names, **_NICKNAMES}


@cache
def _state_names(country: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for state in pycountry.subdivisions.get(country_code=country) or ():
        code = state.code.partition("-")[2]
        names[_key(state.name)] = code
        names[code.lower()] = code
    return {**names, **_STATE_NICKNAMES.get(country, {})}
