"""The public price list and its calculator."""

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits.prices.models import Package
from cursive.lib.tenancy import system_context
from tests import cast


def page(query: str = "", status: int = 200, **headers: str) -> str:
    response = Client().get(f"/pricing/{query}", headers=headers)
    assert response.status_code == status
    return response.content.decode()


def test_everybody_sees_packages_plans_and_prices(db):
    html = page()
    for words in ("Starter", "$1,499", "Enterprise", "100,000", "then $0.001 a call", "unlimited"):
        assert words in html
    assert "Lead from the database" in html
    assert 'href="/accounts/signup/"' in html
    client = Client()
    client.force_login(cast.user("Alice"))
    assert "Choose a plan" in client.get("/pricing/").content.decode()


def test_it_works_out_the_cheapest_mix(db):
    html = page("?credits=1100")
    assert "$398" in html and "1 × Pro" in html and "1 × Starter" in html
    assert "<strong>1,100 credits</strong>" in html and "2,200 leads" in html
    assert "(1,101 needed)" in page("?credits=1101")


def test_htmx_gets_the_answer_alone(db):
    html = page("?credits=600", **{"HX-Request": "true"})
    assert 'id="mix"' in html and "<html" not in html and "$248" in html


@pytest.mark.parametrize("wrong", ["0", "-1", "1.5", "x", "1000001", "9" * 400, ""])
def test_what_is_no_number_of_credits_is_told(db, wrong):
    """X-5."""
    html = page(f"?credits={wrong}")
    assert "Use a whole number from 1 to 1,000,000." in html or "This field is required" in html
    assert "mix-price" not in html


def test_nothing_for_sale_is_said(db):
    with system_context():
        Package.objects.update(active=False)
    assert "No package is for sale right now" in page()


def test_it_asks_the_database_a_bounded_number_of_times(db):
    with CaptureQueriesContext(connections["default"]) as asked:
        page("?credits=4321")
    assert len(asked) <= 8


def test_the_front_page_and_the_footer_lead_to_it(db):
    html = Client().get("/").content.decode()
    assert 'href="/pricing/"' in html and 'href="/pricing/#calculator"' in html
