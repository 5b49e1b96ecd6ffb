"""Who is who (L-11, A-18)."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursive.lib.errors import DomainError
from leads.records.identity import (
    NoIdentity,
    dedup_hash,
    normalise_domain,
    normalise_email,
    normalise_name,
    normalise_phone,
    suppression_hash,
)


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("  Ann.Lee@Acme.COM ", "ann.lee@acme.com"),
        ("Ann.L.ee+news@Gmail.com", "annlee@gmail.com"),
        ("annlee@googlemail.com", "annlee@gmail.com"),
        ("ann+news@acme.com", "ann+news@acme.com"),
        ("ann@münchen.de", "ann@xn--mnchen-3ya.de"),
        ("ann@acme.com.", "ann@acme.com"),
        ("+x@gmail.com", "+x@gmail.com"),
        ("", ""),
        (None, ""),
        ("ann", ""),
        ("ann@localhost", ""),
        ("Ann <ann@acme.com>", ""),
        ("a@b.co, c@d.co", ""),
        ("@acme.com", ""),
    ],
)
def test_email(raw, normal):
    """L-11: lower case; for Gmail without dots and +tag."""
    assert normalise_email(raw) == normal


@pytest.mark.parametrize(
    ("raw", "country", "normal"),
    [
        ("(504) 621-8927", "US", "+15046218927"),
        ("504.621.8927 x12", "us", "+15046218927"),
        ("+44 20 7946 0018", "US", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("0044 20 7946 0018", "DE", "+442079460018"),
        ("504-621-8927", None, ""),
        ("555-1234", "US", ""),
        ("n/a", "US", ""),
        (None, "US", ""),
    ],
)
def test_phone(raw, country, normal):
    """L-11: E.164 by country; what isn't valid identifies nobody."""
    assert normalise_phone(raw, country) == normal


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("https://www.Acme.co.uk/about?x=1", "acme.co.uk"),
        ("HTTP://acme.com:8080", "acme.com"),
        ("www.acme.com", "acme.com"),
        ("//acme.com", "acme.com"),
        ("user:pw@acme.com", "acme.com"),
        ("ann@acme.com", "acme.com"),
        ("shop.acme.com.", "shop.acme.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("acme", ""),
        ("Acme Inc.", ""),
        ("127.0.0.1", ""),
        ("http://", ""),
        (None, ""),
    ],
)
def test_domain(raw, normal):
    """L-11: without scheme, www and path."""
    assert normalise_domain(raw) == normal


def test_dedup_hash_is_documented_exactly():
    """L-11: SHA-256 of e-mail | company domain | phone, normalised."""
    text = "annlee@gmail.com|acme.com|+15046218927"
    expected = hashlib.sha256(text.encode()).hexdigest()
    raw = dedup_hash("Ann.Lee+x@gmail.com", "https://www.acme.com/", "(504) 621-8927", country="US")
    assert raw == expected
    assert dedup_hash("annlee@gmail.com", "acme.com", "+15046218927") == expected
    assert dedup_hash("a@b.co", None, None) == hashlib.sha256(b"a@b.co||").hexdigest()


def test_a_company_alone_is_nobody():
    """The second employee without e-mail and phone isn't the first."""
    ann = dedup_hash(None, "acme.com", "", name="Ann Lee", company_name="Acme")
    bob = dedup_hash(None, "acme.com", "", name="Bob Ray", company_name="Acme")
    assert ann != bob
    assert ann == dedup_hash("broken", "www.acme.com", None, name="ANN  LÉE", company_name="ACME!")
    linked = dedup_hash("", "acme.com", "", linkedin_url="https://www.linkedin.com/in/ann/")
    assert linked == dedup_hash("", "", "", linkedin_url="https://www.linkedin.com/in/Ann")


@pytest.mark.parametrize(
    "parts",
    [{}, {"name": "Ann"}, {"company_name": "Acme"}, {"name": "...", "company_name": "Acme"}],
)
def test_nobody_has_no_hash(parts):
    """It would be the same for all of them."""
    with pytest.raises(NoIdentity) as refusal:
        dedup_hash("", "acme.com" if "name" not in parts else "", "12", **parts)
    assert isinstance(refusal.value, DomainError)
    assert refusal.value.status == 400


def test_suppression_hash_needs_the_key():
    """A-18: a keyed hash of the normal form; the kinds don't mix."""
    expected = hmac.new(b"secret", b"email|annlee@gmail.com", "sha256").hexdigest()
    assert suppression_hash("Ann.Lee@gmail.com", b"secret") == expected
    assert suppression_hash("ann.lee+x@googlemail.com", "secret") == expected
    assert suppression_hash("annlee@gmail.com", "other") != expected
    phone = suppression_hash("(504) 621-8927", "secret", country="US")
    assert phone == hmac.new(b"secret", b"phone|+15046218927", "sha256").hexdigest()
    assert suppression_hash("no one", "secret") == ""


def test_name():
    """Case, accents and punctuation make no difference."""
    assert normalise_name(" Renée ", "O'Hara-Smith") == "renee ohara smith"
    assert normalise_name(None, "李 小龍") == "李 小龍"


@settings(max_examples=300, print_blob=True)
@given(
    st.text(max_size=40)
    | st.emails()
    | st.from_regex(r"(https?://)?(www\.)?[A-Za-z0-9.-]{1,20}\.[A-Za-z]{2,5}(/.*)?", fullmatch=True)
)
def test_normal_forms_are_normal(value):
    """Normalising twice changes nothing, and never raises."""
    for normalise in (normalise_email, normalise_domain, normalise_name):
        once = normalise(value)
        assert normalise(once) == once
    number = normalise_phone(value, "US")
    assert normalise_phone(number) == number
