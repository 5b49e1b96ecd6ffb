"""The navigation: who sees what, and that every entry leads somewhere."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from cursive.lib.ui import navigation
from cursive.lib.ui.navigation import Entry, check_navigation, register, sections_for

LOGIN = Entry("Sign in", "account_login", icon="login", order=10, words="enter")
RESET = Entry("Reset", "account_reset_password", icon="key", order=5, roles=frozenset({"owner"}))
STAFF = Entry("Staff", "account_signup", icon="tool", order=1, section="staff", staff=True)
LOST = Entry("Lost", "no:such", icon="point", order=9)
OPEN = Entry("Leave", "account_logout", icon="logout", order=90, in_workspace=False)


@pytest.fixture
def entries(monkeypatch):
    monkeypatch.setattr(navigation, "_entries", {})
    register(LOGIN, RESET, STAFF, LOST, OPEN)


def request(path="/", role="owner", is_staff=False, member=True):
    return SimpleNamespace(
        path=path,
        membership=SimpleNamespace(role=role) if member else None,
        user=SimpleNamespace(is_staff=is_staff),
    )


def labels(request):
    return [link.label for section in sections_for(request) for link in section.links]


def test_entries_come_in_order_without_those_that_lead_nowhere(entries):
    assert labels(request()) == ["Reset", "Sign in", "Leave"]


def test_roles_and_staff_decide_what_is_shown(entries):
    assert labels(request(role="member")) == ["Sign in", "Leave"]
    assert labels(request(role="member", is_staff=True)) == ["Sign in", "Leave", "Staff"]


def test_without_a_workspace_its_pages_are_not_offered(entries):
    assert labels(request(member=False)) == ["Leave"]


def test_the_current_page_is_the_longest_match(entries):
    def current(path):
        links = [link for section in sections_for(request(path)) for link in section.links]
        return [link.label for link in links if link.current]

    assert current("/accounts/login/") == ["Sign in"]
    assert current("/accounts/password/reset/done/") == ["Reset"]
    assert current("/elsewhere/") == []


def test_an_unknown_section_is_refused():
    with pytest.raises(ValueError, match="section"):
        register(Entry("X", "account_login", icon="x", order=1, section="nowhere"))


def test_the_check_finds_dead_ends_missing_icons_and_double_shortcuts():
    problems = check_navigation(
        [
            LOST,
            Entry("A", "account_login", icon="no-such-icon", order=1, shortcut="g a"),
            Entry("B", "account_login", icon="key", order=1, shortcut="g a"),
        ]
    )
    assert [problem.id for problem in problems] == [
        "cursive.ui.E001",
        "cursive.ui.E002",
        "cursive.ui.E003",
    ]


def test_everything_that_is_registered_leads_somewhere():
    assert check_navigation() == []


def test_an_entry_may_ask_the_request_whether_it_is_shown(entries):
    register(replace(LOGIN, shown=lambda request: request.membership is None))
    assert labels(request()) == ["Reset", "Leave"]
    register(replace(LOGIN, shown=lambda request: request.path == "/"))
    assert "Sign in" in labels(request())
