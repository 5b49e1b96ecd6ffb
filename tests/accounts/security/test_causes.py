"""A-8: what makes a security event, and who learns of it."""

import re
import uuid

import pytest
from allauth.mfa.models import Authenticator
from django.db import connections
from django.http import HttpResponseNotFound
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone

from accounts.access.middleware import WorkspaceMiddleware
from accounts.keys import queries as key_queries
from accounts.keys.models import ApiKey
from accounts.keys.operations import create_key
from accounts.security.queries import owner_sql
from accounts.workspaces.models import Membership, Workspace
from cursive.lib import limits
from cursive.lib.actors import current_actor
from cursive.lib.errors import TooMany
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.accounts.access.test_second_factor import code_for, trusted, with_totp
from tests.accounts.access.test_sign_in import sign_in
from tests.accounts.conftest import browser
from tests.accounts.keys.test_keys import call, make
from tests.accounts.profiles.test_profiles import made
from tests.accounts.security.events import events

ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}


# --- signing in -------------------------------------------------------------------------------


def test_a_failed_sign_in_is_its_workspaces(acme):
    """Each workspace of the person; of a stranger's address only staff learn."""
    with system_context():
        Membership.objects.create(workspace=acme.rival, user=acme.member)
    sign_in(browser(), acme.member.email.upper(), "wrong", **ELSEWHERE)
    sign_in(browser(), "who@new.example", "wrong")
    first, second, third = events()
    assert {first.workspace_id, second.workspace_id} == {acme.workspace.id, acme.rival.id}
    assert third.workspace_id is None
    assert (first.kind, first.risk, first.ip) == ("login_failed", "low", "198.51.100.7")
    assert (first.actor_label, first.user_id, first.endpoint) == (
        "anonymous",
        None,
        "/accounts/login/",
    )
    assert first.detail["email"].lower() == acme.member.email
    assert third.detail == {"email": "who@new.example"}


def test_a_deleted_workspace_learns_nothing(acme):
    with system_context():
        Workspace.objects.filter(id=acme.workspace.id).update(deleted_at=timezone.now())
    sign_in(browser(), acme.member.email, "wrong")
    assert [event.workspace_id for event in events()] == [None]


def test_a_lockout(acme):
    client = browser()
    for _ in range(7):
        sign_in(client, acme.member.email, "wrong")
    assert len(events(kind="login_failed")) == 5
    [event] = events(kind="lockout")  # the second within a minute is counted, not written
    assert (event.workspace_id, event.risk) == (acme.workspace.id, "medium")
    assert event.detail == {"email": acme.member.email}


def test_a_good_sign_in_is_none(acme):
    sign_in(browser(), acme.member.email)
    assert events() == []


def test_wrong_codes_and_a_locked_second_factor(acme):
    secret = with_totp(acme.member)
    client = browser()
    sign_in(client, acme.member.email)
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    failed = events(kind="mfa_failed")
    assert len(failed) == 5
    assert (failed[0].workspace_id, failed[0].user_id) == (acme.workspace.id, acme.member.id)
    assert events(kind="lockout") == []
    client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    [event] = events(kind="lockout")
    assert (event.risk, event.detail) == ("high", {"step": "second factor"})
    assert (event.workspace_id, event.user_id) == (acme.workspace.id, acme.member.id)


def test_changes_of_the_second_factor(acme):
    client = trusted(acme.member)
    path = reverse("mfa_activate_totp")
    secret = client.get(path).context["form"].secret
    client.post(path, {"code": code_for(secret)})
    client.post(reverse("mfa_deactivate_totp"))
    told = [(event.detail, event.risk) for event in events(kind="mfa_change")]
    assert ({"change": "added", "type": "totp"}, "low") in told
    assert ({"change": "removed", "type": "totp"}, "high") in told
    assert {event.workspace_id for event in events()} == {acme.workspace.id}
    assert secret not in str(told)


