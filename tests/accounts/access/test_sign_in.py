"""A-1, A-7 and the sign-in limit: signing in and out, and what the log says of it."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from accounts.workspaces.models import Membership
from cursive.lib.tenancy import system_context
from tests import cast
from tests.accounts.conftest import audit, browser

LOGIN = "/accounts/login/"


def sign_in(client, email, password=cast.PASSWORD, **extra):
    return client.post(LOGIN, {"login": email, "password": password}, **extra)


def test_signing_in_and_out_is_noted(acme):
    client = browser()
    answer = sign_in(
        client, acme.member.email, HTTP_USER_AGENT="Firefox", REMOTE_ADDR="203.0.113.9"
    )
    assert answer.url == reverse("dashboard")
    [entry] = audit(action="login")
    assert (entry.user_id, entry.workspace_id) == (acme.member.id, acme.workspace.id)
    assert (entry.ip, entry.user_agent, entry.method, entry.endpoint) == (
        "203.0.113.9",
        "Firefox",
        "POST",
        LOGIN,
    )
    assert entry.new == {"methods": ["password"]}
    assert entry.request_id
    client.post(reverse("account_logout"))
    [entry] = audit(action="logout")
    assert (entry.user_id, entry.workspace_id) == (acme.member.id, acme.workspace.id)
    assert client.get(reverse("accounts:people")).url.startswith(LOGIN)
    client.post(reverse("account_logout"))
    assert len(audit(action="logout")) == 1


def test_who_has_no_workspace_is_led_to_make_one(db):
    zoe = cast.user("Zoe")
    assert sign_in(browser(), zoe.email).url == reverse("accounts:workspace_new")
    assert sign_in(browser(), cast.staff().email).url == reverse("admin:index")


def test_next_is_followed_within_the_site_only(acme):
    path = f"{LOGIN}?next=/settings/people/"
    values = {"login": acme.member.email, "password": cast.PASSWORD}
    assert browser().post(path, values).url == "/settings/people/"
    for evil in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = browser().post(f"{LOGIN}?next={evil}", values)
        assert answer.url == reverse("dashboard")


def test_a_failed_sign_in_is_noted_for_staff(acme):
    client = browser()
    answer = sign_in(client, acme.member.email, "wrong")
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session
    sign_in(client, "who@new.example", "wrong")
    first, second = audit(action="login_failed")
    assert first.new == {"email": acme.member.email}
    assert (first.workspace_id, first.user_id, first.actor_label) == (None, None, "anonymous")
    assert first.severity == "warning"
    assert second.new == {"email": "who@new.example"}
    assert "wrong" not in str(first.new)
    owner = browser(acme.owner).get("/settings/audit/")
    assert b"Login failed" not in owner.content


def test_five_failures_in_fifteen_minutes(acme):
    """By account and address: nobody locks somebody else out."""
    here, there = {"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "198.51.100.1"}
    client = browser()
    for _ in range(5):
        assert sign_in(client, acme.member.email, "wrong", **here).status_code == 200
    answer = sign_in(client, acme.member.email, **here)  # even with the right password
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert b"Too many failed sign-ins" in answer.content
    assert "_auth_user_id" not in client.session
    assert sign_in(browser(), acme.member.email.upper(), **here).status_code == 429
    [*_, entry] = audit(action="login_refused")
    assert entry.new == {"email": acme.member.email}
    assert len(audit(action="login_failed")) == 5
    assert sign_in(browser(), acme.admin.email, **here).status_code == 302
    assert sign_in(browser(), acme.member.email, **there).status_code == 302


def test_the_limit_is_kept_in_the_shared_cache(acme):
    """Several processes count together: it is Redis that counts."""
    for _ in range(5):
        sign_in(browser(), acme.member.email, "wrong")
    assert sign_in(browser(), acme.member.email).status_code == 429
    assert type(cache._connections["default"]).__name__ == "SteadyCache"
    cache.clear()
    assert sign_in(browser(), acme.member.email).status_code == 302


def test_good_sign_ins_use_nothing_up(acme):
    for _ in range(7):
        assert sign_in(browser(), acme.member.email).status_code == 302


def test_an_htmx_request_past_the_limit_gets_a_fragment(acme):
    for _ in range(5):
        sign_in(browser(), acme.member.email, "wrong")
    answer = sign_in(browser(), acme.member.email, HTTP_HX_REQUEST="true")
    assert answer.status_code == 429
    assert b"<html" not in answer.content


def test_somebody_switched_off_does_not_get_in(acme):
    acme.member.is_active = False
    acme.member.save()
    client = browser()
    assert sign_in(client, acme.member.email).url == reverse("account_inactive")
    assert "_auth_user_id" not in client.session
    assert audit(action="login") == []


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("a\x00@b.example", "x"),
        ("x" * 10_000, "x"),
        ("bob@cast.example", "\x00"),
        ("bob@cast.example", "x" * 100_000),
        ("", ""),
        ("bob@cast.example' OR 1=1 --", "x"),
        ("\u202e@b.example", "x"),
    ],
)
def test_what_cannot_be_is_refused(acme, email, password):
    client = browser()
    assert sign_in(client, email, password).status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_login_is_noted_where_the_person_lands(acme):
    """In the workspace that was chosen last, of several."""
    with system_context():
        Membership.objects.create(workspace=acme.rival, user=acme.member)
    client = browser()
    sign_in(client, acme.member.email)
    assert audit(action="login")[0].workspace_id == acme.workspace.id
