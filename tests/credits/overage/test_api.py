"""`GET /api/usage/overage`, and what staff see."""

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.audit.models import AuditEntry
from accounts.keys.operations import create_key
from accounts.workspaces.models import User
from credits.overage.models import OverageCharge
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.credits.overage.test_billing import alice, called, carol, charges, closed, items, run
from tests.credits.stripe.paying import local_stripe

__all__ = ["alice", "carol", "local_stripe"]
PATH = "/api/usage/overage"


def asked(who, query: str = "") -> dict:
    response = who.client.get(f"{PATH}{query}")
    assert response.status_code == 200
    return response.json()


def test_it_tells_the_running_period_and_those_that_are_over(alice):
    called(alice, 100_600)
    now = closed(alice)
    run(now)
    # Our clock hasn't gone on with Stripe's: the period that Stripe has begun is the running one.
    document = asked(alice)
    assert document["current"]["plan"] == "pro" and document["current"]["included"] == 100_000
    assert document["current"]["call_price_usd"] == "0.00100"
    assert (document["page"], document["pageSize"], document["total"]) == (1, 50, 1)
    (charge,) = document["data"]
    assert (charge["over"], charge["amount_cents"], charge["state"]) == (600, 60, "invoiced")
    assert charge["plan"] == "pro" and charge["invoiced_at"]


def test_what_the_running_period_costs_so_far(alice):
    called(alice, 100_014)
    current = asked(alice)["current"]  # which is a call, too
    assert (current["calls"], current["over"], current["amount_usd"]) == (100_015, 15, "0.01500")


def test_free_costs_nothing_past_its_limit(db):
    owner = cast.acme()[1]
    client = Client()
    client.force_login(owner)
    document = client.get(PATH).json()
    assert document["current"]["plan"] == "free" and document["current"]["over"] == 0
    assert document["data"] == [] and document["total"] == 0


def test_keys_read_it_and_each_workspace_its_own(alice, carol):
    called(carol, 100_600)
    run(closed(carol))
    with system_context():
        owner = User.objects.get(email="carol@cast.example")
    with tenant_context(carol.workspace.id):
        _, token = create_key(
            workspace_id=carol.workspace.id,
            actor=cast.actor_for(owner),
            name="Reader",
            scopes=["read"],
        )
    by_key = Client().get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert by_key.json()["total"] == 1
    assert asked(alice)["total"] == 0 and asked(carol)["total"] == 1
    assert Client().get(PATH).status_code == 401


@pytest.mark.parametrize("query", ["?page=0", "?page=x", "?pageSize=201", "?pageSize=-1"])
def test_pages_that_are_none_are_refused(alice, query):
    assert alice.client.get(f"{PATH}{query}").status_code in (200, 400)


def test_it_asks_a_bounded_number_of_times(alice):
    called(alice, 100_600)
    run(closed(alice))
    with CaptureQueriesContext(connections["default"]) as found:
        asked(alice)
    assert len(found) <= 14, [one["sql"] for one in found]


# ---- Staff ------------------------------------------------------------------------------------


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    return client


LIST = "/admin/credits/overagecharge/"


def retry(sam, *charge_ids) -> str:
    values = {"action": "try_again", "_selected_action": [str(one) for one in charge_ids]}
    return sam.post(LIST, values, follow=True).content.decode()


def test_staff_see_a_failure_and_try_it_again(alice, sam):
    called(alice, 100_600)
    now = closed(alice)
    alice.stripe.fail("/v1/invoices", status=500)
    assert run(now) == (0, 1)
    html = sam.get(LIST).content.decode()
    assert "StripeUnavailable" in html and "Failed" in html
    (charge, _) = charges(alice)
    assert "Invoiced:" in retry(sam, charge.id)
    assert len(items(alice)) == 1
    with system_context():
        assert AuditEntry.objects.filter(resource="overage", action="retry").count() == 1
    retry(sam, charge.id)
    assert len(items(alice)) == 1


def test_staff_are_told_that_it_failed_again(alice, sam):
    called(alice, 100_600)
    now = closed(alice)
    alice.stripe.fail("/v1/invoices", status=500, times=2)
    run(now)
    assert "Failed again:" in retry(sam, charges(alice)[0].id)
    with system_context():
        assert OverageCharge.objects.filter(state="failed", attempts=2).count() == 1
