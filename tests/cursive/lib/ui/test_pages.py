"""The frames, the landing page, sign-in pages and error pages come up."""

import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory

ERRORS = ["400", "403", "403_csrf", "404", "429", "500", "503"]


def request(path="/", **attributes):
    made = RequestFactory().get(path)
    made.user = AnonymousUser()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def assert_sound(html):
    assert html.lstrip().startswith("<!doctype html>")
    assert len(re.findall(r"<h1[ >]", html)) == 1
    assert len(re.findall(r"<main[ >]", html)) == 1
    assert re.search(r"<title>[^<]*Cursive</title>", html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("code", ERRORS)
def test_error_pages_need_neither_request_nor_database(code):
    """X-3"""
    assert_sound(render_to_string(f"{code}.html"))


def test_an_error_page_tells_what_happened():
    """X-3"""
    error = SimpleNamespace(retry_after=90)
    context = {"message": "5 <an> hour.", "error": error, "request_id": "r-1"}
    html = render_to_string("429.html", context)
    assert "5 &lt;an&gt; hour." in html and "1 min 30 s" in html and "r-1" in html


def test_the_fragment_names_the_wrong_fields():
    """X-3: an htmx request gets a message, never a silent nothing."""
    error = SimpleNamespace(fields={"all[2].value": "No <such> field."})
    html = render_to_string("errors/_fragment.html", {"message": "No.", "error": error})
    assert "data-error-fragment" in html and 'role="alert"' in html
    assert "all[2].value" in html and "&lt;such&gt;" in html


def test_the_landing_page_shows_prices_as_they_are_given():
    context = {
        "packages": [
            {"name": "Growth", "credits": 500, "price_cents": 19900, "popular": True,
             "saving_percent": 19},
        ],
        "prices": [{"label": "Pull a lead", "credits": Decimal("0.50"), "unit": "lead"}],
        "plans": [{"name": "Free", "price_cents": 0, "credits": 0, "calls": None,
             "call_price_usd": Decimal("0.00100")}],
    }  # fmt: skip
    html = render_to_string("landing/index.html", context, request=request())
    assert_sound(html)
    assert "Cursive" in html and "Example" in html
    assert "$199" in html and "500 credits" in html and "Save 19%" in html
    assert "0.50" in html and "unlimited" in html and "then $0.001 a call" in html


def test_the_landing_page_stands_without_prices():
    assert_sound(render_to_string("landing/index.html", {}, request=request()))


def member_request(**attributes):
    acme = SimpleNamespace(pk="00000000-0000-0000-0000-000000000001", name="Acme <b>")
    user = SimpleNamespace(
        is_authenticated=True, is_staff=False, email="alice@acme.example", pk=1,
        get_full_name="Alice", get_username="alice",
    )  # fmt: skip
    membership = SimpleNamespace(workspace=acme, role="owner", get_role_display="Owner")
    made = request("/", workspace=acme, membership=membership, memberships=[membership])
    made.user = user
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def frame(request):
    """The frame without the balance, which asks the database."""
    page = '{% extends "base_app.html" %}{% block balance %}{% endblock %}'
    return engines["django"].from_string(page).render({}, request)


def test_the_app_frame_has_navigation_palette_and_regions():
    """X-13"""
    html = frame(member_request())
    assert_sound_frame(html)
    assert "Acme &lt;b&gt;" in html and "Acme <b>" not in html
    assert 'id="palette"' in html and 'role="combobox"' in html
    assert 'class="skip-to" href="#main"' in html


def assert_sound_frame(html):
    for region in ('id="toasts"', 'id="modal"', 'id="confirm"'):
        assert region in html
    assert '"X-CSRFToken"' in html


def test_the_app_frame_stands_without_a_workspace():
    html = frame(member_request(workspace=None, membership=None, memberships=[]))
    assert_sound_frame(html)
    assert "Search leads for" not in html
