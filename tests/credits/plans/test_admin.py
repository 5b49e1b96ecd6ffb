"""Staff see subscriptions, periods and invoices, and change none of them."""

import pytest
from django.test import Client

from tests import cast

LISTS = ("subscription", "period", "invoice")


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    return client


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_show_what_there_is(alice, sam, name):
    alice.subscribe("pro")
    html = sam.get(f"/admin/credits/{name}/?workspace={alice.workspace.id}").content.decode()
    assert "Acme" in html
    assert sam.get(f"/admin/credits/{name}/add/").status_code == 403
    assert "Acme" not in sam.get(
        f"/admin/credits/{name}/?workspace=00000000-0000-7000-8000-000000000000"
    ).content.decode().replace("Acme's", "")


def test_one_can_be_opened(alice, sam):
    subscription = alice.subscribe("pro")
    html = sam.get(f"/admin/credits/subscription/{subscription.id}/change/").content.decode()
    assert subscription.stripe_id in html
