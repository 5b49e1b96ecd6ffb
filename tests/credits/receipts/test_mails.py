"""Receipts: written with the purchase, sent once after it, again while mail is down (C-15)."""

import pytest
from django.core import mail
from django.db import connections
from django.test import Client

from credits.receipts import operations
from credits.receipts.operations import LADDER, queue_mail, send_due_mail
from cursive.lib.tenancy import tenant_context
from tests.credits.books import at_once
from tests.credits.purchases.conftest import local_stripe, shop

__all__ = ["local_stripe", "shop"]


@pytest.fixture(autouse=True)
def _empty_outbox():
    mail.outbox = []


def queue(books, key="k", **more):
    with tenant_context(books.workspace.id):
        return queue_mail(
            workspace_id=books.workspace.id,
            kind="refund",
            key=key,
            subject="About\nmoney",
            context={
                "cents": 100,
                "workspace": "Acme",
                "package": "Pro",
                "taken": "1",
                "path": "/",
            },
            **more,
        )


def age(minutes: int) -> None:
    """Let time go by for the waiting mail, by the database's clock."""
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "UPDATE credits_paymentmail SET next_attempt_at = next_attempt_at - %s * interval"
            " '1 minute'",
            [minutes],
        )


def test_a_receipt_comes_once(shop):
    purchase = shop.buy("growth")
    assert send_due_mail() == 1 and send_due_mail() == 0
    (message,) = mail.outbox
    assert message.to == ["alice@cast.example"]
    assert purchase.number in message.subject and "500 credits" in message.subject
    for line in ("$199.00", "Growth, 500 credits", "Visa •••• 4242", "test payment"):
        assert line in message.body
    assert f"/credits/purchases/{purchase.id}/" in message.body
    assert "auto-reload" not in message.body
    (row,) = shop.mails()
    assert row.state == "sent" and row.sent_at


def test_a_receipt_of_auto_reload_says_why(shop):
    from credits.purchases.charging import run_reload

    shop.buy("starter", keep_card=True)
    shop.set_reload(threshold=50)
    shop.books.spend(90)
    run_reload(shop.workspace.id)
    shop.settle()
    assert send_due_mail() == 2
    assert "fell under 50 credits (auto-reload)" in mail.outbox[1].body
    assert mail.outbox[1].to == ["alice@cast.example"]


def test_many_workers_send_it_once(books):
    for number in range(6):
        queue(books, f"k{number}")
    at_once(6, lambda _: send_due_mail())
    assert len(mail.outbox) == 6
    assert len({one.extra_headers["Message-ID"] for one in mail.outbox}) == 6


def test_the_same_key_is_one_mail_to_the_owners(books):
    assert queue(books) is True and queue(books) is False
    send_due_mail()
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["alice@cast.example"], "About money")


def test_what_is_rolled_back_is_not_sent(books):
    with pytest.raises(ZeroDivisionError), tenant_context(books.workspace.id):
        queue(books)
        raise ZeroDivisionError
    assert send_due_mail() == 0 and mail.outbox == []


class Down:
    """A mail server that refuses."""

    def __init__(self, *_, **__):
        self.sent = []

    def send_messages(self, _):
        raise ConnectionRefusedError("no mail today")


def test_while_mail_is_down_it_is_tried_again_and_then_fails_visibly(books, settings, shop):
    settings.EMAIL_BACKEND = f"{__name__}.Down"
    queue(books)
    queue(books, "other")
    for wait in LADDER:
        assert send_due_mail() == 0
        assert send_due_mail() == 0  # not before its time
        rows = shop.mails()
        assert {one.state for one in rows} == {"due"}
        assert all("no mail today" in one.error for one in rows)
        age(int(wait.total_seconds() // 60))
    send_due_mail()
    assert {(one.state, one.attempts) for one in shop.mails()} == {("failed", len(LADDER) + 1)}


def test_a_worker_that_dies_while_sending_leaves_it_due_under_the_same_id(books, monkeypatch):
    queue(books)

    class Killed(BaseException):
        pass

    def die(message):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(operations, "send_mail", die)
        with pytest.raises(Killed):
            send_due_mail()
    assert send_due_mail() == 0
    age(2)
    assert send_due_mail() == 1


def test_staff_see_what_was_not_sent(books, settings):
    from tests import cast

    settings.STAFF_MFA_REQUIRED = False
    settings.EMAIL_BACKEND = f"{__name__}.Down"
    queue(books)
    send_due_mail()
    client = Client()
    client.force_login(cast.staff())
    html = client.get("/admin/credits/paymentmail/").content.decode()
    assert "About money" in html and "no mail today" in html
