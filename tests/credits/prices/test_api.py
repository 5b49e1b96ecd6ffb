"""Packages and the calculator are public (C: pricing), and take nothing that can't be."""

import pytest
from django.test import Client

from credits.prices.models import Package
from cursive.lib.tenancy import system_context


def test_packages_for_everybody(db):
    response = Client().get("/api/credits/packages")
    assert response.status_code == 200
    assert [one["code"] for one in response.json()["data"]] == [
        "starter",
        "growth",
        "pro",
        "enterprise",
    ]
    document = response.json()
    assert (document["page"], document["pageSize"], document["total"]) == (1, 50, 4)
    one = Client().get("/api/credits/packages?page=2&pageSize=3").json()
    assert [package["code"] for package in one["data"]] == ["enterprise"]
    assert response.json()["data"][1] == {
        "code": "growth",
        "name": "Growth",
        "credits": 500,
        "price_cents": 19_900,
        "saving_percent": 19,
        "popular": True,
    }


def test_the_calculator_for_everybody(db):
    response = Client().get("/api/credits/pricing?credits=1101")
    assert response.status_code == 200
    assert response.json() == {
        "credits": 1101,
        "total_credits": 1_200,
        "total_cents": 44_700,
        "items": [
            {
                "package": "pro",
                "name": "Pro",
                "quantity": 1,
                "credits": 1_000,
                "price_cents": 34_900,
            },
            {
                "package": "starter",
                "name": "Starter",
                "quantity": 2,
                "credits": 200,
                "price_cents": 9_800,
            },
        ],
    }


@pytest.mark.parametrize(
    "wanted",
    ["", "0", "-1", "1000001", "1.5", "x", "%D9%A1", "1e3", "9" * 400, "0x10"],
)
def test_what_is_no_number_of_credits_is_refused(db, wanted):
    """X-5."""
    response = Client().get(f"/api/credits/pricing?credits={wanted}")
    assert response.status_code == 400
    assert "1 to 1,000,000" in response.json()["errors"]["credits"]


def test_nothing_for_sale_is_said(db):
    with system_context():
        Package.objects.update(active=False)
    response = Client().get("/api/credits/pricing?credits=5")
    assert response.status_code == 503 and response.json()["code"] == "unavailable"


def test_a_key_that_is_no_good_does_not_matter(db):
    headers = {"Authorization": "Bearer cur_live_nothing"}
    assert Client().get("/api/credits/packages", headers=headers).status_code == 200
