"""Redis is away: people still sign in, and nobody gets past a limit for long."""

import pytest
from django.core.cache import cache, caches
from django.urls import reverse
from redis.exceptions import RedisError

from tests import cast
from tests.accounts.access.test_sign_in import sign_in
from tests.accounts.conftest import browser


@pytest.fixture
def redis_down(settings):
    settings.CACHES = {
        name: {**configured, "LOCATION": "redis://127.0.0.1:1/0"}
        for name, configured in settings.CACHES.items()
    }
    with pytest.raises(RedisError):
        caches["redis"].get("anything")
    yield
    cache.clear()


def test_who_knows_the_password_signs_in(acme, redis_down):
    client = browser()
    assert sign_in(client, acme.member.email, cast.PASSWORD).status_code == 302
    assert "_auth_user_id" in client.session


def test_guessing_still_ends_after_five_tries(acme, redis_down):
    client = browser()
    for _ in range(5):
        assert b"Too many" not in sign_in(client, acme.member.email, "wrong").content
    assert b"Too many" in sign_in(client, acme.member.email, cast.PASSWORD).content
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("account_reset_password", {"email": "bob@cast.example"}),
        (
            "account_signup",
            {"email": "new@cast.example", "password1": cast.PASSWORD, "name": "New"},
        ),
    ],
)
def test_so_do_the_other_doors_open(acme, redis_down, name, values):
    assert browser().post(reverse(name), values).status_code == 302


def test_who_is_signed_in_goes_on(acme, redis_down):
    assert browser(acme.member).get(reverse("accounts:people")).status_code == 200


def test_health_is_not_fooled(db, redis_down):
    answer = browser().get("/api/health")
    assert answer.status_code == 503
    assert answer.json()["checks"]["cache"].startswith("down")


def test_what_was_kept_meanwhile_is_only_this_process(redis_down):
    assert cache.add("once", 1, 60)
    assert not cache.add("once", 2, 60)
    assert cache.incr("once") == 2
    assert cache.get_many(["once", "never"]) == {"once": 2}
