"""A-1: sign up with e-mail and password, confirmed by mail; reset; change of address."""

import re
import smtplib

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from accounts.workspaces.models import User, Workspace
from cursive.lib.tenancy import system_context
from tests import cast
from tests.accounts.conftest import audit, browser, race

SIGN_UP = "/accounts/signup/"
NEW = "zoe@new.example"


def sign_up(client, email=NEW, password=cast.PASSWORD):
    return client.post(SIGN_UP, {"email": email, "password1": password})


def link_in(message):
    return re.search(r"https?://[^/\s]+(/accounts/\S+)", message.body).group(1)


def test_from_sign_up_to_a_workspace(db):
    client = browser()
    assert client.get(SIGN_UP).status_code == 200
    assert sign_up(client, "  Zoe@New.Example ").url == reverse("account_email_verification_sent")
    user = User.objects.get()
    assert user.email == NEW
    assert "_auth_user_id" not in client.session
    [message] = mail.outbox
    assert message.to == [NEW]
    assert message.subject == "Confirm your e-mail address"
    assert "127.0.0.1" not in message.body.split("http")[0]
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    link = link_in(message)
    assert link in html
    page = client.get(link)  # opening the link alone confirms nothing
    assert page.status_code == 200
    assert not EmailAddress.objects.get().verified
    answer = client.post(link)
    assert EmailAddress.objects.get().verified
    assert answer.url == reverse("accounts:workspace_new")
    answer = client.post(
        answer.url, {"name": "Zoe & Co", "time_zone": "Europe/Vienna", "country": "AT"}
    )
    assert answer.url == reverse("dashboard")
    with system_context():
        assert Workspace.objects.get().name == "Zoe & Co"
    actions = [entry.action for entry in audit()]
    assert actions == ["sign_up", "email_confirm", "login", "create"]
    assert {entry.user_id for entry in audit()} == {user.id}


def test_nobody_signs_in_before_the_address_is_confirmed(db):
    sign_up(browser())
    mail.outbox.clear()
    client = browser()
    answer = client.post(reverse("account_login"), {"login": NEW, "password": cast.PASSWORD})
    assert answer.url == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("accounts:people")).url.startswith(reverse("account_login"))


def test_the_link_works_in_another_browser_without_signing_it_in(db):
    sign_up(browser())
    other = browser()
    answer = other.post(link_in(mail.outbox[0]))
    assert answer.url.startswith(reverse("account_login"))
    assert EmailAddress.objects.get().verified
    assert "_auth_user_id" not in other.session


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "x"),
        ("email", "a\x00@new.example"),
        ("email", f"{'x' * 10_000}@new.example"),
        ("email", f"abcde@{'.'.join(['b' * 60] * 4)}.example"),  # would be stored cut
        ("password1", ""),
        ("password1", "short"),
        ("password1", "password1234"),
        ("password1", "1234567890123"),
        ("password1", "zoe@new.example"),
        ("password1", "good enough \x00 not"),
    ],
)
def test_a_sign_up_that_cannot_be(db, field, value):
    answer = browser().post(SIGN_UP, {"email": NEW, "password1": cast.PASSWORD, field: value})
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not User.objects.exists()
    assert mail.outbox == []


def test_a_taken_address_is_not_told_apart(db):
    """Whoever tries addresses learns nothing; the owner gets a mail."""
    cast.user("Zoe")
    fresh, taken = sign_up(browser()), sign_up(browser(), "ZOE@cast.example")
    assert (fresh.status_code, fresh.url) == (taken.status_code, taken.url)
    assert User.objects.count() == 2
    assert mail.outbox[1].subject == "You already have an account"
    assert mail.outbox[1].to == ["zoe@cast.example"]


def test_a_mail_server_that_does_not_answer_is_a_503(db, monkeypatch):
    def down(*_, **__):
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", down)
    answer = sign_up(browser())
    assert answer.status_code == 503
    assert b"mail" in answer.content


