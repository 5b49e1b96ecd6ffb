"""Who sees staff's figures: staff with a second factor, by their session. For others a 404."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import cast
from tests.accounts.access.test_second_factor import with_totp
from tests.accounts.conftest import browser
from tests.accounts.keys.test_keys import make

__all__ = ["acme"]
from tests.accounts.conftest import acme

APIS = ("/api/admin/analytics/overview", "/api/admin/analytics/users")
PAGES = ("/admin/overview/", "/admin/overview/users/")


@pytest.fixture
def sam(acme, settings):
    settings.STAFF_MFA_REQUIRED = False
    return browser(cast.staff())


@pytest.mark.parametrize("path", APIS)
def test_the_api_is_a_404_for_everybody_but_staff(acme, path, settings):
    settings.STAFF_MFA_REQUIRED = True
    _, token = make(acme, scopes=["read", "write", "billing"])
    sam = cast.staff()
    nothing = Client().get("/api/nothing").json()
    asked = [
        browser(),
        browser(acme.owner),
        browser(sam),  # without a second factor
        Client(headers={"Authorization": f"Bearer {token}"}),
        Client(headers={"Authorization": "Bearer nonsense"}),
    ]
    for client in asked:
        for method in ("get", "post", "delete", "options"):
            answer = getattr(client, method)(path)
            assert answer.status_code == 404, method
            assert answer.json()["detail"] == nothing["detail"]
    with_totp(sam)
    assert browser(sam).get(path).status_code == 200
    sam.is_active = False
    sam.save()
    assert browser(sam).get(path).status_code == 404


def test_the_customers_reference_does_not_tell_of_it(db):
    assert b"/api/leads" in Client().get("/api/schema").content
    assert b"/api/admin" not in Client().get("/api/schema").content
    assert b"/api/admin" not in Client().get("/api/docs/").content


def test_the_api_tells_figures(sam, acme):
    found = sam.get(APIS[0]).json()
    assert found["workspaces"] == 2 and found["mrr_cents"] == 0
    assert [line["code"] for line in found["plans"]] == ["free", "pro", "enterprise"]
    assert len(found["months"]) == 12 and len(found["months"][0]["month"]) == 7
    assert found["months"][0]["credits"] == {"sold": "0.00", "given": "0.00", "spent": "0.00"}
    users = sam.get(APIS[1], {"sort": "email", "pageSize": 2}).json()
    assert (users["page"], users["pageSize"], users["total"]) == (1, 2, 5)
    assert [line["email"] for line in users["data"]] == ["ada@cast.example", "alice@cast.example"]
    assert users["data"][0]["workspaces"][0]["name"] == "Acme"
    refused = sam.get(APIS[1], {"sort": "x"})
    assert refused.status_code == 400 and "sort" in refused.json()["errors"]


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_are_for_staff(acme, sam, path):
    assert sam.get(path).status_code == 200
    assert sam.post(path).status_code == 405
    for client in (browser(), browser(acme.owner)):
        answer = client.get(path)
        assert answer.status_code in {302, 404}
        assert b"MRR" not in answer.content


def test_the_second_factor_is_asked_for_pages_too(acme, settings):
    settings.STAFF_MFA_REQUIRED = True
    assert browser(cast.staff()).get(PAGES[0]).url == reverse("mfa_index")


def test_the_admins_front_page_leads_there(sam):
    page = sam.get("/admin/").content.decode()
    assert all(path in page for path in PAGES)


def test_the_pages_show_and_find(sam, acme):
    overview = sam.get(PAGES[0]).content.decode()
    assert "Workspaces by plan" in overview and "Nobody has paid" in overview
    users = sam.get(PAGES[1], {"q": "bob"}).content.decode()
    assert "bob@cast.example" in users and "alice@cast.example" not in users
    assert "Acme" in users
    nobody = sam.get(PAGES[1], {"q": "nobody"}).content.decode()
    assert "Nobody fits" in nobody
    refused = sam.get(PAGES[1], {"sort": "x"})
    assert refused.status_code == 200 and b"Use one of" in refused.content
    assert b"style=" not in sam.get(PAGES[0]).content.split(b"<main")[-1]
    first = sam.get(PAGES[1], {"pageSize": 2, "sort": "email"}).content.decode()
    assert "page=2" in first and "sort=email" in first
