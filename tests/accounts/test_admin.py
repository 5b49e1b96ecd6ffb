"""What staff see and do in the admin: people, workspaces, keys without the key, the whole log."""

import csv
import io
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.keys.models import ApiKey
from accounts.workspaces.models import User, Workspace
from cursive.lib.audit_port import record
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.accounts.conftest import audit, browser
from tests.accounts.invitations.test_invitations import invite
from tests.accounts.keys.test_keys import call, make
from tests.accounts.profiles.test_profiles import made

MODELS = [
    "accounts_user",
    "accounts_workspace",
    "accounts_membership",
    "accounts_apikey",
    "accounts_invitation",
    "accounts_businessprofile",
    "accounts_auditentry",
    "account_emailaddress",
    "mfa_authenticator",
    "auth_group",
]


@pytest.fixture
def sam(acme, settings):
    """A superuser's browser, with something of everything there."""
    settings.STAFF_MFA_REQUIRED = False
    make(acme)
    made(acme)
    invite(acme)
    Authenticator.objects.create(user=acme.member, type="totp", data={"secret": "JBSWY3DP"})
    return browser(cast.staff())


def page_of(model, row=None):
    name = f"admin:{model}_changelist" if row is None else f"admin:{model}_change"
    return reverse(name, args=[] if row is None else [row.pk])


def save(client, path, values):
    """Send a change form as the browser would: with what stands in its inlines."""
    sent = dict(values)
    page = client.get(path)
    for inline in page.context["inline_admin_formsets"] if page.status_code == 200 else []:
        formset = inline.formset
        sent |= {field.html_name: field.value() for field in formset.management_form}
        sent |= {form.add_prefix("id"): form.instance.pk for form in formset.initial_forms}
    return client.post(path, sent)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_and_searches(sam, model):
    assert sam.get(page_of(model)).status_code == 200
    assert sam.get(page_of(model), {"q": "alice"}).status_code == 200
    assert sam.get(page_of(model), {"q": "ali\x00ce"}).status_code == 400
    added = reverse(f"admin:{model}_add")
    assert sam.get(added).status_code == (200 if model == "auth_group" else 403)


def test_lists_show_all_workspaces(sam, acme):
    content = sam.get(page_of("accounts_workspace")).content.decode()
    assert "Acme" in content
    assert "Rival" in content
    content = sam.get(page_of("accounts_membership")).content.decode()
    assert "Carol" in content


def test_a_workspace_shows_its_people_and_links(sam, acme):
    page = sam.get(page_of("accounts_workspace", acme.workspace))
    assert page.status_code == 200
    content = page.content.decode()
    for name in ("Alice", "Ada", "Bob"):
        assert name in content
    assert "Carol" not in content
    assert f"apikey/?workspace__id__exact={acme.workspace.id}" in content


def test_changing_a_workspace_is_noted(sam, acme):
    path = page_of("accounts_workspace", acme.workspace)
    values = {"name": "Acme Inc", "time_zone": "UTC", "country": "US", "low_credit_threshold": "10"}
    assert save(sam, path, values).status_code == 302
    with system_context():
        assert Workspace.objects.get(id=acme.workspace.id).name == "Acme Inc"
    [entry] = audit(action="update", resource="workspace")
    assert (entry.old, entry.new) == ({"name": "Acme"}, {"name": "Acme Inc"})
    assert entry.actor_label == "sam@cast.example"


def test_switching_a_person_off_ends_their_session_and_is_noted(sam, acme):
    bob = browser(acme.member)
    assert bob.get("/settings/people/").status_code == 200
    path = page_of("accounts_user", acme.member)
    assert sam.get(path).status_code == 200
    values = {"name": "Bob"}
    assert save(sam, path, values).status_code == 302
    assert not User.objects.get(id=acme.member.id).is_active
    assert bob.get("/settings/people/").url.startswith(reverse("account_login"))
    [entry] = audit(action="update", resource="user")
    assert (entry.old, entry.new) == ({"is_active": True}, {"is_active": False})


