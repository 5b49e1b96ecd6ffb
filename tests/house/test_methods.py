"""X-3: whoever asks an address in a way that it doesn't take is told so, and where to go."""

import re
from html import unescape

import pytest
from django.test import override_settings
from django.urls import reverse

from cursive.lib.methods import page_for
from tests.catalogue import catalogue
from tests.house import world
from tests.house.access import ROUTES
from tests.house.test_access import is_api

__all__ = ["catalogue"]

LINK = re.compile(r'btn-primary" href="([^"]+)"')


@override_settings(STAFF_MFA_REQUIRED=False)
def test_no_address_answers_with_an_empty_page(catalogue):
    """Every route, opened as by the Back button, and by a method that nobody takes."""
    here = world.build()
    before = here.fingerprint()
    refused = []
    for name, route in sorted(ROUTES.items()):
        client = here.clients["staff" if route.who == "staff" else "owner"]
        arguments = {**here.ids, **route.kwargs}
        url = reverse(name, kwargs={arg: arguments[arg] for arg in route.args})
        for method in ("get", "put"):
            if method == route.method:
                continue
            answer = getattr(client, method)(f"{url}?{route.query}" if route.query else url)
            if answer.status_code != 405:
                continue
            refused.append(name)
            assert answer["Allow"], name
            if is_api(name) or url.startswith("/api/"):
                assert answer["Content-Type"] == "application/problem+json", name
                assert answer.json()["status"] == 405
                continue
            text = answer.content.decode()
            assert "This can't be opened by itself" in text, name
            (back,) = map(unescape, LINK.findall(text))
            # Only the demo has mail; and what isn't Acme's is nobody's here.
            fine = {200, 302, *(route.ok if back.startswith(url) else ())}
            if back == "/mail/" or route.kwargs:
                fine.add(404)
            assert client.get(back).status_code in fine, f"{name} leads to {back}"
    assert len(set(refused)) > 50
    assert here.fingerprint() == before


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/leads/verification/start/", "/leads/verification/"),
        ("/leads/exports/", "/leads/"),
        ("/leads/bulk/", "/leads/"),
        ("/leads/duplicates/search/", "/leads/duplicates/"),
        ("/enrichment/01890000-0000-7000-8000-000000000000/payment/", "/enrichment/"),
        ("/credits/plan/", "/credits/plan/"),
        ("/nowhere/at/all/", "/dashboard/"),
    ],
)
def test_the_page_that_an_address_belongs_to(path, page):
    assert page_for(path).startswith(page)


def test_htmx_gets_a_message_instead_of_a_page(db):
    here = world.build()
    answer = here.clients["owner"].get("/leads/exports/", headers={"HX-Request": "true"})
    assert answer.status_code == 405 and b"<html" not in answer.content
    assert "works from its form" in answer["HX-Trigger"]
