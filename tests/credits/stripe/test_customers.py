"""Workspaces become customers of Stripe's, each one once; and are found again by them."""

import pytest

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import Workspace
from credits.stripe import operations
from credits.stripe.models import StripeCustomer
from credits.stripe.operations import ensure_customer
from credits.stripe.providers import StripeRefused, StripeUnavailable, stripe_client
from credits.stripe.queries import customer_of, workspace_of_customer, workspace_of_metadata
from credits.stripe.registry import UnknownWorkspace
from cursive.lib.actors import Actor
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.credits.books import at_once
from tests.credits.stripe.paying import local_stripe

__all__ = ["local_stripe"]
ACTOR = Actor.system("test")


@pytest.fixture
def acme(db) -> Workspace:
    workspace, _ = cast.acme()
    return workspace


def made(server) -> list[dict]:
    """The customers that the server has."""
    return [
        event["data"]["object"] for event in server.events if event["type"] == "customer.created"
    ]


def rows() -> list[tuple]:
    with system_context():
        return list(StripeCustomer.objects.values_list("workspace_id", "customer_id", "mode"))


def test_a_customer_is_made_once_and_known_from_then_on(local_stripe, acme):
    first = ensure_customer(workspace=acme, actor=ACTOR)
    asked = len(local_stripe.calls)
    assert ensure_customer(workspace=acme, actor=ACTOR) == first == customer_of(acme.id)
    assert len(local_stripe.calls) == asked == 1
    (customer,) = made(local_stripe)
    assert (customer["name"], customer["email"]) == ("Acme", "alice@cast.example")
    assert customer["metadata"] == {"workspace_id": str(acme.id)}
    assert rows() == [(acme.id, first, "local")]
    with system_context():
        (noted,) = AuditEntry.objects.filter(resource="stripe_customer")
    assert (noted.action, noted.resource_id, noted.workspace_id) == ("create", first, acme.id)


@pytest.mark.faults
def test_ten_who_ask_at_once_get_the_same_one(local_stripe, acme):
    local_stripe.slow("/v1/customers", 0.5)
    results = at_once(10, lambda _: ensure_customer(workspace=acme, actor=ACTOR))
    assert set(results) == {customer_of(acme.id)}
    assert len(made(local_stripe)) == len(rows()) == 1


def test_a_page_that_fails_later_does_not_forget_it(local_stripe, acme):
    with pytest.raises(RuntimeError), tenant_context(acme.id):
        made_then = ensure_customer(workspace=acme, actor=ACTOR)
        raise RuntimeError
    assert customer_of(acme.id) == made_then


@pytest.mark.parametrize("renamed", [False, True])
def test_an_answer_that_was_lost_is_asked_for_again(local_stripe, acme, renamed):
    """Also when the customer's values are others by then, which Stripe refuses for one key."""
    local_stripe.fail("/v1/customers", status=0, lost=True)
    with pytest.raises(StripeUnavailable):
        ensure_customer(workspace=acme, actor=ACTOR)
    assert rows() == []
    if renamed:
        acme.name = "Acme Anvils"
    found = ensure_customer(workspace=acme, actor=ACTOR)
    assert [workspace for workspace, _, _ in rows()] == [acme.id]
    assert found == made(local_stripe)[-1]["id"]
    assert len(made(local_stripe)) == (2 if renamed else 1)


def test_another_process_that_just_makes_it_is_waited_for(local_stripe, acme, monkeypatch):
    """Stripe answers 409 while a call with the same key runs."""
    monkeypatch.setattr(operations, "WAITS", (0.01, 0.01, 0.01))
    local_stripe.fail("/v1/customers", status=409, times=2)
    assert ensure_customer(workspace=acme, actor=ACTOR) == customer_of(acme.id)
    assert len(made(local_stripe)) == 1


def test_but_not_for_ever(local_stripe, acme, monkeypatch):
    monkeypatch.setattr(operations, "WAITS", (0.01, 0.01, 0.01))
    local_stripe.fail("/v1/customers", status=409, times=100)
    with pytest.raises(StripeUnavailable):
        ensure_customer(workspace=acme, actor=ACTOR)
    assert rows() == []


@pytest.mark.parametrize("status", [0, 500, 503, 429])
def test_without_stripe_nothing_is_written(local_stripe, acme, status):
    local_stripe.fail("/v1/customers", status=status)
    with pytest.raises(StripeUnavailable):
        ensure_customer(workspace=acme, actor=ACTOR)
    assert rows() == [] and customer_of(acme.id) is None


def test_what_stripe_refuses_is_a_refusal(local_stripe, acme):
    local_stripe.fail("/v1/customers", status=400)
    with pytest.raises(StripeRefused):
        ensure_customer(workspace=acme, actor=ACTOR)
    assert rows() == []


def test_keys_of_stripes_own_begin_anew(local_stripe, acme, settings):
    """A customer of test payments isn't one of Stripe's."""
    ensure_customer(workspace=acme, actor=ACTOR)
    for key in ("sk_test_x", "rk_test_x", "sk_live_x"):
        settings.STRIPE_SECRET_KEY = key
        assert customer_of(acme.id) is None


def test_the_workspace_is_found_by_its_customer(local_stripe, acme):
    customer_id = ensure_customer(workspace=acme, actor=ACTOR)
    asked = len(local_stripe.calls)
    assert workspace_of_customer(customer_id) == acme.id
    assert len(local_stripe.calls) == asked


def test_a_customer_without_a_row_is_looked_up_at_stripe(local_stripe, acme):
    params = {"metadata": {"workspace_id": str(acme.id)}}
    customer = stripe_client().v1.customers.create(params)
    assert workspace_of_customer(customer.id) == acme.id


def test_customers_that_are_not_ours_are_unknown(local_stripe, acme):
    foreign = stripe_client().v1.customers.create({"name": "Somebody"})
    for customer_id in (foreign.id, "cus_nobody"):
        with pytest.raises(UnknownWorkspace):
            workspace_of_customer(customer_id)
    local_stripe.fail("/v1/customers", status=500)
    with pytest.raises(StripeUnavailable):
        workspace_of_customer(foreign.id)


def test_metadata_tell_the_workspace(acme):
    assert workspace_of_metadata({"metadata": {"workspace_id": str(acme.id)}}) == acme.id
    for written in ({}, {"metadata": None}, {"metadata": {}}, {"metadata": {"workspace_id": "1"}}):
        with pytest.raises(UnknownWorkspace):
            workspace_of_metadata(written)


def test_a_customer_is_its_workspaces_alone(local_stripe, acme):
    """X-1."""
    rival, _ = cast.rival()
    ensure_customer(workspace=acme, actor=ACTOR)
    for workspace, seen in ((acme, 1), (rival, 0)):
        with tenant_context(workspace.id):
            assert StripeCustomer.objects.count() == seen