def test_reset_by_mail(acme):
    client = browser()
    path = reverse("account_reset_password")
    assert client.post(path, {"email": acme.member.email}).status_code == 302
    [message] = mail.outbox
    assert message.subject == "Reset your password"
    form = client.get(link_in(message))
    answer = client.post(
        form.url, {"password1": "another good one", "password2": "another good one"}
    )
    assert answer.status_code == 302
    acme.member.refresh_from_db()
    assert acme.member.check_password("another good one")
    assert [entry.action for entry in audit()] == ["password_reset"]
    again = client.get(link_in(message), follow=True)
    assert b"password1" not in again.content  # the link works once


def test_reset_of_an_unknown_address_looks_the_same(db):
    answer = browser().post(reverse("account_reset_password"), {"email": "who@new.example"})
    assert answer.status_code == 302
    [message] = mail.outbox
    assert message.subject == "There is no account with this address"


def signed_in(who):
    """A browser that has just proved who it is: some pages ask for that."""
    client = browser()
    client.post(reverse("account_login"), {"login": who.email, "password": cast.PASSWORD})
    return client


def test_changing_the_password_is_noted(acme):
    client = signed_in(acme.member)
    values = {
        "oldpassword": cast.PASSWORD,
        "password1": "another good one",
        "password2": "another good one",
    }
    assert client.post(reverse("account_change_password"), values).status_code == 302
    [entry] = audit(action="password_change")
    assert (entry.workspace_id, entry.user_id) == (acme.workspace.id, acme.member.id)
    assert entry.severity == "warning"
    assert "another" not in str(entry.new)


def test_changing_the_address_needs_the_new_mailbox(acme):
    client = signed_in(acme.member)
    path = reverse("account_email")
    assert client.post(path, {"email": "bob@new.example", "action_add": ""}).status_code == 302
    acme.member.refresh_from_db()
    assert acme.member.email == "bob@cast.example"
    [message] = mail.outbox
    assert message.to == ["bob@new.example"]
    client.post(link_in(message))
    acme.member.refresh_from_db()
    assert acme.member.email == "bob@new.example"
    [entry] = audit(action="email_change")
    assert (entry.old, entry.new) == (
        {"email": "bob@cast.example"},
        {"email": "bob@new.example"},
    )
    assert acme.role(acme.member) == "member"


def test_an_address_that_would_be_stored_cut_is_refused(acme):
    address = f"abcde@{'.'.join(['b' * 60] * 4)}.example"
    assert len(address) > 254
    answer = signed_in(acme.member).post(
        reverse("account_email"), {"email": address, "action_add": ""}
    )
    assert answer.status_code == 200 and "at most 254 characters" in answer.content.decode()
    assert mail.outbox == []


def test_signing_up_too_often_is_a_429_with_our_page(db, settings):
    settings.ROOT_URLCONF = "tests.accounts.access.odd_urls"
    for _ in range(20):
        assert sign_up(browser(), "x").status_code == 200
    answer = sign_up(browser())
    assert answer.status_code == 429
    assert answer["Retry-After"] == "60"
    assert b"too often" in answer.content
    assert not User.objects.exists()


@pytest.mark.faults
def test_the_same_address_twice_at_once_is_one_account(db):
    answers = []
    race(*[lambda: answers.append(sign_up(browser()).status_code) for _ in range(4)])
    assert len(answers) == 4
    assert set(answers) <= {302, 409}
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/confirm-email/x/",
        "/accounts/confirm-email/a:b:c/",
        "/accounts/password/reset/key/x-y/",
        "/accounts/password/reset/key/0-x/",
        "/accounts/password/reset/key/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz-x/",
    ],
)
def test_tampered_links_are_refused(db, path):
    answer = browser().get(path)
    assert answer.status_code in {200, 404}
    assert browser().post(path, {}).status_code in {200, 302, 404}
    assert not User.objects.exists()
