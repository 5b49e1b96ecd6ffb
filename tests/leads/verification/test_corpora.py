"""L-15: the built-in check against addresses that others have judged.

The files aren't part of the project: skipped where the folder CURSIVE_EXTRA_DATA is missing.
"""

from xml.etree import ElementTree

from leads.verification.domains import is_disposable
from leads.verification.providers import misspelt
from tests.foreign import DATA, needs_foreign_files

pytestmark = needs_foreign_files
EMAIL = DATA / "email"
# Whoever sends mail can use these, however odd they are.
USABLE = {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"}


def judged() -> list[tuple[str, str]]:
    """(address, category) of isemail's cases; its pictures of control characters undone."""
    tests = ElementTree.parse(EMAIL / "tests.xml").iter("test")
    return [
        (
            "".join(
                chr(ord(one) - 0x2400) if 0x2400 <= ord(one) <= 0x2420 else one
                for one in test.findtext("address") or ""
            ),
            test.findtext("category"),
        )
        for test in tests
    ]


def test_nothing_usable_is_called_invalid():
    usable = [address for address, category in judged() if category in USABLE]
    wrong = {address for address in usable if misspelt(address)}
    assert len(usable) >= 35
    assert wrong <= {'""@iana.org'}  # a name of no characters


def test_what_is_no_address_is_called_invalid():
    broken = [address for address, category in judged() if category == "ISEMAIL_ERR"]
    passed = {address for address in broken if not misspelt(address)}
    assert len(broken) >= 60
    # Not ASCII: an error when the case was written, an international address now.
    assert all(not address.isascii() for address in passed) and len(passed) <= 1


def test_throw_away_domains_are_known():
    domains = (EMAIL / "disposable_email_blocklist.conf").read_text().split()
    known = [domain for domain in domains if is_disposable(f"a@{domain}")]
    assert len(known) >= 0.99 * len(domains) > 8_000
