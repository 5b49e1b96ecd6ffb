"""L-15: what each provider says, read as it is; and what is none of its answers."""

import pytest
from django.test import Client
from django.urls import reverse

from cursive.lib.errors import Unavailable
from cursive.lib.http import CallFailed
from leads.verification import providers
from leads.verification.models import Status
from leads.verification.providers import (
    PROVIDERS,
    BuiltIn,
    MillionVerifier,
    NoVerdict,
    Undecided,
    ZeroBounce,
    chain,
)
from tests import cast
from tests.leads.verification import doubles
from tests.leads.verification.doubles import MILLION, ZERO

BOTH = [MillionVerifier, ZeroBounce]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("ok", "valid"),
        ("catch_all", "catch_all"),
        ("unknown", "unknown"),
        ("invalid", "invalid"),
        ("disposable", "risky"),
    ],
)
def test_millionverifiers_results(db, outside, name, status):
    verdict = MillionVerifier().ask(f"{name}.1@x.example")
    assert verdict.status == status and verdict.reason.endswith(".")
    assert outside.keys == {"million-key"}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("valid", "valid"),
        ("invalid", "invalid"),
        ("catch_all", "catch_all"),
        ("unknown", "unknown"),
        ("spamtrap", "risky"),
        ("abuse", "risky"),
        ("do_not_mail", "risky"),
        ("disposable", "risky"),
    ],
)
def test_zerobounces_statuses(db, outside, name, status):
    verdict = ZeroBounce().ask(f"{name}.1@x.example")
    assert verdict.status == status
    assert outside.keys == {"zero-key"}
    assert (verdict.reason == "A throw-away address.") == (name == "disposable")


def test_an_error_about_one_address_is_no_outage(db, outside):
    for n in range(7):
        with pytest.raises(Undecided):
            MillionVerifier().ask(f"error.{n}@x.example")
    assert not MillionVerifier.breaker.is_open()


@pytest.mark.parametrize("mood", ["error", "busy", "shield", "broken", "garbage", "empty", "list"])
@pytest.mark.parametrize("provider", BOTH)
def test_what_is_no_answer_opens_the_breaker(db, outside, provider, mood):
    """Also an error that comes as HTTP 200."""
    outside.moods[provider.code] = mood
    for n in range(5):
        with pytest.raises(NoVerdict):
            provider().ask(f"ok.{n}@x.example")
    with pytest.raises(Unavailable):
        provider().ask("ok@x.example")
    assert len(outside.calls[provider.code]) == 5


@pytest.mark.parametrize("provider", BOTH)
def test_a_word_that_nobody_knows_is_no_verdict(db, outside, provider):
    outside.moods[provider.code] = "strange"
    with pytest.raises(NoVerdict):
        provider().ask("ok@x.example")


@pytest.mark.parametrize(
    ("mood", "may_be_charged"),
    [("silent", True), ("broken", True), ("garbage", True), ("busy", False), ("error", False)],
)
def test_zerobounce_says_whether_a_call_may_have_been_charged(
    db, outside, impatient, mood, may_be_charged
):
    outside.moods[ZERO] = mood
    with pytest.raises(NoVerdict) as caught:
        ZeroBounce().ask("ok@x.example")
    assert caught.value.maybe_charged is may_be_charged


def test_a_call_that_never_got_out_was_not_charged(db, outside, settings):
    settings.ZEROBOUNCE_URL = "http://127.0.0.1:9"
    with pytest.raises(NoVerdict) as caught:
        ZeroBounce().ask("ok@x.example")
    assert caught.value.maybe_charged is False


def test_loopback_is_only_for_other_addresses_than_the_services_own(settings):
    """A-14: with the real address nothing on this machine can be reached."""
    assert settings.MILLIONVERIFIER_URL == MillionVerifier.URL
    assert settings.ZEROBOUNCE_URL == ZeroBounce.URL


