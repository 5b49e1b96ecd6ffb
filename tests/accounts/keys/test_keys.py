"""A-6: API keys: made by owners and admins, shown once, revoked at once."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.keys.models import ApiKey, token_digest
from accounts.keys.operations import MOST_KEYS, create_key, read_networks, revoke_key
from accounts.workspaces.models import Workspace
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, Forbidden, InvalidInput
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.accounts.conftest import audit, browser

PAGE = "/settings/keys/"
API = "/api/business-profiles"


def keys():
    with system_context():
        return list(ApiKey.objects.order_by("created_at"))


def make(acme, **values):
    """A key of Acme and its token."""
    given = {"name": "CRM", "scopes": ["read", "write"]} | values
    with tenant_context(acme.workspace.id):
        return create_key(workspace_id=acme.workspace.id, actor=cast.actor_for(acme.owner), **given)


def call(token, path=API, method="get", **extra):
    client = browser()
    return getattr(client, method)(path, headers={"Authorization": f"Bearer {token}"}, **extra)


def test_a_key_is_shown_once_and_stored_hashed(acme):
    client = browser(acme.owner)
    answer = client.post(PAGE, {"name": "CRM sync", "scopes": ["read", "billing"]})
    assert answer.status_code == 200
    token = re.search(r"cur_live_[\w-]{20,}", answer.content.decode()).group(0)
    [key] = keys()
    assert key.prefix == token[: len(key.prefix)]
    assert key.digest == token_digest(token)
    assert (key.name, key.scopes, key.ip_allow, key.expires_at) == (
        "CRM sync",
        ["read", "billing"],
        [],
        None,
    )
    assert key.created_by == acme.owner
    assert "no-store" in answer["Cache-Control"]
    page = client.get(PAGE).content.decode()
    assert token not in page
    assert key.prefix in page
    assert key.digest not in page
    [entry] = audit(action="create", resource="api_key")
    assert entry.new["name"] == "CRM sync"
    noted = json.dumps([entry.new, entry.old, entry.resource_id])
    assert token not in noted
    assert key.digest not in noted


def test_who_may_manage_keys(acme):
    key, _ = make(acme)
    revoke = reverse("accounts:api_key_revoke", args=[key.id])
    for who, status in ((acme.admin, 200), (acme.member, 403)):
        client = browser(who)
        assert client.get(PAGE).status_code == status
        assert client.post(PAGE, {"name": "K", "scopes": ["read"]}).status_code == status
    assert browser(acme.member).post(revoke).status_code == 403
    assert browser(acme.stranger).post(revoke).status_code == 404
    assert (
        browser(acme.stranger)
        .post(reverse("accounts:api_key_revoke", args=[uuid.uuid4()]))
        .status_code
        == 404
    )
    for answer in (browser().get(PAGE), browser().post(PAGE, {}), browser().post(revoke)):
        assert answer.url.startswith(reverse("account_login"))
    assert key.prefix not in browser(acme.stranger).get(PAGE).content.decode()
    assert len(keys()) == 2  # the first, and the admin's
    assert not any(one.revoked_at for one in keys())
    assert browser(acme.admin).post(revoke).status_code == 302


def test_revocation_is_immediate(acme):
    key, token = make(acme)
    assert call(token).status_code == 200
    path = reverse("accounts:api_key_revoke", args=[key.id])
    client = browser(acme.owner)
    assert client.post(path).status_code == 302
    assert call(token).status_code == 401
    [entry] = audit(action="revoke")
    assert entry.old["prefix"] == key.prefix
    client.post(path)
    assert len(audit(action="revoke")) == 1
    assert b"revoked" in client.get(PAGE).content.lower()


def test_the_last_use_is_noted(acme):
    _, token = make(acme)
    assert keys()[0].last_used_at is None
    call(token)
    used = keys()[0].last_used_at
    assert timezone.now() - used < timedelta(minutes=1)
    assert b"never" not in browser(acme.owner).get(PAGE).content.split(b"<tbody>")[1]


def test_an_expiry_is_the_end_of_a_day_of_the_workspace(acme):
    with system_context():
        Workspace.objects.filter(id=acme.workspace.id).update(time_zone="America/New_York")
    day = (timezone.now() + timedelta(days=10)).date()
    values = {"name": "K", "scopes": ["read"], "expires_on": day.isoformat()}
    assert browser(acme.owner).post(PAGE, values).status_code == 200
    ends = keys()[0].expires_at
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    assert ends - midnight in {timedelta(hours=4), timedelta(hours=5)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 10_000),
        ("name", "a\x00b"),
        ("scopes", []),
        ("scopes", ["everything"]),
        ("expires_on", "2020-01-01"),
        ("expires_on", "yesterday"),
        ("expires_on", "9999-12-31"),
        ("expires_on", "\x00"),
        ("ip_allow", "nowhere"),
        ("ip_allow", "1.2.3.4/33"),
        ("ip_allow", "1.2.3.4\x00"),
        ("ip_allow", "1.2.3.4\n" * 1_000),
        ("ip_allow", "\n".join(f"10.0.0.{n}" for n in range(60))),
    ],
)
def test_a_form_that_cannot_be(acme, field, value):
    values = {"name": "Fine", "scopes": ["read"], field: value}
    answer = browser(acme.owner).post(PAGE, values)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert b"cur_live_" not in answer.content.split(b"Bearer cur_live_")[-1]
    assert keys() == []
    assert audit(resource="api_key") == []


def test_networks_are_kept_in_their_short_form():
    assert read_networks(["203.0.113.7", " 10.1.2.3/8 ", "203.0.113.7/32", "2001:DB8::1"]) == [
        "203.0.113.7/32",
        "10.0.0.0/8",
        "2001:db8::1/128",
    ]
    for wrong in ("fe80::1%eth0", "", "1.2.3.4.5", "::1/129"):
        with pytest.raises(InvalidInput):
            read_networks([wrong])


def test_operations_refuse_on_their_own(acme):
    ws = acme.workspace.id
    owner = cast.actor_for(acme.owner)
    with tenant_context(ws), pytest.raises(Forbidden):
        create_key(workspace_id=ws, actor=cast.actor_for(acme.member), name="K", scopes=["read"])
    with tenant_context(ws), pytest.raises(Forbidden):
        create_key(workspace_id=ws, actor=Actor(kind="key", label="k"), name="K", scopes=["read"])
    for wrong in (
        {"scopes": []},
        {"scopes": ["read"], "expires_at": timezone.now()},
        {"scopes": ["read"], "name": ""},
        {"scopes": ["read"], "name": "x" * 81},
    ):
        with tenant_context(ws), pytest.raises(InvalidInput):
            create_key(**({"workspace_id": ws, "actor": owner, "name": "K"} | wrong))
    assert keys() == []
    key, _ = make(acme)
    with tenant_context(ws), pytest.raises(Forbidden):
        revoke_key(workspace_id=ws, actor=cast.actor_for(acme.member), key_id=key.id)
    assert keys()[0].revoked_at is None


def test_fifty_usable_keys_are_enough(acme):
    for _ in range(MOST_KEYS):
        key, _ = make(acme)
    with pytest.raises(Conflict):
        make(acme)
    with tenant_context(acme.workspace.id):
        revoke_key(workspace_id=acme.workspace.id, actor=cast.actor_for(acme.owner), key_id=key.id)
    make(acme)


def test_the_page_asks_the_same_number_of_questions_however_many_keys(
    acme, django_assert_max_num_queries
):
    client = browser(acme.owner)
    for _ in range(20):
        make(acme)
    with django_assert_max_num_queries(9, using="default"):
        page = client.get(PAGE)
    assert len(page.context["page"].items) == 20
