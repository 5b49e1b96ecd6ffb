"""Why two leads may be one person, in words."""

from collections.abc import Mapping

NOUNS = {
    "first_name": "first name",
    "last_name": "last name",
    "email": "e-mail",
    "phone": "phone",
    "linkedin": "LinkedIn address",
    "company": "company",
    "title": "title",
    "place": "place",
}
LEVELS = {
    "same": "same {}",
    "same, with the company": "same town",
    "same town": "same town",
    "same postal code": "same postal code",
    "same area": "same area",
    "same before the @": "same name in the e-mail",
    "same last digits": "same last digits of the phone",
    "nearly the same": "nearly the same {}",
    "similar": "similar {}",
    "swapped with last name": "names swapped",
}


def reasons_of(levels: Mapping[str, str], *, email: bool, phone: bool, alike: bool) -> list[str]:
    """Short reasons, the strongest first: 'Same e-mail', 'Nearly the same last name'."""
    said = ["same e-mail"] if email else []
    said += ["same phone"] if phone else []
    for role, level in levels.items():
        if role in NOUNS and level in LEVELS:
            said.append(LEVELS[level].format(NOUNS[role]))
    if alike and not levels:
        said.append("similar name and company")
    order = sorted(dict.fromkeys(said), key=lambda text: not text.startswith("same"))
    return [text[0].upper() + text[1:] for text in order]
