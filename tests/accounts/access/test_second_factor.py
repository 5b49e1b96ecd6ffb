"""A-1: TOTP, recovery codes and passkeys; staff must have a second factor."""

import time

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.core import mail
from django.urls import reverse

from tests import cast
from tests.accounts.conftest import audit, browser

ADMIN_PAGES = ("/admin/", "/admin/accounts/user/", "/admin/password_change/", "/admin/nowhere/")


@pytest.fixture(autouse=True)
def _strict(settings):
    settings.STAFF_MFA_REQUIRED = True
    settings.MFA_TOTP_TOLERANCE = 1  # a code may grow old while a test runs
    settings.MFA_ADAPTER = "accounts.access.mfa_adapter.MfaAdapter"


def code_for(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def with_totp(who):
    secret = generate_totp_secret()
    TOTP.activate(who, secret)
    return secret


def sign_in(client, who, password=cast.PASSWORD):
    return client.post(reverse("account_login"), {"login": who.email, "password": password})


def trusted(who):
    """A browser that has just given its password a second time, as second factors ask for."""
    client = browser()
    sign_in(client, who)
    client.post(reverse("account_reauthenticate"), {"password": cast.PASSWORD})
    return client


def test_a_second_factor_is_asked_for_once_set_up(acme):
    client = trusted(acme.member)
    path = reverse("mfa_activate_totp")
    form = client.get(path)
    assert form.status_code == 200
    secret = form.context["form"].secret
    assert client.post(path, {"code": code_for(secret)}).status_code == 302
    stored = Authenticator.objects.get(user=acme.member, type="totp")
    assert secret not in str(stored.data)
    [entry] = audit(action="mfa_add", new__type="totp")
    assert (entry.user_id, entry.severity) == (acme.member.id, "warning")
    assert secret not in str(entry.new)

    other = browser()
    assert sign_in(other, acme.member).url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in other.session
    assert other.get(reverse("accounts:people")).url.startswith(reverse("account_login"))
    wrong = other.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    assert audit(action="mfa_failed")[0].user_id == acme.member.id
    answer = other.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    # The code that activated it is used up; a recovery code does as well.
    if answer.status_code == 200:
        codes = RecoveryCodes.activate(acme.member).get_unused_codes()
        answer = other.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert answer.url == reverse("dashboard")
    assert audit(action="login")[-1].new["methods"][0] == "password"


def test_changes_are_told_by_mail_where_that_is_on(acme, settings):
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    client = trusted(acme.member)
    path = reverse("mfa_activate_totp")
    secret = client.get(path).context["form"].secret
    client.post(path, {"code": code_for(secret)}, HTTP_USER_AGENT="Firefox")
    values = {
        "oldpassword": cast.PASSWORD,
        "password1": "quite another",
        "password2": "quite another",
    }
    client.post(reverse("account_change_password"), values, HTTP_USER_AGENT="Firefox")
    subjects = [message.subject for message in mail.outbox]
    assert "Your password was changed" in subjects
    assert len(mail.outbox) >= 2
    for message in mail.outbox:
        assert message.to == [acme.member.email]
        assert "127.0.0.1, with Firefox" in message.body
        assert "quite another" not in message.body
        assert secret not in message.body


def test_five_wrong_codes_are_enough(acme):
    secret = with_totp(acme.member)
    client = browser()
    sign_in(client, acme.member)
    path = reverse("mfa_authenticate")
    for _ in range(5):
        client.post(path, {"code": "000000"})
    assert client.post(path, {"code": code_for(secret)}).status_code in {200, 429}
    assert "_auth_user_id" not in client.session


def test_a_recovery_code_works_once(acme):
    with_totp(acme.member)
    codes = RecoveryCodes.activate(acme.member).get_unused_codes()
    for status in (302, 200):
        client = browser()
        sign_in(client, acme.member)
        answer = client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert answer.status_code == status
        assert ("_auth_user_id" in client.session) == (status == 302)


def test_passkeys_and_recovery_codes_are_offered_to_all(acme):
    client = trusted(acme.member)
    assert client.get(reverse("mfa_index")).status_code == 200
    assert client.get(reverse("mfa_add_webauthn")).status_code == 200
    entity = client.get(reverse("mfa_add_webauthn")).context["js_data"]["creation_options"]
    assert entity["publicKey"]["rp"]["name"] == "Cursive"


def test_secrets_are_encrypted_and_survive_a_rotation(db, settings):
    adapter = get_adapter()
    stored = adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in stored
    assert adapter.encrypt("JBSWY3DPEHPK3PXP") != stored
    assert adapter.decrypt(stored) == "JBSWY3DPEHPK3PXP"
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret that is long enough to be used here"
    assert adapter.decrypt(stored) == "JBSWY3DPEHPK3PXP"


# --- staff ------------------------------------------------------------------------------------


def test_staff_without_a_second_factor_are_led_to_set_one_up(db):
    sam = cast.staff()
    client = browser()
    sign_in(client, sam)
    for path in ADMIN_PAGES:
        answer = client.get(path)
        assert (answer.status_code, answer.url) == (302, reverse("mfa_index")), path
    assert client.post("/admin/accounts/user/").url == reverse("mfa_index")
    page = client.get(reverse("mfa_index"))
    assert page.status_code == 200
    assert b"Staff need a second factor" in page.content


def test_recovery_codes_alone_are_no_second_factor(db):
    sam = cast.staff()
    RecoveryCodes.activate(sam)
    assert browser(sam).get("/admin/").url == reverse("mfa_index")


def test_staff_with_a_second_factor_get_in(db):
    sam = cast.staff()
    with_totp(sam)
    client = browser(sam)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/accounts/user/").status_code == 200


def test_the_admins_own_sign_in_gives_way_to_ours(db):
    """One door: with limits, second factor and log."""
    sam = cast.staff()
    answer = browser().get("/admin/login/?next=/admin/accounts/user/")
    assert answer.url.startswith(reverse("account_login"))
    assert "next=" in answer.url
    answer = browser().post("/admin/login/", {"username": sam.email, "password": cast.PASSWORD})
    assert answer.url.startswith(reverse("account_login"))
    with_totp(sam)
    client = browser()
    assert sign_in(client, sam).url == reverse("mfa_authenticate")
    assert client.get("/admin/").status_code == 302


def test_staff_leave_and_change_their_password_by_our_door(db):
    sam = cast.staff()
    with_totp(sam)
    client = browser(sam)
    assert client.get("/admin/password_change/").url == reverse("account_change_password")
    client.get("/admin/logout/")
    assert "_auth_user_id" in client.session  # looking changes nothing
    assert client.post("/admin/logout/").url == reverse("account_login")
    assert "_auth_user_id" not in client.session
    assert audit(action="logout")[0].user_id == sam.id


def test_nobody_else_gets_into_the_admin(acme):
    for who in (acme.owner, acme.admin, acme.member):
        for path in ADMIN_PAGES:
            answer = browser(who).get(path)
            assert answer.status_code in {302, 403, 404}
            follow = browser(who).get(path, follow=True)
            assert follow.status_code in {403, 404}
    for path in ADMIN_PAGES:
        answer = browser().get(path)
        assert answer.status_code == 302
        assert "/login/" in answer.url


def test_in_the_demo_staff_need_none(db, settings):
    settings.STAFF_MFA_REQUIRED = False
    assert browser(cast.staff()).get("/admin/").status_code == 200


def test_staff_cannot_take_their_last_second_factor_away(db):
    sam = cast.staff()
    client = trusted(sam)
    with_totp(sam)
    answer = client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=sam, type="totp").exists()
    assert answer.status_code in {200, 302}
    assert audit(action="mfa_remove") == []


def test_others_may_take_it_away_and_it_is_noted(acme):
    client = trusted(acme.member)
    with_totp(acme.member)
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.filter(user=acme.member).exists()
    assert audit(action="mfa_remove")[0].old == {"type": "totp"}
