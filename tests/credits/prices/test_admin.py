"""Staff edit the price list, and the audit log keeps what it was."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.audit.models import AuditEntry
from credits.prices.models import Package, Plan, Price
from credits.prices.queries import price_of
from cursive.lib.tenancy import system_context
from tests import cast


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    return client


def row(model: type, **wanted: str):
    with system_context():
        return model.objects.get(**wanted)


PULL = {
    "label": "Lead from the database",
    "credits": "0.60",
    "unit": "lead",
    "minimum_units": "0",
    "note": "",
    "position": "0",
}


def test_a_changed_price_is_audited_and_counts(sam):
    pull = row(Price, action="pull")
    url = f"/admin/credits/price/{pull.id}/change/"
    assert sam.post(url, PULL).status_code == 302
    assert price_of("pull") == Decimal("0.60")
    with system_context():
        (noted,) = AuditEntry.objects.filter(resource="price")
    assert noted.actor_label == "sam@cast.example" and noted.action == "update"
    assert noted.old == {"credits": "0.50"} and noted.new == {"credits": "0.60"}


@pytest.mark.parametrize("credits", ["0", "-1", "0.001", "x", ""])
def test_a_price_that_can_not_be_is_refused(sam, credits):
    pull = row(Price, action="pull")
    assert sam.post(f"/admin/credits/price/{pull.id}/change/", {**PULL, "credits": credits})
    assert price_of("pull") == Decimal("0.50")


def test_a_package_comes_in_tens(sam):
    values = {
        "code": "odd",
        "name": "Odd",
        "credits": "105",
        "price_cents": "5000",
        "active": "on",
        "position": "9",
    }
    answer = sam.post("/admin/credits/package/add/", values)
    assert "Use a multiple of 10." in answer.content.decode()
    assert sam.post("/admin/credits/package/add/", {**values, "credits": "110"}).status_code == 302
    assert row(Package, code="odd").credits == 110


def test_the_price_list_is_never_deleted(sam):
    for model in (Price, Package, Plan):
        name = model._meta.model_name
        with system_context():
            one = model.objects.first()
        answer = sam.post(f"/admin/credits/{name}/{one.id}/delete/", {"post": "yes"})
        assert answer.status_code == 403
        assert sam.get(f"/admin/credits/{name}/").status_code == 200
        assert sam.get(f"/admin/credits/{name}/{one.id}/change/").status_code == 200
    assert sam.get("/admin/credits/price/add/").status_code == 403
