"""M-1: the demo has a market, made as partners make it, and only once."""

from django.db.models import Max

from analytics.demo import operations
from analytics.demo.operations import make_demo
from cursive.lib.tenancy import system_context
from leads.filters.tree import EVERYBODY
from marketplace.listings.models import Listing, ListingPerson
from marketplace.listings.search import find
from partners.program.models import Partner
from partners.submissions.models import Submission


def test_the_demo_has_a_market_once(db, tmp_path, monkeypatch):
    monkeypatch.setattr(operations, "CATALOGUE_ROWS", 3_000)
    counts = []
    for _ in range(2):
        keys = make_demo(say=print, path=tmp_path / "demo.json")["api_keys"]
        with system_context():
            partner = Partner.objects.get()
            counts.append((Listing.objects.on_sale().count(), ListingPerson.objects.count()))
            submissions = list(Submission.objects.order_by("number"))
            unconfirmed = Listing.objects.exclude(verification_status="valid")
            best = unconfirmed.aggregate(best=Max("quality"))["best"]
    assert partner.may_sell and "fair lists" in keys
    assert counts[0] == counts[1] and 200 < counts[0][0] < counts[0][1] <= 300
    assert [one.status for one in submissions[:-1]] == ["approved"] * (len(submissions) - 1)
    assert submissions[-1].status == "review" and submissions[-1].valid > 0
    assert sum(one.approved for one in submissions) == counts[0][0]
    assert sum(one.valid for one in submissions) == counts[0][1]
    assert 0 < best <= 60  # P-4: 40 points are for a confirmed address
    assert len(find(EVERYBODY, buyer_id=partner.id, limit=1_000)) == counts[0][0]
    assert find(EVERYBODY, buyer_id=partner.workspace_id, limit=1_000) == []