def test_staff_without_all_rights_cannot_make_staff(acme, settings):
    settings.STAFF_MFA_REQUIRED = False
    hal = cast.user("Hal", is_staff=True)
    with system_context():
        hal.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = browser(hal)
    values = {"name": "Bobby", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert save(client, page_of("accounts_user", acme.member), values).status_code == 302
    bob = User.objects.get(id=acme.member.id)
    assert (bob.name, bob.is_staff, bob.is_superuser) == ("Bobby", False, False)
    sam = cast.staff()
    assert save(client, page_of("accounts_user", sam), {"name": "Pwned"}).status_code == 403
    assert User.objects.get(id=sam.id).name == "Sam"
    assert client.get(page_of("mfa_authenticator")).status_code == 403


def test_superusers_keep_their_own_rights(acme, settings):
    settings.STAFF_MFA_REQUIRED = False
    sam = cast.staff()
    values = {"name": "Samuel"}
    save(browser(sam), page_of("accounts_user", sam), values)
    sam = User.objects.get(id=sam.id)
    assert (sam.name, sam.is_active, sam.is_superuser) == ("Samuel", True, True)


def test_keys_are_shown_without_the_key_and_can_be_revoked(sam, acme):
    key, token = make(acme, name="Leaked")
    for path in (page_of("accounts_apikey"), page_of("accounts_apikey", key)):
        content = sam.get(path).content.decode()
        assert key.prefix in content
        assert token not in content
        assert key.digest not in content
    assert call(token).status_code == 200
    values = {"action": "revoke", "_selected_action": [str(key.id)]}
    assert sam.post(page_of("accounts_apikey"), values).status_code == 302
    assert call(token).status_code == 401
    [entry] = audit(action="revoke", resource="api_key")
    assert (entry.workspace_id, entry.actor_label) == (acme.workspace.id, "sam@cast.example")
    with system_context():
        assert ApiKey.objects.usable(timezone.now()).count() == 1


def test_secrets_of_second_factors_stay_out_of_sight(sam, acme):
    factor = Authenticator.objects.get(user=acme.member)
    page = sam.get(page_of("mfa_authenticator", factor))
    assert page.status_code == 200
    assert b"JBSWY3DP" not in page.content
    path = reverse("admin:mfa_authenticator_delete", args=[factor.pk])
    assert sam.post(path, {"post": "yes"}).status_code == 302
    assert not Authenticator.objects.exists()
    assert len(audit(action="delete", resource="authenticator")) == 1


def test_addresses_can_be_confirmed_by_hand(sam, acme):
    address = EmailAddress.objects.get(user=acme.member)
    EmailAddress.objects.update(verified=False)
    path = page_of("account_emailaddress", address)
    assert sam.get(path).status_code == 200
    assert save(sam, path, {"verified": "on"}).status_code == 302
    address.refresh_from_db()
    assert address.verified
    assert address.email == acme.member.email
    assert len(audit(action="update", resource="emailaddress")) == 1


# --- the audit log ----------------------------------------------------------------------------


def note(acme, workspace, **values):
    with tenant_context(workspace.id):
        given = {"action": "update", "resource": "lead", "resource_id": "1"} | values
        record(actor=cast.actor_for(acme.owner), workspace_id=workspace.id, **given)


@pytest.fixture
def log(acme, settings):
    """Two entries in two workspaces, and a browser of staff."""
    settings.STAFF_MFA_REQUIRED = False
    note(acme, acme.workspace, resource_id="ours", new={"name": "Widgets"}, severity="critical")
    note(acme, acme.rival, resource_id="theirs", action="delete")
    return browser(cast.staff())


def found(client, **query):
    answer = client.get(page_of("accounts_auditentry"), query)
    assert answer.status_code == 200
    return {entry.resource_id for entry in answer.context["cl"].result_list}


def test_staff_see_all_and_filter_by_every_field(log, acme):
    assert found(log) >= {"ours", "theirs"}
    tomorrow = (timezone.now() + timedelta(days=1)).date().isoformat()
    for query in (
        {"workspace": str(acme.workspace.id)},
        {"severity__exact": "critical"},
        {"did": "update"},
        {"what_id": "ours"},
        {"new_value": "Widg"},
    ):
        assert found(log, **query) == {"ours"}, query
    for query in (
        {"actor_kind": "user"},
        {"who": acme.owner.email},
        {"user": str(acme.owner.id)},
        {"what": "lead"},
        {"to": tomorrow},
        {"from": "2020-01-01T10:00"},
    ):
        assert found(log, **query) >= {"ours", "theirs"}, query
    for query in (
        {"key": str(acme.owner.id)},
        {"request": "x"},
        {"from": tomorrow},
        {"old_value": "x"},
        {"ip_address": "10.0.0.1"},
        {"agent": "x"},
        {"verb": "POST"},
        {"path": "/x"},
    ):
        assert found(log, **query) == set(), query


@pytest.mark.parametrize("name", ["workspace", "user", "key", "from", "to", "ip_address", "who"])
@pytest.mark.parametrize("value", ["x", "'; --", "9" * 50, "0000-00-00"])
def test_filters_that_cannot_be_find_nothing(log, name, value):
    assert found(log, **{name: value}) == set()


def test_nothing_in_the_log_can_be_changed(log, acme):
    [entry] = audit(resource_id="ours")
    path = page_of("accounts_auditentry", entry)
    assert log.get(path).status_code == 200
    assert log.post(path, {"action": "x"}).status_code == 403
    assert (
        log.post(
            reverse("admin:accounts_auditentry_delete", args=[entry.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    assert len(audit(resource_id="ours", action="update")) == 1


@pytest.mark.parametrize("across", ["0", "1"])
def test_the_log_is_exported_as_csv(log, acme, across, monkeypatch):
    monkeypatch.setattr("accounts.audit.admin.EXPORT_BATCH", 2)
    for number in range(5):
        note(acme, acme.workspace, resource_id=f"more {number}")
    [entry] = audit(resource_id="ours")
    path = f"{page_of('accounts_auditentry')}?workspace={acme.workspace.id}"
    values = {
        "action": "export_csv",
        "select_across": across,
        "_selected_action": [str(entry.pk)],
    }
    answer = log.post(path, values)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == (6 if across == "1" else 1)
    assert rows[-1]["resource_id"] == "ours"
    assert rows[-1]["workspace"] == str(acme.workspace.id)
    assert "theirs" not in text
    assert len(audit(action="export")) == 1
    with system_context():
        assert AuditEntry.objects.filter(resource_id="ours").exists()
