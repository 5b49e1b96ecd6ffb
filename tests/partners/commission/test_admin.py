"""P-6 for staff: the payouts' queue, terms, who sells how well, the books and their proof."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit.models import AuditEntry
from cursive.lib.tenancy import system_context
from partners.commission.models import CommissionRate, PartnerAccount, Payout
from partners.program.models import Partner
from tests import cast, market
from tests.credits.books import superuser
from tests.partners.books import Seller, sell

PAYOUTS = "/admin/partners/payout/"
TERMS = {
    "seller": "",
    "valid_from_0": "2099-01-01",
    "valid_from_1": "00:00:00",
    "base_percent": "25",
    "early_points": "10",
    "early_days": "7",
    "verified_points": "5",
    "verified_from": "95",
    "volume_points": "5",
    "volume_from": "10000",
    "cap_percent": "45",
    "note": "From the new year on",
}


def act(sam, action: str, payouts: list[Payout], **more: str):
    chosen = {"_selected_action": [str(one.id) for one in payouts], "action": action}
    return sam.post(PAYOUTS, {**chosen, **more}, follow=True).content.decode()


@pytest.fixture
def two(petra) -> list[Payout]:
    """A payout of Petra's, and one of another partner's."""
    other = Seller("Other", owner=cast.user("Oscar"))
    return [petra.payout(), other.payout(9_000)]


def states() -> list[str]:
    with system_context():
        return list(Payout.objects.order_by("cents").values_list("state", flat=True))


def test_many_are_marked_as_paid_with_the_banks_reference(sam, petra, two):
    asked = act(sam, "pay_by_hand", two)
    assert "$150.00" in asked and "Lists &amp; Co" in asked and 'name="reference"' in asked
    assert states() == ["planned", "planned"]
    missing = act(sam, "pay_by_hand", two, confirmed="1", reference="")
    assert "This field is required" in missing and states() == ["planned", "planned"]
    for _ in range(2):  # a double click
        told = act(sam, "pay_by_hand", two, confirmed="1", reference="batch 7")
    assert states() == ["paid", "paid"] and "is paid." in told
    assert petra.money() == (0, 0, 0, 6_000) and petra.kinds().count("paid") == 1
    with system_context():
        entries = AuditEntry.objects.filter(resource="payout", action="pay")
        assert entries.count() == 2
        assert {one.actor_label for one in entries} == {"sam@cast.example"}
    assert "is paid already" in act(sam, "pay_by_hand", two[:1], confirmed="1", reference="other")


def test_those_with_an_account_are_sent_and_the_others_told(sam, petra, two, local_stripe):
    with system_context():
        Partner.objects.filter(workspace_id=petra.id).update(stripe_account="acct_1PartnerOfOurs")
    asked = act(sam, "pay_by_stripe", two)
    assert "acct_1PartnerOfOurs" in asked and states() == ["planned", "planned"]
    told = act(sam, "pay_by_stripe", two, confirmed="1")
    assert "is on its way" in told and "has no connected account" in told
    assert states() == ["sending", "planned"]


def test_one_is_given_up_with_a_reason(sam, petra, two):
    act(sam, "give_up", two[:1], confirmed="1", reason="Wrong account")
    assert states() == ["failed", "planned"] and petra.money() == (0, 6_000, 0, 0)
    assert petra.entries()[-1].note == "Wrong account"


def test_payouts_are_planned_on_a_button(sam, petra):
    petra.earn(6_000)
    assert "Nobody is paid by it" in sam.get(f"{PAYOUTS}plan/").content.decode()
    assert states() == []
    sam.post(f"{PAYOUTS}plan/")
    assert states() == ["planned"]


def test_terms_are_added_and_never_changed(sam, petra):
    add = "/admin/partners/commissionrate/add/"
    past = sam.post(add, TERMS | {"valid_from_0": "2026-01-01"}).content.decode()
    assert "Now, or later" in past
    low = sam.post(add, TERMS | {"cap_percent": "20"}).content.decode()
    assert "Not under the base" in low
    none = sam.post(add, TERMS | {"volume_from": "0"}).content.decode()
    assert "At least 1" in none
    never = sam.post(add, TERMS | {"verified_from": "101"}).content.decode()
    assert "From 0 to 100" in never
    general = sam.post(add, TERMS | {"follows_general": "on"}).content.decode()
    assert "Choose the partner" in general
    with system_context():
        assert CommissionRate.objects.count() == 1
    assert sam.post(add, TERMS | {"seller": str(petra.id)}).status_code == 302
    with system_context():
        made = CommissionRate.objects.get(seller_id=petra.id)
        assert AuditEntry.objects.filter(resource="commission_rate").count() == 1
    assert (made.base_percent, made.made_by) == (25, "sam@cast.example")
    now = sam.post(add, TERMS | {"valid_from_0": "", "valid_from_1": ""})
    assert now.status_code == 302
    with system_context():
        latest = CommissionRate.objects.filter(seller=None).latest("id")
    assert timezone.now() - latest.valid_from < timedelta(minutes=1)
    change = f"/admin/partners/commissionrate/{made.id}/change/"
    assert "_save" not in sam.get(change).content.decode()
    assert sam.post(change, TERMS).status_code == 403
    assert "Lists &amp; Co" in sam.get("/admin/partners/commissionrate/").content.decode()


def test_partners_are_listed_with_volume_and_quality(sam, petra):
    people = [market.person() for _ in range(4)]
    market.listings(petra.workspace, people[:3])
    market.listings(petra.workspace, people[3:], status="invalid", on_sale=False)
    petra.sell(3)
    Seller("Quiet", owner=cast.user("Oscar"))
    html = sam.get("/admin/partners/partner/").content.decode()
    assert "75.0%" in html and "$0.90" in html and "Quiet" in html
    with system_context():
        row = Partner.objects.get(workspace_id=petra.id)
    page = sam.get(f"/admin/partners/partner/{row.id}/decision/").content.decode()
    assert "Pass rate" in page and "75.0%" in page


def test_the_books_are_shown_and_proven_on_a_button(sam, petra):
    sell([petra.sale()])
    petra.payout()
    for model in ("partneraccount", "partnerentry", "soldlead", "payout", "partner"):
        page = sam.get(f"/admin/partners/{model}/")
        assert page.status_code == 200 and b"Lists &amp; Co" in page.content, model
    check = "/admin/partners/partneraccount/check/"
    assert "earnings as a partner" in sam.get(check).content.decode()
    assert "The ledger is right" in sam.post(check).content.decode()
    with superuser() as connection:
        connection.execute("UPDATE partners_partneraccount SET due_cents = due_cents + 1")
    assert "1 difference" in sam.post(check).content.decode()
    with superuser() as connection:
        connection.execute("UPDATE partners_partneraccount SET due_cents = due_cents - 1")


def test_staff_set_a_partners_money_right(sam, petra):
    petra.sell()
    with system_context():
        account = PartnerAccount.objects.get()
    url = f"/admin/partners/partneraccount/{account.id}/decision/"
    key = re.search(r'name="key" value="([^"]+)"', sam.get(url).content.decode()).group(1)
    values = {"dollars": "-1.50", "reason": "A wire's fee", "key": key}
    for _ in range(2):
        assert sam.post(url, values).status_code == 302
    assert petra.money() == (30, -150, 0, 0)
    assert petra.entries()[-1].note == "A wire's fee"


@pytest.mark.parametrize("path", ["payout/", "partneraccount/check/", "commissionrate/add/"])
def test_nobody_else_gets_there(petra, client, path):
    client.force_login(petra.owner)
    assert client.get(f"/admin/partners/{path}").status_code in {302, 403, 404}
