"""P-6: Stripe transfers, once each: also where Stripe is slow, down, refuses, or a worker dies."""

import pytest

from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.tenancy import system_context
from partners.commission.models import Payout
from partners.commission.payouts import (
    cancel_payout,
    mark_paid,
    plan_payouts,
    send_transfers,
    start_transfer,
)
from partners.program.models import Partner
from tests.credits.books import at_once
from tests.faults.doom import KILLED, doomed
from tests.partners.books import Seller

STAFF = Actor.system("staff")
TRANSFERS = "/v1/transfers"
ACCOUNT = "acct_1PartnerOfOurs"


@pytest.fixture
def connected(petra, local_stripe) -> Seller:
    """Petra, with an account at Stripe."""
    with system_context():
        Partner.objects.filter(workspace_id=petra.id).update(stripe_account=ACCOUNT)
    petra.stripe = local_stripe
    return petra


def start(seller) -> Payout:
    """A payout that was started."""
    return start_transfer(payout_id=seller.payout().id, actor=STAFF)


def due_now() -> None:
    """Let the wait for the next try, or a dead worker's time, be over."""
    with system_context():
        Payout.objects.filter(state="sending").update(next_attempt_at="2026-01-01T00:00:00Z")


def transfers(seller) -> list[dict]:
    """What arrived at Stripe."""
    with seller.stripe.account.lock:
        return list(seller.stripe.account.all("transfer"))


def posts(seller) -> list:
    return [call for call in seller.stripe.calls if call[:2] == ("POST", TRANSFERS)]


def arrived_once(seller) -> None:
    """One transfer, one payout, and books that agree."""
    (transfer,) = transfers(seller)
    (payout,) = seller.payouts()
    assert (payout.state, payout.transfer_id) == ("paid", transfer["id"])
    assert (transfer["amount"], transfer["destination"]) == (payout.cents, ACCOUNT)
    assert seller.money() == (0, 0, 0, payout.cents)
    assert seller.kinds().count("paid") == 1
    assert set(seller.states()) == {"paid"}


def test_a_transfer_is_sent_and_named_for_its_payout(connected):
    payout = start(connected)
    assert payout.state == "sending" and transfers(connected) == []
    assert send_transfers() == 1
    arrived_once(connected)
    (transfer,) = transfers(connected)
    assert transfer["transfer_group"] == payout.transfer_group
    assert transfer["metadata"] == {
        "payout_id": str(payout.id),
        "workspace_id": str(connected.id),
    }
    assert posts(connected)[0][3] == f"payout:{payout.id}"
    assert send_transfers() == 0


def test_two_staff_start_it_and_several_workers_send_it(connected):
    payout = connected.payout()
    at_once(3, lambda _: start_transfer(payout_id=payout.id, actor=STAFF))
    assert sum(at_once(3, lambda _: send_transfers())) == 1
    arrived_once(connected)
    assert len(posts(connected)) == 1


def test_without_a_connected_account_it_stays_planned(petra, local_stripe):
    payout = petra.payout()
    before = petra.snapshot()
    with pytest.raises(InvalidInput, match="Pay by hand"):
        start_transfer(payout_id=payout.id, actor=STAFF)
    assert petra.snapshot() == before


def test_what_is_on_its_way_is_not_paid_by_hand_nor_given_up(connected):
    payout = start(connected)
    before = connected.snapshot()
    with pytest.raises(Conflict, match="on its way"):
        mark_paid(payout_id=payout.id, reference="wire", actor=STAFF)
    with pytest.raises(Conflict, match="on its way"):
        cancel_payout(payout_id=payout.id, reason="No", actor=STAFF)
    assert connected.snapshot() == before
    send_transfers()
    arrived_once(connected)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 0},
        {"status": 429},
        {"status": 500, "lost": True},
        {"status": 0, "lost": True},
    ],
)
def test_where_stripe_fails_it_is_looked_for_and_sent_again(connected, fault):
    start(connected)
    connected.stripe.fail(TRANSFERS, **fault)
    assert send_transfers() == 0
    (payout,) = connected.payouts()
    assert payout.state == "sending" and payout.error
    assert connected.money() == (0, 0, 6_000, 0)
    assert send_transfers() == 0, "not before its time"
    due_now()
    assert send_transfers() == 1
    arrived_once(connected)