def test_staff_take_a_second_factor_away(acme, settings):
    settings.STAFF_MFA_REQUIRED = False
    with_totp(acme.member)
    row = Authenticator.objects.get(user=acme.member)
    sam = cast.staff()
    browser(sam).post(reverse("admin:mfa_authenticator_delete", args=[row.pk]), {"post": "yes"})
    assert not Authenticator.objects.filter(user=acme.member).exists()
    [event] = events(kind="mfa_change")
    assert (event.workspace_id, event.user_id, event.risk) == (acme.workspace.id, sam.id, "high")
    assert event.detail["user"] == acme.member.email


def test_staff_without_a_second_factor(db, settings):
    settings.STAFF_MFA_REQUIRED = True
    sam = cast.staff()
    for _ in range(2):
        assert browser(sam).get("/admin/").url == reverse("mfa_index")
    [event] = events()
    assert (event.kind, event.user_id, event.workspace_id) == (
        "staff_without_factor",
        sam.id,
        None,
    )
    with_totp(sam)
    assert browser(sam).get("/admin/").status_code == 200
    assert len(events()) == 1


# --- keys -------------------------------------------------------------------------------------


def test_a_key_used_from_a_new_network(acme):
    key, token = make(acme)
    for address in ("203.0.113.9", "203.0.113.200", "::ffff:203.0.113.1"):
        assert call(token, REMOTE_ADDR=address).status_code == 200
    assert events() == []  # the first network, and more of the same
    assert call(token, REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT="curl").status_code == 200
    [event] = events()
    assert (event.kind, event.risk) == ("key_new_network", "medium")
    assert (event.workspace_id, event.key_id) == (acme.workspace.id, key.id)
    assert (event.ip, event.user_agent) == ("198.51.100.7", "curl")
    assert event.detail == {"prefix": key.prefix, "network": "198.51.100.0/24"}
    for address in ("198.51.100.99", "203.0.113.9"):
        call(token, REMOTE_ADDR=address)
    assert len(events()) == 1
    call(token, REMOTE_ADDR="2001:db8:1:2::3")
    call(token, REMOTE_ADDR="2001:db8:1:ffff::3")
    assert events()[-1].detail["network"] == "2001:db8:1::/48"
    assert len(events()) == 2
    assert token not in str([(one.detail, one.actor_label) for one in events()])


def test_a_keys_networks_are_kept_in_bounds(acme, monkeypatch):
    monkeypatch.setattr(key_queries, "MOST_NETWORKS", 3)
    key, token = make(acme)
    for number in range(5):
        call(token, REMOTE_ADDR=f"203.0.{number}.1")
    with system_context():
        networks = ApiKey.objects.get(id=key.id).networks
    assert networks == ["203.0.2.0/24", "203.0.3.0/24", "203.0.4.0/24"]
    assert len(events(kind="key_new_network")) == 4


def test_a_key_from_an_address_that_its_list_excludes(acme):
    key, token = make(acme, ip_allow=["203.0.113.0/24"])
    assert call(token, REMOTE_ADDR="198.51.100.7").status_code == 401
    [event] = events()
    assert (event.kind, event.risk, event.workspace_id) == (
        "key_refused",
        "high",
        acme.workspace.id,
    )
    assert (event.key_id, event.ip) == (key.id, "198.51.100.7")
    with system_context():
        assert ApiKey.objects.get(id=key.id).networks == []


def test_a_key_that_is_none_is_no_event(acme):
    assert call("cur_live_nonsense").status_code == 401
    assert events() == []


# --- limits -----------------------------------------------------------------------------------


def test_a_refusal_by_a_limit(acme):
    limit = limits.Limit("test-refusals", "1/minute", "Too quick.", fail_closed=True)
    with tenant_context(acme.workspace.id):
        limits.hit(limit, acme.workspace.id)
        with pytest.raises(TooMany):
            limits.hit(limit, acme.workspace.id)
    [event] = events()
    assert (event.kind, event.risk) == ("limit_refused", "medium")
    assert (event.workspace_id, event.actor_label) == (acme.workspace.id, "anonymous")
    assert event.detail == {
        "limit": "test-refusals",
        "rate": "1/minute",
        "subject": str(acme.workspace.id),
    }


