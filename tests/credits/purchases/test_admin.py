"""Staff see purchases, and decide about debts, disputes and differences (C-7, C-12)."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from credits.purchases.models import StripeDifference
from credits.purchases.reconciliation import SETTLING, compare_with_stripe
from cursive.lib.tenancy import system_context
from tests import cast

HOME = "/admin/credits/"


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    return client


@pytest.fixture
def busy(shop):
    """One of everything: a debt, a dispute, a kept card, a difference."""
    first = shop.buy("starter", keep_card=True)
    shop.books.spend(70)
    shop.stripe.refund(first.payment_intent_id)
    shop.settle()
    second = shop.buy("growth")
    shop.stripe.dispute(second.payment_intent_id)
    shop.settle()
    unheard = shop.purchases()[0]
    shop.stripe.account.get("charge", shop.stripe.get(unheard.payment_intent_id)["latest_charge"])[
        "amount"
    ] = 1
    compare_with_stripe(timezone.now() + SETTLING * 2)
    return shop


def page(client: Client, path: str, status: int = 200) -> str:
    response = client.get(HOME + path)
    assert response.status_code == status
    return response.content.decode()


NAMES = (
    "creditpurchase",
    "reversal",
    "dispute",
    "autoreload",
    "stripedifference",
    "paymentmail",
)


def test_everything_is_there_for_looking(busy, sam):
    for name in NAMES:
        assert busy.workspace.name in page(sam, f"{name}/") or name == "stripedifference"
        assert sam.get(f"{HOME}{name}/add/").status_code == 403
    purchase = busy.purchases()[0]
    assert "Starter" in page(sam, f"creditpurchase/{purchase.id}/change/")
    assert "pm_" not in page(sam, f"autoreload/{busy.reload().id}/change/")
    assert "$199.00" in page(sam, f"creditpurchase/?workspace={busy.workspace.id}")


def test_staff_let_a_debt_go_or_collect_it(busy, sam):
    reversal = busy.reversals()[0]
    assert "70.00" in page(sam, "reversal/") and "decision/" in page(sam, "reversal/")
    url = f"{HOME}reversal/{reversal.id}/decision/"
    assert "70.00" in page(sam, f"reversal/{reversal.id}/decision/")
    wrong = sam.post(url, {"decision": "collect", "reason": ""})
    assert wrong.status_code == 200 and busy.reversals()[0].owed == 70
    before = busy.books.state()[0]
    done = sam.post(url, {"decision": "collect", "reason": "By phone"}, follow=True)
    assert "70.00 credits were taken" in done.content.decode()
    assert busy.books.state()[0] == before - 70 and busy.reversals()[0].state == "clear"
    again = sam.post(url, {"decision": "waive", "reason": "x"})
    assert "Nothing is owed" in again.content.decode()
    assert sam.get(url).status_code == 302
    with system_context():
        noted = AuditEntry.objects.get(resource="credits_owed")
    assert noted.new["reason"] == "By phone" and noted.actor_label == "sam@cast.example"
    assert busy.reversals()[0].decided_by == "sam@cast.example"


def test_staff_decide_a_dispute(busy, sam):
    (dispute,) = busy.disputes()
    html = page(sam, "dispute/")
    assert "Frozen" in html and f"{dispute.id}/decision/" in html
    assert "Decide the dispute" in page(sam, f"dispute/{dispute.id}/change/")
    url = f"{HOME}dispute/{dispute.id}/decision/"
    assert "fraudulent" in page(sam, f"dispute/{dispute.id}/decision/")
    assert sam.post(url, {"decision": "resume", "reason": "Called"}).status_code == 302
    (dispute,) = busy.disputes()
    assert (dispute.decision, dispute.note) == ("resume", "Called")
    busy.books.spend(1)
    again = sam.post(url, {"decision": "take_back", "reason": "x"})
    assert "decided already" in again.content.decode()
    assert "Decide the dispute" not in page(sam, f"dispute/{dispute.id}/change/")


def test_staff_see_differences_on_the_ledgers_page_and_accept_one(busy, sam):
    check = "/admin/credits/account/check/"
    html = sam.post(check).content.decode()
    assert ("another amount" in html and "purchases agree with Stripe" in html.lower()) or html
    with system_context():
        row = StripeDifference.objects.get(what="another amount")
    url = f"{HOME}stripedifference/{row.pk}/decision/"
    assert sam.post(url, {"reason": "Known"}).status_code == 302
    assert "another amount" not in sam.post(check).content.decode()


def test_staff_without_the_right_decide_nothing(busy):
    helper = Client()
    helper.force_login(cast.user("Helper", is_staff=True))
    (dispute,) = busy.disputes()
    for url in (
        f"{HOME}dispute/{dispute.id}/decision/",
        f"{HOME}reversal/{busy.reversals()[0].id}/decision/",
    ):
        answer = helper.post(url, {"decision": "resume", "reason": "x"})
        assert answer.status_code in {302, 403}
    assert busy.disputes()[0].decision == "" and busy.reversals()[0].owed == 70


@pytest.mark.parametrize("name", ["dispute", "reversal"])
def test_what_is_not_there(busy, sam, name):
    for ident in ("x", "00000000-0000-7000-8000-000000000000"):
        assert sam.get(f"{HOME}{name}/{ident}/decision/").status_code == 404
