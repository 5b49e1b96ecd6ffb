"""Must show 4, L-13: whom one path has brought, the other doesn't charge again."""

from decimal import Decimal

import pytest
from django.test import Client

from cursive.lib.jobs.models import Job
from cursive.lib.jobs.queries import listed_jobs_of
from cursive.lib.tenancy import tenant_context
from leads.catalogue.local import local_source
from leads.filters.tree import EVERYBODY
from leads.records.acquisition import owned_people
from marketplace.purchases.operations import NothingToBuy
from segments.builder.queries import search
from segments.saved.queries import count_people
from tests import market
from tests.catalogue import catalogue
from tests.leads.records.pulling import give, start, work
from tests.marketplace.purchases.buying import all_is_well

__all__ = ["catalogue"]


def people_of_the_catalogue(count: int):
    return [record.person for record in local_source().take(EVERYBODY, limit=count).records]


def test_bought_in_the_marketplace_a_pull_passes_them_over(catalogue, acme, seller):
    people = people_of_the_catalogue(12)
    made = market.listings(seller, people, price_cents=50)
    order = acme.buy(made)
    assert (order.leads, acme.balance()) == (12, 988)
    job = work(acme.workspace, start(acme.workspace, acme.actor, limit=20))
    delivered, owned = job.result["delivered"], job.result["skipped_owned"]
    assert (delivered, owned) == (20, 12)
    assert acme.balance() == 988 - delivered * Decimal("0.50")
    assert len(acme.leads()) == 32 == len({lead.email for lead in acme.leads()})
    all_is_well()


def test_what_a_pull_costs_is_said_without_those_who_were_bought(catalogue, acme, seller):
    """L-3, L-13: count, rows and price know them as soon as they were looked up."""
    people = people_of_the_catalogue(12)
    acme.buy([*market.listings(seller, people, price_cents=50), market.listing(seller)])
    with tenant_context(acme.workspace.id):
        total = count_people(acme.workspace.id, EVERYBODY).total
        (job,) = Job.objects.filter(kind="meeting")
        assert not listed_jobs_of(acme.workspace.id).exists()  # nobody started it
    browser = Client()
    browser.force_login(acme.user)
    assert b"in the lead database" not in browser.get("/jobs/").content
    assert browser.get(f"/jobs/{job.id}/").status_code == 200
    assert work(acme.workspace, job).status == "completed"
    with tenant_context(acme.workspace.id):
        assert count_people(acme.workspace.id, EVERYBODY) == (total, total - 12)
        found = search(acme.workspace.id, EVERYBODY, order="score", facets=[])
        assert found.owned == 12 and not any(row["owned"] for row in found.rows)
    give(acme.workspace, 1_000, key="more")
    before = acme.balance()
    job = start(acme.workspace, acme.actor, limit=total)
    assert (job.total, before - acme.balance()) == (total - 12, (total - 12) * Decimal("0.50"))
    all_is_well()


def test_where_there_is_no_catalogue_nobody_is_looked_up(acme, seller):
    acme.buy([market.listing(seller)])
    with tenant_context(acme.workspace.id):
        assert not Job.objects.exists() and not owned_people(acme.workspace.id)


def test_pulled_before_they_are_left_out_of_a_purchase(catalogue, acme, seller):
    work(acme.workspace, start(acme.workspace, acme.actor, limit=12))
    people = people_of_the_catalogue(12)
    made = market.listings(seller, people, price_cents=50)
    before = acme.snapshot()
    with pytest.raises(NothingToBuy) as refused:
        acme.buy(made)
    assert refused.value.left_out == {"owned": [one.id for one in made]}
    assert acme.snapshot() == before
    new = market.listing(seller, price_cents=50)
    assert acme.buy([*made, new]).credits == Decimal("1.00")
    all_is_well()