def test_a_refused_request_says_who_sent_it(acme):
    """Its transaction is rolled back, or not: the event stays, with its request."""
    client = browser(acme.owner)
    for number in range(12):
        client.post(
            reverse("accounts:workspace_new"),
            {"name": f"Branch {number}", "time_zone": "UTC", "country": "US"},
        )
    [event] = events()
    assert (event.kind, event.user_id, event.ip) == ("limit_refused", acme.owner.id, "127.0.0.1")
    assert event.endpoint == reverse("accounts:workspace_new")
    assert current_actor() is None


def test_a_refusal_by_allauths_limits(acme):
    for _ in range(30):
        answer = browser().post(reverse("account_reset_password"), {"email": "a@b.example"})
        if answer.status_code == 429:
            break
    else:
        pytest.fail("no limit on resets")
    [event] = events()
    assert (event.kind, event.workspace_id) == ("limit_refused", None)
    assert event.endpoint == reverse("account_reset_password")


# --- other workspaces ---------------------------------------------------------------------------


def profile_url(profile):
    return reverse("accounts:profile_edit", args=[profile.id])


def test_reaching_for_another_workspace_is_told_to_staff_only(acme):
    """The one who tries learns nothing: not by the answer, and not by their own log."""
    profile = made(acme)
    client = browser(acme.stranger)
    there, nowhere = (
        client.get(path)
        for path in (profile_url(profile), reverse("accounts:profile_edit", args=[uuid.uuid4()]))
    )
    assert there.status_code == nowhere.status_code == 404
    [event] = events()
    assert (event.kind, event.risk, event.workspace_id) == ("cross_workspace", "high", None)
    assert event.user_id == acme.stranger.id
    assert event.detail == {
        "from_workspace": str(acme.rival.id),
        "of_workspace": str(acme.workspace.id),
        "what": "business profile",
        "id": str(profile.id),
    }
    for who in (acme.owner, acme.stranger):
        assert b"Reached for" not in browser(who).get(reverse("accounts:security")).content


def test_reaching_by_api_key(acme):
    lead = cast.lead(acme.workspace)
    with tenant_context(acme.rival.id):
        key, token = create_key(
            workspace_id=acme.rival.id,
            actor=cast.actor_for(acme.stranger),
            name="Theirs",
            scopes=["read"],
        )
    assert call(token, reverse("api-lead", args=[lead.id])).status_code == 404
    [event] = events()
    assert (event.kind, event.key_id, event.detail["what"]) == ("cross_workspace", key.id, "lead")


def test_ones_own_other_workspace_is_no_attempt(acme):
    """A link into the workspace that one hasn't switched to."""
    profile = made(acme)
    with system_context():
        Membership.objects.create(workspace=acme.workspace, user=acme.stranger)
    client = browser(acme.stranger)
    client.post(reverse("accounts:workspace_switch", args=[acme.rival.id]))
    assert client.get(profile_url(profile)).status_code == 404
    assert events() == []


def test_ones_own_deleted_things_are_no_attempt(acme):
    path = reverse("accounts:profile_edit", args=[uuid.uuid4()])
    assert browser(acme.owner).get(path).status_code == 404
    assert browser(acme.owner).get("/nowhere/").status_code == 404
    assert events() == []


def test_the_answer_is_sent_before_anybody_looks(acme):
    """How long a 404 takes doesn't say whether the id exists somewhere."""
    profile = made(acme)
    request = RequestFactory().get(profile_url(profile))
    request.user, request.session = acme.stranger, {}
    seen = []

    def view(request):
        request.resolver_match = resolve(request.path)
        return HttpResponseNotFound()

    response = WorkspaceMiddleware(view)(request)
    seen.append(len(events()))
    response.close()  # what the server does once it has sent it
    seen.append(len(events()))
    assert seen == [0, 1]


def test_every_table_of_workspaces_is_looked_into_by_its_key(acme):
    """No look-up reads a table through, however large it is."""
    with system_context(), connections["admin"].cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {owner_sql()}", {"ids": [uuid.uuid4()], "besides": [uuid.uuid4()]})
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "Seq Scan" not in plan
    assert {"leads_lead", "segments_segment", "cursive_job"} <= set(re.findall(r"on (\w+)", plan))
