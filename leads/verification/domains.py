"""What an address says about itself, without asking anybody."""

from functools import cache

from disposable_email_domains import blocklist

from leads.records.wordlists import words

# Names that stand for an office and not for a person: the usual ones (RFC 2142), and their like.
ROLES = words(
    """
    abuse accounting accounts admin administrator billing bookings careers compliance contact
    customerservice enquiries feedback finance ftp hello help helpdesk hostmaster hr info inquiries
    invoice invoices it jobs legal list mail mailer-daemon marketing media news newsletter no-reply
    noc noreply office orders postmaster press privacy purchasing recruitment reception root sales
    security service spam support sysadmin team usenet uucp webmaster www
    """
)


@cache
def _disposable() -> frozenset[str]:
    return frozenset(blocklist)


def is_role(address: str) -> bool:
    """Whether the address is an office's, such as info@."""
    return address.partition("@")[0].partition("+")[0].lower() in ROLES


def is_disposable(address: str) -> bool:
    """Whether its domain, or one above it, hands out throw-away addresses (a public CC0 list)."""
    labels = address.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[at:]) in _disposable() for at in range(len(labels) - 1))
