"""A-2: making, changing and switching workspaces."""

import uuid

import pytest
from django.urls import reverse

from accounts.workspaces.models import Membership, Role, Workspace
from accounts.workspaces.operations import create_workspace
from cursive.lib.actors import Actor
from cursive.lib.errors import Forbidden, InvalidInput, TooMany
from cursive.lib.tenancy import system_context
from tests import cast
from tests.accounts.conftest import audit, browser

SETTINGS = {
    "name": "Acme Ltd",
    "time_zone": "Europe/Berlin",
    "country": "DE",
    "low_credit_threshold": "25",
}


def reread(workspace: Workspace) -> Workspace:
    with system_context():
        return Workspace.objects.get(id=workspace.id)


def test_a_person_without_a_workspace_makes_one_and_owns_it(db):
    zoe = cast.user("Zoe")
    client = browser(zoe)
    page = client.get(reverse("accounts:workspace_new"))
    assert page.status_code == 200
    assert b"data-guess-time-zone" in page.content
    answer = client.post(
        reverse("accounts:workspace_new"),
        {"name": " Zoe & Co ", "time_zone": "Asia/Tokyo", "country": "JP"},
    )
    assert answer.status_code == 302
    assert answer.url == reverse("dashboard")
    with system_context():
        made = Workspace.objects.get()
        mine = Membership.objects.get()
    assert (made.name, made.time_zone, made.country) == ("Zoe & Co", "Asia/Tokyo", "JP")
    assert (mine.user_id, mine.workspace_id, mine.role) == (zoe.id, made.id, Role.OWNER)
    entry = audit(action="create", resource="workspace")[0]
    assert (entry.workspace_id, entry.user_id) == (made.id, zoe.id)
    assert entry.new["name"] == "Zoe & Co"
    assert client.get(reverse("accounts:workspace_settings")).status_code == 200


def test_without_a_workspace_pages_lead_to_making_one(db):
    client = browser(cast.user("Zoe"))
    for name in ("workspace_settings", "people", "profile", "api_keys", "audit_log"):
        answer = client.get(reverse(f"accounts:{name}"))
        assert (answer.status_code, answer.url) == (302, reverse("accounts:workspace_new"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x"),
        ("name", "x" * 10_000),
        ("name", "a\x00b"),
        ("name", "   "),
        ("time_zone", "Mars/Olympus"),
        ("country", "ZZ"),
    ],
)
def test_a_form_that_cannot_be_keeps_what_was_typed(db, field, value):
    client = browser(cast.user("Zoe"))
    values = {"name": "Fine Name", "time_zone": "Asia/Tokyo", "country": "JP", field: value}
    answer = client.post(reverse("accounts:workspace_new"), values)
    assert answer.status_code == 400
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert form["time_zone"].value() == values["time_zone"]
    with system_context():
        assert not Workspace.objects.exists()


def test_the_operation_checks_too(db):
    zoe = cast.user("Zoe")
    actor = cast.actor_for(zoe)
    with pytest.raises(InvalidInput) as refusal:
        create_workspace(actor=actor, name="x", time_zone="Mars", country="ZZ")
    assert set(refusal.value.fields) == {"name", "time_zone", "country"}
    with pytest.raises(Forbidden):
        create_workspace(actor=Actor.system("test"), name="Nobody's")
    with system_context():
        assert not Workspace.objects.exists()


def test_ten_workspaces_a_day_are_enough(db):
    actor = cast.actor_for(cast.user("Zoe"))
    for number in range(10):
        create_workspace(actor=actor, name=f"Zoe {number}")
    with pytest.raises(TooMany):
        create_workspace(actor=actor, name="Zoe again")
    with system_context():
        assert Workspace.objects.count() == 10


@pytest.mark.parametrize("who", ["owner", "admin"])
def test_owner_and_admin_change_the_settings(acme, who):
    client = browser(getattr(acme, who))
    answer = client.post(reverse("accounts:workspace_settings"), SETTINGS)
    assert answer.status_code == 302
    changed = reread(acme.workspace)
    assert (changed.name, changed.time_zone, changed.country, changed.low_credit_threshold) == (
        "Acme Ltd",
        "Europe/Berlin",
        "DE",
        25,
    )
    entry = audit(action="update", resource="workspace")[0]
    assert (entry.old["name"], entry.new["name"]) == ("Acme", "Acme Ltd")
    assert reread(acme.rival).name == "Rival"
    client.post(reverse("accounts:workspace_settings"), SETTINGS)
    assert len(audit(action="update", resource="workspace")) == 1


def test_a_member_looks_and_cannot_change(acme):
    client = browser(acme.member)
    page = client.get(reverse("accounts:workspace_settings"))
    assert page.status_code == 200
    assert b"disabled" in page.content
    assert client.post(reverse("accounts:workspace_settings"), SETTINGS).status_code == 403
    assert reread(acme.workspace).name == "Acme"
    assert audit(action="update") == []


def test_anonymous_is_sent_to_sign_in(acme):
    for name in ("workspace_settings", "people", "workspace_new"):
        answer = browser().get(reverse(f"accounts:{name}"))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("account_login"))
    answer = browser().post(reverse("accounts:workspace_settings"), SETTINGS)
    assert answer.url.startswith(reverse("account_login"))
    assert reread(acme.workspace).name == "Acme"


@pytest.mark.parametrize("threshold", ["-1", "99999999999999999999", "1.5", "x", "\x00", ""])
def test_a_threshold_that_cannot_be(acme, threshold):
    client = browser(acme.owner)
    values = {**SETTINGS, "low_credit_threshold": threshold}
    answer = client.post(reverse("accounts:workspace_settings"), values)
    assert answer.status_code == 400
    assert reread(acme.workspace).low_credit_threshold == 10


def test_switching_shows_the_other_workspace(acme):
    """A-2: a user may belong to several workspaces."""
    with system_context():
        Membership.objects.create(workspace=acme.rival, user=acme.member)
    client = browser(acme.member)
    page = client.get(reverse("accounts:workspace_settings"))
    assert page.wsgi_request.workspace == acme.workspace
    answer = client.post(reverse("accounts:workspace_switch", args=[acme.rival.id]))
    assert answer.url == reverse("dashboard")
    page = client.get(reverse("accounts:workspace_settings"))
    assert page.wsgi_request.workspace == acme.rival
    assert page.wsgi_request.membership.role == Role.MEMBER


def test_nobody_switches_to_a_workspace_that_isnt_theirs(acme):
    client = browser(acme.member)
    for other in (acme.rival.id, uuid.uuid4()):
        answer = client.post(reverse("accounts:workspace_switch", args=[other]))
        assert answer.status_code == 404
        assert b"Rival" not in answer.content
    page = client.get(reverse("accounts:workspace_settings"))
    assert page.wsgi_request.workspace == acme.workspace
    switch = reverse("accounts:workspace_switch", args=[acme.workspace.id])
    assert browser(acme.stranger).post(switch).status_code == 404
    assert browser().post(switch).url.startswith(reverse("account_login"))
    assert client.get(switch).status_code == 405


def test_a_deleted_workspace_is_as_if_it_were_not_there(acme):
    client = browser(acme.owner)
    assert client.get(reverse("accounts:workspace_settings")).status_code == 200
    with system_context():
        Workspace.objects.filter(id=acme.workspace.id).update(deleted_at="2026-01-01T00:00Z")
    answer = client.get(reverse("accounts:workspace_settings"))
    assert answer.url == reverse("accounts:workspace_new")