def test_who_is_asked_follows_from_the_keys(settings):
    cases = {
        ("a", "b"): [MILLION, ZERO],
        ("", "b"): [ZERO],
        ("a", ""): [MILLION],
        ("", ""): ["built_in"],
    }
    for keys, codes in cases.items():
        settings.MILLIONVERIFIER_KEY, settings.ZEROBOUNCE_KEY = keys
        assert [provider.code for provider in chain()] == codes
    assert set(PROVIDERS) == {MILLION, ZERO, "built_in"}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("ada@mail.example", "unknown"),
        ("info@mail.example", "risky"),
        ("Sales+eu@mail.example", "risky"),
        ("ada@onlyhost.example", "unknown"),
        ("ada@nullmx.example", "invalid"),
        ("ada@empty.example", "invalid"),
        ("ada@nowhere.example", "invalid"),
        ("info@nowhere.example", "invalid"),
        ("ada@nomail.example", "risky"),
        ("ada@lame.example", "unknown"),
        ("info@lame.example", "risky"),
        ("ada@mailinator.com", "risky"),
        ("ada@eu.mailinator.com", "risky"),
        ("ada@@mail.example", "invalid"),
        ("ada", "invalid"),
        ("a b@mail.example", "invalid"),
    ],
)
def test_the_built_in_check_says_no_more_than_it_knows(db, names, address, status):
    verdict = BuiltIn().ask(address)
    assert verdict.status == status and verdict.reason
    assert verdict.status != Status.VALID


def test_a_name_server_that_is_silent_costs_no_more_than_five_waits(db, names, monkeypatch):
    from leads.verification import providers

    monkeypatch.setattr(providers, "LOOK_UP", 0.2)
    providers._resolver.cache_clear()
    for n in range(8):
        assert BuiltIn().ask(f"a{n}@silent.example") == BuiltIn.NO_DNS
    providers._resolver.cache_clear()
    # dnspython asks a silent server more than once within its time; after five names nobody asks.
    assert BuiltIn.breaker.is_open()
    assert BuiltIn().ask("ada@@mail.example").status == Status.INVALID
    assert BuiltIn().ask("info@mail.example").status == Status.RISKY


def test_who_knows_no_domain_at_all_proves_nothing(db, names, monkeypatch):
    """L-16: in a network without a way out a resolver may say of each domain that there is none."""
    monkeypatch.delitem(doubles.ZONES, "com")
    assert BuiltIn().ask("x@gone.example") == BuiltIn.NO_DNS
    assert BuiltIn().ask_all(["x@gone.example", "y@other.example"]) == {}
    assert [name for name, _ in names.asked].count("com") == 1, "asked once a minute"


def test_a_demo_that_cannot_look_domains_up_goes_by_form_and_says_so(
    acme, names, monkeypatch, settings
):
    settings.DEMO = True
    cast.lead(acme)
    client = Client()
    client.force_login(acme.alice)
    path = reverse("leads:verification")
    said = "This demo can't look domains up"
    assert said not in client.get(path).content.decode()
    monkeypatch.delitem(doubles.ZONES, "com")
    providers._knows_names.cache_clear()
    assert BuiltIn().ask("x@gone.example") == BuiltIn.BY_FORM
    assert BuiltIn().ask("no address").status == Status.INVALID
    assert said in client.get(path).content.decode()


def test_of_many_addresses_each_domain_is_looked_up_once(db, names):
    asked = [
        "a@mail.example",
        "b@mail.example",
        "x@gone.example",
        "no address",
        "info@mail.example",
    ]
    said = {address: verdict.status for address, verdict in BuiltIn().ask_all(asked).items()}
    assert said == {
        "a@mail.example": "unknown",
        "b@mail.example": "unknown",
        "x@gone.example": "invalid",
        "no address": "invalid",
        "info@mail.example": "risky",
    }
    assert [name for name, kind in names.asked if kind == "MX"].count("mail.example") == 1
    assert said == {address: str(BuiltIn().ask(address).status) for address in asked}


def test_of_many_addresses_failures_in_a_row_open_the_breaker_and_end_it(db, names, monkeypatch):
    tried: list[str] = []

    def look_up(address: str):
        tried.append(address)
        if address.startswith("good"):
            return BuiltIn.NOT_ASKED
        raise CallFailed("The domain could not be looked up.")

    monkeypatch.setattr(providers, "_looked_up", look_up)
    monkeypatch.setattr(providers, "LOOK_UPS", 1)
    mixed = [f"{'good' if n % 3 else 'bad'}@d{n}.example" for n in range(12)]
    said = BuiltIn().ask_all(mixed)
    assert len(tried) == 12 and not BuiltIn.breaker.is_open()
    # Who wasn't answered for isn't told to be anything.
    assert sorted(said) == sorted(one for one in mixed if one.startswith("good"))
    tried.clear()
    said = BuiltIn().ask_all([f"bad@d{n}.example" for n in range(12)])
    assert len(tried) == 5 and BuiltIn.breaker.is_open()
    assert said == {}
    BuiltIn().ask_all(["good@d1.example"])
    assert len(tried) == 5
