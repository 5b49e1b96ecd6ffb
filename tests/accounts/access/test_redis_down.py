"""Redis is away: sign-in and its sisters say so with a 503, and nobody gets past a limit."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests import cast
from tests.accounts.access.test_sign_in import sign_in
from tests.accounts.conftest import browser


@pytest.fixture
def redis_down(settings):
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert cache is not None


@pytest.mark.parametrize("password", [cast.PASSWORD, "wrong"])
def test_signing_in_is_a_503(acme, redis_down, password):
    client = browser()
    answer = sign_in(client, acme.member.email, password)
    assert answer.status_code == 503
    assert b"Try again in a minute" in answer.content
    assert "_auth_user_id" not in client.session
    assert browser().get("/accounts/login/").status_code == 200


def test_an_htmx_request_gets_a_fragment(acme, redis_down):
    answer = sign_in(browser(), acme.member.email, HTTP_HX_REQUEST="true")
    assert answer.status_code == 503
    assert b"<html" not in answer.content


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("account_reset_password", {"email": "bob@cast.example"}),
        ("account_signup", {"email": "new@cast.example", "password1": cast.PASSWORD}),
    ],
)
def test_so_are_the_other_doors(acme, redis_down, name, values):
    assert browser().post(reverse(name), values).status_code == 503


def test_who_is_signed_in_goes_on(acme, redis_down):
    assert browser(acme.member).get(reverse("accounts:people")).status_code == 200
