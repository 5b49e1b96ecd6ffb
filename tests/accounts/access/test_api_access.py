"""A-6: who may call the API, by key or by session."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from accounts.access.api import WorkspacePermission
from accounts.keys.models import ApiKey
from accounts.profiles.models import BusinessProfile
from accounts.workspaces.models import Role, Workspace
from cursive.lib.actors import Actor
from cursive.lib.errors import Forbidden
from cursive.lib.tenancy import system_context, tenant_context
from leads.records.models import Lead
from tests import cast
from tests.accounts.conftest import browser
from tests.accounts.keys.test_keys import API, call, make

BODY = json.dumps({"name": "Widgets", "sells": "Widgets"})


def profiles():
    with system_context():
        return BusinessProfile.objects.count()


def post(client, **extra):
    return client.post(API, BODY, content_type="application/json", **extra)


def refused(answer, status):
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert "Acme" not in json.dumps(problem)
    return problem


def test_a_key_reads_and_writes_in_its_workspace(acme):
    _, token = make(acme)
    assert call(token).json() == {"page": 1, "pageSize": 50, "total": 0, "data": []}
    answer = call(token, method="post", data=BODY, content_type="application/json")
    assert answer.status_code == 201
    assert call(token).json()["total"] == 1
    assert call(token, path=f"{API}/{answer.json()['id']}").status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(acme, scheme):
    _, token = make(acme)
    answer = browser().get(API, headers={"Authorization": f"{scheme} {token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer cur_live_",
        "Bearer cur_live_" + "x" * 43,
        "Bearer cur_live_" + "x" * 10_000,
        "Bearer cur_live_\x00",
        "Bearer cur_live_é",
        "Basic YTpi",
        "",
    ],
)
def test_wrong_keys_are_401(acme, header):
    problem = refused(browser().get(API, headers={"Authorization": header}), 401)
    assert problem["title"] == "Not signed in"


def test_a_wrong_key_does_not_fall_back_to_the_session(acme):
    client = browser(acme.owner)
    answer = client.get(API, headers={"Authorization": "Bearer cur_live_wrong"})
    refused(answer, 401)
    assert client.get(API).status_code == 200


def test_revoked_expired_and_orphaned_keys_are_401(acme):
    key, token = make(acme)
    for change in (
        {"revoked_at": timezone.now()},
        {"revoked_at": None, "expires_at": timezone.now() - timedelta(seconds=1)},
    ):
        with system_context():
            ApiKey.objects.filter(id=key.id).update(**change)
        refused(call(token), 401)
    with system_context():
        ApiKey.objects.filter(id=key.id).update(expires_at=timezone.now() + timedelta(days=1))
    assert call(token).status_code == 200
    with system_context():
        Workspace.objects.filter(id=acme.workspace.id).update(deleted_at=timezone.now())
    refused(call(token), 401)


def test_a_key_works_from_its_addresses_only(acme):
    _, token = make(acme, ip_allow=["203.0.113.0/24", "2001:db8::/32"])
    for address, status in (
        ("203.0.113.9", 200),
        ("::ffff:203.0.113.9", 200),
        ("2001:db8::1", 200),
        ("198.51.100.1", 401),
        ("2001:db9::1", 401),
        ("", 401),
        ("nonsense", 401),
    ):
        assert call(token, REMOTE_ADDR=address).status_code == status, address


def test_use_from_a_wrong_address_is_no_use(acme):
    key, token = make(acme, ip_allow=["203.0.113.0/24"])
    call(token, REMOTE_ADDR="198.51.100.1")
    with system_context():
        assert ApiKey.objects.get(id=key.id).last_used_at is None


def test_forwarded_addresses_count_as_far_as_proxies_are_ours(acme, settings):
    """A client can write what it likes into X-Forwarded-For."""
    _, token = make(acme, ip_allow=["203.0.113.9"])
    forged = {"REMOTE_ADDR": "198.51.100.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    assert call(token, **forged).status_code == 401
    settings.TRUSTED_PROXIES = 1
    assert call(token, **forged).status_code == 200
    forged["HTTP_X_FORWARDED_FOR"] = "203.0.113.9, 198.51.100.7"
    assert call(token, **forged).status_code == 401


@pytest.mark.parametrize(
    ("scopes", "get", "post"),
    [(["read"], 200, 403), (["write"], 403, 201), (["billing"], 403, 403)],
)
def test_scopes(acme, scopes, get, post):
    _, token = make(acme, scopes=scopes)
    assert call(token).status_code == get
    answer = call(token, method="post", data=BODY, content_type="application/json")
    assert answer.status_code == post
    if post == 403:
        assert "lacks the scope 'write'" in refused(answer, 403)["detail"]
    assert profiles() == (post == 201)


def test_another_workspaces_objects_are_404(acme):
    """X-2: with a key and with a session alike, and nothing changes."""
    _, token = make(acme)
    theirs = post(browser(acme.stranger)).json()["id"]
    path = f"{API}/{theirs}"
    change = json.dumps({"name": "Mine", "sells": "Now"})
    for answer in (
        call(token, path=path),
        call(token, path=path, method="put", data=change, content_type="application/json"),
        browser(acme.owner).get(path),
        browser(acme.owner).put(path, change, content_type="application/json"),
    ):
        refused(answer, 404)
    assert browser(acme.stranger).get(path).json()["name"] == "Widgets"
    assert call(token).json()["total"] == 0


def test_keys_are_for_the_api_only(acme):
    """A page with a bearer header is still anonymous."""
    _, token = make(acme)
    answer = browser().get("/settings/keys/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 302


def test_the_session_works_with_csrf(acme):
    client = Client(enforce_csrf_checks=True)
    client.force_login(acme.member)
    assert client.get(API).status_code == 200
    refused(post(client), 403)
    assert profiles() == 0
    client.get("/settings/profile/")
    token = client.cookies["csrftoken"].value
    assert post(client, headers={"X-CSRFToken": token}).status_code == 201


def test_a_key_needs_no_csrf(acme):
    _, token = make(acme)
    client = Client(enforce_csrf_checks=True)
    answer = post(client, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201


def test_anonymous_is_401_and_somebody_without_a_workspace_403(acme):
    refused(browser().get(API), 401)
    problem = refused(browser(cast.user("Zoe")).get(API), 403)
    assert "no workspace" in problem["detail"]


@pytest.mark.parametrize("scopes", [["write"], ["read", "write", "billing"]])
def test_a_key_that_writes_deletes_leads_and_a_member_doesnt(acme, scopes):
    """A-2, A-6: owners and admins make keys, so their scope decides; members can't delete."""
    lead, other = cast.lead(acme.workspace), cast.lead(acme.workspace)
    _, token = make(acme, scopes=scopes)
    refused(browser(acme.member).delete(f"/api/leads/{lead.id}"), 403)
    assert call(token, path=f"/api/leads/{other.id}", method="delete").status_code == 204
    with tenant_context(acme.workspace.id):
        assert Lead.objects.get(id=lead.id).deleted_at is None
        assert Lead.objects.get(id=other.id).deleted_at is not None
    answer = call(
        token,
        path=f"/api/leads/{lead.id}",
        method="patch",
        data=json.dumps({"notes": "Called"}),
        content_type="application/json",
    )
    assert answer.status_code == 200
    assert browser(acme.owner).delete(f"/api/leads/{lead.id}").status_code == 204


def test_a_view_may_leave_it_to_the_scope(acme):
    """A-6: where a view says so a key's scope is enough, though members may not."""

    class Paying:
        required_scope = "billing"
        required_role = Role.ADMIN

    class ByScope(Paying):
        keys_allowed = True

    def may(view, *scopes):
        actor = Actor(kind="key", label="CRM", scopes=frozenset(scopes))
        plain = SimpleNamespace(workspace=acme.workspace, actor=actor, membership=None)
        return WorkspacePermission().has_permission(
            SimpleNamespace(_request=plain, method="POST"), view
        )

    assert may(ByScope(), "billing")
    for view, scopes in ((ByScope(), ["write"]), (Paying(), ["billing"])):
        with pytest.raises(Forbidden):
            may(view, *scopes)
