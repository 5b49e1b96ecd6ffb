"""M-4: a purchase is one transaction, charges what it delivers, and says what it left out."""

from datetime import date
from decimal import Decimal

import pytest

from credits.ledger.models import Entry
from credits.ledger.operations import InsufficientCredits
from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.catalogue import suppression
from leads.records.operations import delete_lead
from marketplace.listings.models import Listing
from marketplace.listings.operations import reprice_listings, withdraw_listings
from marketplace.purchases import registry
from marketplace.purchases.operations import NothingToBuy, PriceChanged, purchase_listings
from tests import cast, market
from tests.marketplace.purchases.buying import Listening, again, all_is_well, buyer


def test_listings_become_leads_and_are_charged(acme, seller):
    """M-4, and the marketplace's price rule: $1.00 is 2 credits, $0.33 is 0.66."""
    dear = market.listing(seller, price_cents=100, phone="+15125550100")
    cheap = market.listing(seller, price_cents=33, status="catch_all")
    order = acme.buy([dear, cheap])
    assert (order.leads, order.credits, order.cents) == (2, Decimal("2.66"), 133)
    assert order.left_out == {} and not order.is_repeat
    first, second = acme.leads()
    assert (first.source, first.job_id, first.phone) == ("marketplace", order.id, "+15125550100")
    assert (first.email_verified, first.verification_status) == (True, "valid")
    assert first.score_factors["email"] > 0
    assert (second.email_verified, second.verification_status) == (False, "catch_all")
    assert acme.balance() == Decimal("997.34")
    lines = acme.lines()
    assert [(one.listing_id, one.lead_id, one.credits, one.cents) for one in lines] == [
        (dear.id, first.id, Decimal("2.00"), 100),
        (cheap.id, second.id, Decimal("0.66"), 33),
    ]
    assert {one.seller_id for one in lines} == {seller.id}
    for each in (dear, cheap):
        assert (again(each).status, again(each).sold) == (Listing.Status.SOLD_OUT, 1)
    (completed,) = acme.events("order.completed")
    leads = [str(first.id), str(second.id)]
    assert completed == {"order": str(order.id), "leads": leads, "charged": "2.66"}
    (created,) = acme.events("lead.created")
    assert created == {"leads": leads, "source": "marketplace", "order": str(order.id)}
    all_is_well()


CLAIMS = {
    "email_verified": True,
    "email_verified_at": date(2026, 10, 1),
    "phone": "+15125550100",
    "phone_verified": True,
    "quality_score": 100,
    "source_date": date(2020, 1, 1),
}


@pytest.mark.parametrize("status", ["valid", "unknown", "risky"])
def test_what_the_seller_claims_is_not_sold(acme, seller, status):
    """P-3, M-1: the lead says what the listing said, from our own check, and no more."""
    made = market.listing(seller, status=status, quality=52, **CLAIMS)
    plain = market.listing(seller, status=status, quality=52, phone="+15125550101")
    acme.buy([made, plain])
    lead, other = acme.leads()
    is_valid = status == "valid"
    assert (lead.verification_status, lead.email_verified) == (status, is_valid)
    assert lead.email_verified_at == (made.verified_at.date() if is_valid else None)
    assert (lead.phone, lead.phone_verified) == ("+15125550100", False)
    assert (lead.quality_score, lead.source_date) == (52, market.COLLECTED)
    assert lead.score == other.score and lead.score_factors == other.score_factors


def test_the_sellers_books_are_told(acme, seller, monkeypatch):
    listening = Listening()
    monkeypatch.setattr(registry, "_listeners", [listening])
    made = market.listing(seller, price_cents=250, quality=91)
    acme.buy([made])
    (sale,) = listening.sales
    (line,) = acme.lines()
    assert (sale.line_id, sale.listing_id, sale.seller_id) == (line.id, made.id, seller.id)
    assert (sale.price_cents, sale.quality, sale.verification_status) == (250, 91, "valid")
    assert (sale.collected_on, sale.listed_at) == (market.COLLECTED, made.listed_at)
    assert sale.sold_at == line.created_at


