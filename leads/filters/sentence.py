"""A filter in plain English (S-4), for cards, confirmations and the audit log.

'Directors or VPs in software in Texas, over 10,000 employees, verified e-mail'
"""

from collections.abc import Iterable, Mapping

from leads.filters.phrases import Context, phrase
from leads.filters.registry import FIELDS
from leads.filters.tree import Condition, Group
from leads.filters.wording import SENIORITY_NOUNS, Labels, join, words_of

_PLACES = ("city", "state", "country")
_WHO = ("seniority", "department", "industry", *_PLACES)


def sentence(group: Group, *, labels: Labels | None = None) -> str:
    """The filter in words, without a full stop; 'Everybody' for an empty one.

    `labels` names codes that the registry doesn't know: {("owner", "<id>"): "Bob Smith"}.
    Values are the user's own text: escape them where they are shown.
    """
    if not group.items:
        return "Everybody"
    context = Context(labels or {})
    if group.mode == "any" and len(group.items) > 1:
        return f"Anyone matching one of: {_listed(group.items, context)}"
    if group.mode == "none" and len(group.items) > 1:
        return f"Everybody except: {_listed(group.items, context)}"
    if group.mode == "none":
        return _said((group,), labels or {})
    only = group.items[0]
    if len(group.items) == 1 and isinstance(only, Group) and only.mode == "all":
        return sentence(only, labels=labels)
    return _said(group.items, labels or {})


def _said(items: tuple[Condition | Group, ...], labels: Labels) -> str:
    who: dict[str, Condition] = {}
    rest: list[Condition | Group] = []
    for item in items:
        if isinstance(item, Condition) and _says_who(item) and item.field not in who:
            who[item.field] = item
        else:
            rest.append(item)
    country = who["country"].value if "country" in who else ()
    context = Context(labels, tuple(map(str, country)) if isinstance(country, tuple) else ())
    start = _subject(who, context)
    clauses = ", ".join(_phrase(item, context) for item in rest)
    if not clauses:
        return start
    return f"{start}{', ' if who else ': '}{clauses}"


def _says_who(condition: Condition) -> bool:
    return condition.field in _WHO and condition.op in ("in", "eq")


def _subject(who: Mapping[str, Condition], context: Context) -> str:
    """'Directors or VPs in software in Texas', of the conditions that say who and where."""

    def words(name: str) -> str:
        found = words_of(FIELDS[name], who[name].value, context.labels, context.countries)
        return join(found, "or")

    said = "People"
    if "seniority" in who and isinstance(codes := who["seniority"].value, tuple):
        said = join([SENIORITY_NOUNS[str(code)] for code in codes], "or")
    if "department" in who:
        said += f" in {words('department')}"
    if "industry" in who:
        said += f"{' at companies' if 'department' in who else ''} in {words('industry')}"
    if places := [words(name) for name in _PLACES if name in who]:
        said += f" in {', '.join(places)}"
    return said[0].upper() + said[1:]


def _listed(items: Iterable[Condition | Group], context: Context) -> str:
    return "; ".join(_phrase(item, context) for item in items)


def _phrase(item: Condition | Group, context: Context, *, nested: bool = False) -> str:
    if isinstance(item, Condition):
        return phrase(item, context)
    if len(item.items) == 1:
        only = item.items[0]
        if item.mode == "none":
            return _opposite(only, context, nested=nested)
        return _phrase(only, context, nested=nested)
    said = _joined(item, context)
    return f"({said})" if nested else said


def _opposite(item: Condition | Group, context: Context, *, nested: bool) -> str:
    if isinstance(item, Condition):
        return phrase(item, context, negated=True)
    if item.mode == "all" and len(item.items) > 1:
        return f"not {_phrase(item, context, nested=True)}"
    opposite = Group("any" if item.mode == "none" else "none", item.items)
    return _phrase(opposite, context, nested=nested)


def _joined(group: Group, context: Context) -> str:
    parts = [_phrase(item, context, nested=True) for item in group.items]
    first, conjunction = {
        "all": ("", "and"),
        "any": ("either ", "or"),
        "none": ("neither ", "nor"),
    }[group.mode]
    return f"{first}{', '.join(parts[:-1])} {conjunction} {parts[-1]}"
