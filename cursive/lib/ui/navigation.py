"""What the sidebar, the phone's menu and the command palette offer.

Each app registers its pages in `apps.ready()`:
`navigation.register(Entry("Leads", "leads:list", icon="users", order=40, shortcut="g l"))`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.checks import CheckMessage, Error
from django.urls import NoReverseMatch, reverse

from .sprite import icon_names

SECTIONS = {
    "main": "",
    "grow": "Grow",
    "partner": "Partner",
    "settings": "Settings",
    "staff": "Staff",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One page that people go to. Without `roles` every member sees it.

    `words` are other words that find it in the palette, `shortcut` is two keys ("g l"), `staff`
    shows it to staff only, `in_workspace=False` also to who has no workspace. It counts as current
    on all pages under its URL, unless `exact`. `shown` is asked with the request whether it is
    shown: each page asks, so it reads what the request has and makes no query.
    """

    label: str
    url_name: str
    icon: str
    order: int
    section: str = "main"
    roles: frozenset[str] = frozenset()
    shortcut: str = ""
    words: str = ""
    staff: bool = False
    in_workspace: bool = True
    in_sidebar: bool = True
    exact: bool = False
    shown: Callable[[Any], bool] | None = None

    @property
    def keys(self) -> list[str]:
        """The keys of its shortcut, one after the other."""
        return self.shortcut.split()


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one request sees it."""

    entry: Entry
    url: str
    current: bool

    @property
    def label(self) -> str:
        """What it says."""
        return self.entry.label

    @property
    def icon(self) -> str:
        """Its icon's name."""
        return self.entry.icon


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its links."""

    name: str
    label: str
    links: list[Link] = field(default_factory=list)

    @property
    def sidebar_links(self) -> list[Link]:
        """The links that have a place in the sidebar; the palette has all."""
        return [link for link in self.links if link.entry.in_sidebar]


_entries: dict[str, Entry] = {}


def register(*entries: Entry) -> None:
    """Offer `entries`. The same URL name again replaces the earlier one."""
    for entry in entries:
        if entry.section not in SECTIONS:
            raise ValueError(f"no navigation section {entry.section!r}")
        _entries[entry.url_name] = entry


def registered() -> list[Entry]:
    """All entries in the order in which they are shown."""
    sections = list(SECTIONS)
    return sorted(_entries.values(), key=lambda e: (sections.index(e.section), e.order, e.label))


def sections_for(request: Any) -> list[Section]:
    """The sections that the request's user may see, with the current page marked.

    Reads `request.membership` (role) and `request.user` where they are there. An entry whose
    URL doesn't exist is left out; `check_navigation` reports it.
    """
    membership = getattr(request, "membership", None)
    role = getattr(membership, "role", None)
    is_staff = bool(getattr(getattr(request, "user", None), "is_staff", False))
    visible = [
        entry
        for entry in registered()
        if (is_staff or not entry.staff)
        and (membership is not None or not entry.in_workspace)
        and (not entry.roles or role in entry.roles)
        and (entry.shown is None or entry.shown(request))
    ]
    urls = {entry: url for entry in visible if (url := _url(entry))}
    current = _current(getattr(request, "path", ""), urls)
    sections: dict[str, Section] = {}
    for entry, url in urls.items():
        section = sections.setdefault(
            entry.section, Section(entry.section, SECTIONS[entry.section])
        )
        section.links.append(Link(entry, url, entry is current))
    return list(sections.values())


def _url(entry: Entry) -> str | None:
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return None


def _current(path: str, urls: dict[Entry, str]) -> Entry | None:
    """The entry whose URL is the longest that `path` lies under."""
    under = [
        entry
        for entry, url in urls.items()
        if path == url or (not entry.exact and url != "/" and path.startswith(url))
    ]
    return max(under, key=lambda entry: len(urls[entry]), default=None)


def check_navigation(entries: Iterable[Entry] | None = None, **_: Any) -> list[CheckMessage]:
    """A Django check: every entry has a URL and an icon, and no shortcut is taken twice."""
    problems: list[CheckMessage] = []
    taken: dict[str, str] = {}
    for entry in registered() if entries is None else entries:
        if _url(entry) is None:
            problems.append(_error(f"{entry.label}: no URL is named {entry.url_name!r}.", "001"))
        if entry.icon not in icon_names():
            problems.append(_error(f"{entry.label}: no icon {entry.icon!r} in icons.svg.", "002"))
        if entry.shortcut and entry.shortcut in taken:
            problems.append(
                _error(
                    f"{entry.label} and {taken[entry.shortcut]} both have the shortcut "
                    f"{entry.shortcut!r}.",
                    "003",
                )
            )
        taken.setdefault(entry.shortcut, entry.label)
    return problems


def _error(message: str, number: str) -> Error:
    return Error(message, id=f"cursive.ui.E{number}")
