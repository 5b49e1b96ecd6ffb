"""M-1: the demo has a market, made as partners make it, and only once."""

from analytics.demo import operations
from analytics.demo.operations import make_demo
from cursive.lib.tenancy import system_context
from leads.filters.tree import EVERYBODY
from marketplace.listings.models import Listing, ListingPerson
from marketplace.listings.search import find
from partners.program.models import Partner


def test_the_demo_has_a_market_once(db, tmp_path, monkeypatch):
    monkeypatch.setattr(operations, "CATALOGUE_ROWS", 3_000)
    counts = []
    for _ in range(2):
        keys = make_demo(say=print, path=tmp_path / "demo.json")["api_keys"]
        with system_context():
            partner = Partner.objects.get()
            counts.append((Listing.objects.on_sale().count(), ListingPerson.objects.count()))
            statuses = set(Listing.objects.values_list("verification_status", flat=True))
    assert partner.may_sell and "fair lists" in keys
    assert counts[0] == counts[1] and 200 < counts[0][0] == counts[0][1] <= 300
    assert statuses <= {"unknown", "risky"}  # nobody has asked a mail server
    assert len(find(EVERYBODY, buyer_id=partner.id, limit=1_000)) == counts[0][0]
    assert find(EVERYBODY, buyer_id=partner.workspace_id, limit=1_000) == []
