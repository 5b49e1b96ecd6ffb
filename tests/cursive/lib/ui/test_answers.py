"""What every htmx answer carries: toasts, redirects, Vary."""

import json

import pytest
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware

from cursive.lib.ui.middleware import FragmentMiddleware
from cursive.lib.ui.toasts import add_toast, read_events


def answer(response, *, htmx=True, note="", page="http://testserver/leads/?q=1"):
    headers = {"HX-Request": "true", "HX-Current-URL": page} if htmx else {}

    def view(request):
        if note:
            messages.success(request, note)
        return response

    request = RequestFactory().get("/leads/rows/", headers=headers)
    request._messages = CookieStorage(request)
    return HtmxMiddleware(FragmentMiddleware(view))(request)


def test_pages_vary_by_the_header_that_makes_them_fragments():
    assert "HX-Request" in answer(HttpResponse("x"))["Vary"]
    assert "HX-Request" in answer(HttpResponse("x"), htmx=False)["Vary"]
    assert "Vary" not in answer(JsonResponse({}))


def test_a_redirect_is_followed_by_the_browser_not_into_a_part_of_the_page():
    response = answer(HttpResponseRedirect("/segments/"), note="kept")
    assert (response.status_code, response["HX-Redirect"]) == (200, "/segments/")
    assert "Location" not in response
    # The next page shows the message, so it must still be waiting.
    assert "HX-Trigger" not in response


def test_without_htmx_a_redirect_stays_one():
    assert answer(HttpResponseRedirect("/segments/"), htmx=False).status_code == 302


@pytest.mark.parametrize(
    ("location", "page", "expected"),
    [
        ("/accounts/login/?next=/leads/rows/", None, "/accounts/login/?next=%2Fleads%2F%3Fq%3D1"),
        ("/accounts/login/", None, "/accounts/login/"),
        (
            "/accounts/login/?next=/leads/rows/",
            "https://evil.example/x",
            "/accounts/login/?next=/leads/rows/",
        ),
    ],
)
def test_signing_in_again_comes_back_to_the_open_page(location, page, expected):
    kwargs = {"page": page} if page else {}
    assert answer(HttpResponseRedirect(location), **kwargs)["HX-Redirect"] == expected


def test_waiting_messages_become_toasts():
    response = answer(HttpResponse("x"), note='Saved “ü” & "more"')
    toast = read_events(response["HX-Trigger"])["toast"]
    assert toast == {"message": 'Saved “ü” & "more"', "level": "success"}
    assert response["HX-Trigger"].isascii()


def test_several_toasts_and_other_events_share_the_header():
    response = HttpResponse(headers={"HX-Trigger": "balance:changed, modal:close"})
    for number in range(3):
        add_toast(response, f"{number}", level="warning")
    events = json.loads(response["HX-Trigger"])
    assert set(events) == {"balance:changed", "modal:close", "toast"}
    assert events["toast"]["message"] == "0"
    assert [toast["message"] for toast in events["toast"]["more"]] == ["1", "2"]