def test_after_a_day_when_stripe_forgot_the_key_the_group_is_still_found(connected, monkeypatch):
    start(connected)
    connected.stripe.fail(TRANSFERS, status=0, lost=True)
    send_transfers()
    with connected.stripe.account.lock:
        for key in [one["id"] for one in connected.stripe.account.all("_key")]:
            connected.stripe.account.store.remove(key)
    due_now()
    assert send_transfers() == 1
    assert len(posts(connected)) == 1
    arrived_once(connected)


def test_a_slow_stripe_is_given_up_on_and_asked_again(connected, monkeypatch):
    monkeypatch.setattr("credits.stripe.providers.CALL_SECONDS", 0.3)
    start(connected)
    connected.stripe.slow(TRANSFERS, 0.6)
    assert send_transfers() == 0
    monkeypatch.undo()
    due_now()
    assert send_transfers() == 1
    arrived_once(connected)


@pytest.mark.parametrize("refusal", ["funds", "account"])
def test_what_stripe_refuses_is_due_again(connected, refusal):
    payout = start(connected)
    if refusal == "funds":
        connected.stripe.set_funds(100)
    else:
        with system_context():
            Payout.objects.update(stripe_account="acct_?")
    assert send_transfers() == 0
    assert transfers(connected) == []
    (failed,) = connected.payouts()
    assert (failed.state, failed.transfer_id) == ("failed", None) and failed.error
    assert connected.money() == (0, 6_000, 0, 0)
    connected.stripe.set_funds(None)
    assert plan_payouts() == 1
    second = connected.payouts()[-1]
    assert second.id != payout.id
    start_transfer(payout_id=second.id, actor=STAFF)
    assert send_transfers() == 1
    assert [one["amount"] for one in transfers(connected)] == [6_000]
    assert connected.money() == (0, 0, 0, 6_000)


def test_a_partner_suspended_before_it_is_sent_keeps_it_planned(connected):
    payout = start(connected)
    connected.suspend()
    assert send_transfers() == 0
    assert transfers(connected) == []
    (waiting,) = connected.payouts()
    assert (waiting.state, waiting.attempts) == ("planned", 0)
    connected.suspend("approved")
    start_transfer(payout_id=payout.id, actor=STAFF)
    assert send_transfers() == 1
    arrived_once(connected)


def test_a_partner_suspended_after_it_was_sent_has_been_paid(connected):
    start(connected)
    connected.stripe.fail(TRANSFERS, status=0, lost=True)
    send_transfers()
    connected.suspend()
    due_now()
    assert send_transfers() == 1
    arrived_once(connected)


def test_what_was_tried_at_stripe_is_not_paid_by_hand(connected):
    payout = start(connected)
    connected.stripe.fail(TRANSFERS, status=500)
    send_transfers()
    connected.suspend()
    due_now()
    send_transfers()
    connected.suspend("approved")
    before = connected.snapshot()
    with pytest.raises(Conflict, match="sent to Stripe before"):
        mark_paid(payout_id=payout.id, reference="wire", actor=STAFF)
    assert connected.snapshot() == before


def test_a_transfer_of_its_group_over_another_amount_waits_for_somebody(connected, caplog):
    start(connected)
    connected.stripe.fail(TRANSFERS, status=0, lost=True)
    send_transfers()
    with connected.stripe.account.lock:
        connected.stripe.account.all("transfer")[0]["amount"] = 1
    due_now()
    assert send_transfers() == 0
    (payout,) = connected.payouts()
    assert payout.state == "sending" and "1 cents" in payout.error
    assert len(transfers(connected)) == 1
    assert any("payout_other_transfer" in line.message for line in caplog.records)


@pytest.mark.faults
def test_killed_anywhere_between_stripe_and_us_it_is_sent_once(connected):
    """kill -9 before each statement of a worker; the next one goes on."""
    start(connected)
    deaths = 0
    for statement in range(1, 60):
        ended = doomed(send_transfers, statement)
        due_now()
        if ended != KILLED:
            break
        deaths += 1
        assert len(transfers(connected)) <= 1
    assert deaths > 10
    send_transfers()
    arrived_once(connected)