def test_a_listener_that_fails_undoes_the_sale(acme, seller, monkeypatch):
    class Broken(Listening):
        def sold(self, sales):
            raise RuntimeError("the seller's books are wrong")

    monkeypatch.setattr(registry, "_listeners", [Broken()])
    made = market.listing(seller)
    before = acme.snapshot()
    with pytest.raises(RuntimeError):
        acme.buy([made])
    assert acme.snapshot() == before


def test_what_cant_be_had_is_left_out_free_of_charge(acme, seller):
    sold, gone, dear, kept, fine = (market.listing(seller, price_cents=100) for _ in range(5))
    draft = market.listing(seller, on_sale=False)
    mine = market.listing(market.partner("Acme Lists", owner=cast.user("Ann"))[0])
    other = buyer("Globex", "Gus")
    other.buy([sold])
    with system_context(), atomic():
        withdraw_listings(seller_id=seller.id, listing_ids=[gone.id], reason="Invalid.")
        reprice_listings(seller_id=seller.id, listing_ids=[dear.id], price_cents=150)
        Listing.objects.filter(id=kept.id).update(
            reserved_for=other.workspace.id, reserved_until="2999-01-01T00:00:00Z"
        )
        Listing.objects.filter(id=mine.id).update(seller_id=acme.workspace.id)
    everything = [sold, gone, dear, kept, draft, mine, fine, 987_654_321]
    order = acme.buy(everything, seen_cents={dear.id: 100})
    assert order.left_out == {
        "sold": [sold.id],
        "withdrawn": [gone.id],
        "repriced": [dear.id],
        "reserved": [kept.id],
        "unknown": [draft.id, 987_654_321],
        "own": [mine.id],
    }
    assert (order.leads, order.credits) == (1, Decimal("2.00"))
    assert len(acme.leads()) == 1 and acme.balance() == 998
    assert again(dear).sold == again(kept).sold == again(gone).sold == 0


def test_a_price_that_fell_is_charged_as_it_is(acme, seller):
    made = market.listing(seller, price_cents=200)
    with system_context(), atomic():
        reprice_listings(seller_id=seller.id, listing_ids=[made.id], price_cents=50)
    assert acme.buy([made], seen_cents={made.id: 200}).credits == 1


def test_whom_the_workspace_owns_is_left_out(acme, seller):
    """L-13, M-3: by address, by number and name, by identity, and also when deleted since."""
    cast.lead(acme.workspace, email="Known@Company.example")
    deleted = cast.lead(acme.workspace, email="old@company.example")
    with tenant_context(acme.workspace.id):
        delete_lead(workspace_id=acme.workspace.id, lead_id=deleted.id, actor=acme.actor)
    known = market.listing(seller, email="known@company.example")
    old = market.listing(seller, email="old@company.example")
    new = market.listing(seller)
    order = acme.buy([known, old, new])
    assert order.left_out == {"owned": [known.id, old.id]}
    assert (order.leads, len(acme.leads())) == (1, 3)
    assert again(known).status == again(old).status == Listing.Status.LISTED
    all_is_well()


def test_one_person_of_two_sellers_is_bought_once(acme, seller):
    other, _ = market.partner("More Lists", owner=cast.user("Paul"))
    one = market.listing(seller, email="same@company.example")
    two = market.listing(other, email="same@company.example")
    order = acme.buy([two, one])
    assert order.left_out == {"double": [one.id]}
    assert (again(two).sold, again(one).sold) == (1, 0)


def test_who_asked_not_to_be_contacted_is_left_out(acme, seller, monkeypatch):
    """A-18: also who asked after the listing went on sale."""
    asked = market.listing(seller, email="never@company.example")
    fine = market.listing(seller)

    def suppressed(people):
        return ("never@company.example" in emails for emails, _ in people)

    monkeypatch.setattr(suppression, "_providers", [lambda: suppressed])
    order = acme.buy([asked, fine])
    assert order.left_out == {"suppressed": [asked.id]}
    assert len(acme.leads()) == 1


def test_a_listing_for_several_buyers(acme, seller):
    """M-1: at most `max_sales`."""
    made = market.listing(seller, max_sales=2)
    acme.buy([made])
    assert (again(made).status, again(made).sold) == (Listing.Status.LISTED, 1)
    buyer("Globex", "Gus").buy([made])
    assert (again(made).status, again(made).sold) == (Listing.Status.SOLD_OUT, 2)
    with pytest.raises(NothingToBuy):
        buyer("Initech", "Ira").buy([made])
    all_is_well()


