"""What the mails about plans say, and to whom."""

from contextlib import suppress

from django.conf import settings
from django.core import mail

from accounts.workspaces.models import Membership, Role, Workspace
from credits.receipts.operations import send_due_mail
from credits.stripe.local.errors import Refusal
from cursive.lib.tenancy import system_context
from tests import cast


def sent() -> list:
    send_due_mail()
    return mail.outbox


def test_a_receipt_goes_to_every_owner_once(alice):
    with system_context():
        Workspace.objects.filter(id=alice.workspace.id).update(name="Acme & Sons")
        for name, role in (("Olga", Role.OWNER), ("Bob", Role.MEMBER)):
            Membership.objects.create(workspace=alice.workspace, user=cast.user(name), role=role)
    alice.subscribe("pro")
    (receipt,) = sent()
    assert sorted(receipt.to) == ["alice@cast.example", "olga@cast.example"]
    assert receipt.subject.startswith("Receipt ") and receipt.subject.endswith(": Pro plan")
    for words in ("for Acme & Sons has arrived", "Pro plan", "$49.00", "no money moved", "/i/in_"):
        assert words in receipt.body
    assert f"{settings.BASE_URL}/credits/plan/" in receipt.body
    alice.later(days=1)
    assert len(sent()) == 1


def test_failures_and_endings_say_what_to_do(alice):
    alice.subscribe("pro")
    alice.stripe.set_card(alice.customer, "4000000000000002")
    alice.later(days=32)
    for _ in range(8):
        alice.later(days=2)
    _, *failures, ended = sent()
    assert len(failures) == 3  # Stripe's first try and two more; the last one ends the plan
    assert all("failed" in one.subject for one in failures)
    assert "The plan stays as it is until" in failures[0].body
    assert "/credits/plan/" in failures[0].body
    assert ended.subject == "The Pro plan of Acme has ended"
    assert "Your credits stay" in ended.body


def test_the_first_payment_fails_on_stripes_page_alone(alice):
    session = alice.session_of(alice.open_checkout())
    with suppress(Refusal):
        alice.stripe.pay(session, card="4000000000000002")
    alice.later(minutes=1)
    assert sent() == [] and alice.mails() == []