def test_nobody_left_to_buy_says_why(acme, seller):
    sold, owned = market.listing(seller), market.listing(seller, email="a@b.example")
    buyer("Globex", "Gus").buy([sold])
    cast.lead(acme.workspace, email="a@b.example")
    before = acme.snapshot()
    with pytest.raises(NothingToBuy) as refused:
        acme.buy([sold, owned], key="k")
    assert refused.value.left_out == {"sold": [sold.id], "owned": [owned.id]}
    assert "1 sold meanwhile, 1 yours already" in refused.value.message
    assert acme.snapshot() == before
    assert acme.buy([market.listing(seller)], key="k").leads == 1  # the key is free still


def test_too_few_credits_change_nothing(seller):
    """C-4."""
    poor = buyer(credits="3.99")
    two = [market.listing(seller, price_cents=100) for _ in range(2)]
    before = poor.snapshot()
    with pytest.raises(InsufficientCredits) as refused:
        poor.buy(two)
    assert (refused.value.price, refused.value.balance) == (4, Decimal("3.99"))
    assert poor.snapshot() == before


def test_dearer_than_agreed_changes_nothing(acme, seller):
    made = market.listing(seller, price_cents=100)
    before = acme.snapshot()
    with pytest.raises(PriceChanged):
        acme.buy([made], expected_credits="1.99")
    assert acme.snapshot() == before
    assert acme.buy([made], expected_credits="2.00").leads == 1


def test_the_same_key_again_is_the_first_answer(acme, seller):
    """M-4."""
    first, second = market.listing(seller), market.listing(seller)
    order = acme.buy([first, second, first], key="k")
    before = acme.snapshot()
    repeat = acme.buy([second, first], key="k")
    assert (repeat.id, repeat.is_repeat) == (order.id, True)
    assert acme.snapshot() == before


@pytest.mark.parametrize("change", ["listings", "prices", "limit"])
def test_the_same_key_for_another_purchase_is_a_conflict(acme, seller, change):
    first, second = market.listing(seller), market.listing(seller)
    acme.buy([first], key="k")
    before = acme.snapshot()
    wanted = [second] if change == "listings" else [first]
    more = {"prices": {"seen_cents": {first.id: 100}}, "limit": {"expected_credits": 9}}
    with pytest.raises(Conflict, match="used for another purchase"):
        acme.buy(wanted, key="k", **more.get(change, {}))
    assert acme.snapshot() == before


def test_another_workspace_may_use_the_same_key(acme, seller):
    acme.buy([market.listing(seller)], key="k")
    assert not buyer("Globex", "Gus").buy([market.listing(seller)], key="k").is_repeat


@pytest.mark.parametrize(
    "ids", [[], list(range(1, 1_002)), [0], [-1], [2**63], [True], ["1"], [1.0], [None]]
)
def test_what_is_no_purchase_is_refused(acme, seller, ids):
    """1,001 of them among the rest; nothing changes."""
    made = market.listing(seller)
    before = acme.snapshot()
    with pytest.raises(InvalidInput) as refused, tenant_context(acme.workspace.id):
        purchase_listings(workspace=acme.workspace, actor=acme.actor, listing_ids=[*ids], key="k")
    assert "listings" in refused.value.fields
    assert acme.snapshot() == before and again(made).sold == 0


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "\x00"])
def test_a_key_that_cant_be_kept_is_refused(acme, seller, key):
    made = market.listing(seller)
    before = acme.snapshot()
    with pytest.raises(InvalidInput) as refused, tenant_context(acme.workspace.id):
        purchase_listings(
            workspace=acme.workspace, actor=acme.actor, listing_ids=[made.id], key=key
        )
    assert "Idempotency-Key" in refused.value.fields
    assert acme.snapshot() == before


def test_the_ledger_names_the_order(acme, seller):
    """C-2."""
    order = acme.buy([market.listing(seller)])
    with tenant_context(acme.workspace.id):
        entry = Entry.objects.get(kind="spend")
    assert (entry.action, entry.reference_kind, entry.reference_id) == (
        "marketplace_lead",
        "order",
        str(order.id),
    )
    assert entry.actor_label == acme.user.email
