"""Staff see every event, why one failed, and have it processed again with one click (C-10)."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import User
from credits.stripe.models import StripeCustomer
from cursive.lib.tenancy import system_context, uuid7
from tests import cast
from tests.credits.stripe.paying import deliver, happened, pass_time, stored, work_off
from tests.credits.stripe.watched import paid

EVENTS = "/admin/credits/stripeevent/"


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.staff())
    return client


def breaks() -> None:
    raise RuntimeError("the <b>books</b> are shut")


@pytest.fixture
def failed(books, handler):
    """An event of Acme's that was given up."""
    handler.on_apply = breaks
    deliver(paid(books.workspace.id))
    for _ in range(6):
        work_off(well=False)
        pass_time(timedelta(hours=6))
    (event,) = stored()
    assert event.state == "failed"
    handler.on_apply = lambda: None
    return event


def page(client: Client, url: str) -> str:
    """What the page shows."""
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def press(client: Client, came: str, action: str):
    """Open a page and send the form that the button with this address is in, as a browser does."""
    html = page(client, came)
    assert action in html
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    assert token is not None
    sent = {"csrfmiddlewaretoken": token.group(1)}
    return client.post(action, sent, follow=True, headers={"Referer": f"http://testserver{came}"})


def test_the_list_shows_states_errors_and_whose_they_are(sam, failed):
    deliver(happened("charge.expired", {"id": "ch_1"}))
    html = page(sam, EVENTS)
    assert "Failed" in html and "Ignored" in html and "Acme" in html
    assert "RuntimeError: the &lt;b&gt;books&lt;/b&gt; are shut" in html
    assert html.count("Try again</button>") == 1, "an ignored event has no such button"
    assert "charge.expired" not in page(sam, f"{EVENTS}?state__exact=failed")
    assert failed.stripe_event_id in page(sam, f"{EVENTS}?workspace={failed.workspace_id}")


def test_one_click_in_the_list_processes_a_failed_event_again(sam, failed, books):
    came = f"{EVENTS}?state__exact=failed"
    answer = press(sam, came, f"{EVENTS}{failed.id}/retry/")
    assert answer.redirect_chain == [(f"http://testserver{came}", 302)]
    assert "test.paid is processed again." in answer.content.decode()
    (event,) = stored()
    assert (event.state, event.attempts, event.finished_at) == ("pending", 0, None)
    work_off()
    (event,) = stored()
    assert (event.state, event.error, books.amounts()) == ("done", "", [1])
    with system_context():
        (noted,) = AuditEntry.objects.filter(action="retry")
    assert (noted.resource, noted.resource_id) == ("stripe_event", failed.stripe_event_id)
    assert noted.actor_label == "sam@cast.example" and noted.workspace_id == books.workspace.id
    assert noted.old["state"] == "failed" and "books" in noted.old["error"]


def test_its_page_shows_the_payload_and_the_same_button(sam, failed):
    address = f"{EVENTS}{failed.id}/change/"
    html = page(sam, address)
    assert "&quot;workspace_id&quot;" in html and "the &lt;b&gt;books" in html
    answer = press(sam, address, f"{EVENTS}{failed.id}/retry/")
    assert answer.redirect_chain == [(f"http://testserver{address}", 302)]
    assert stored()[0].state == "pending"


def test_chosen_events_are_tried_again_together(sam, failed, books):
    deliver(happened("charge.expired", {"id": "ch_1"}))
    html = page(sam, EVENTS)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html).group(1)
    answer = sam.post(
        EVENTS,
        {
            "action": "try_chosen_again",
            "_selected_action": [str(event.id) for event in stored()],
            "csrfmiddlewaretoken": token,
        },
        follow=True,
    )
    told = answer.content.decode()
    assert "Processed again: 1." in told and "just in work: 1." in told
    assert {event.state for event in stored()} == {"pending", "ignored"}


def test_a_waiting_event_can_be_tried_now(sam, books, handler):
    handler.on_apply = breaks
    deliver(paid(books.workspace.id))
    work_off(well=False)
    handler.on_apply = lambda: None
    assert work_off(well=False) == 0
    (event,) = stored()
    press(sam, EVENTS, f"{EVENTS}{event.id}/retry/")
    assert work_off() == 1
    assert books.amounts() == [1]


def test_what_is_done_or_just_being_processed_is_left_alone(sam, books, handler):
    deliver(paid(books.workspace.id, "pi_1"))
    work_off()
    (done,) = stored()
    html = page(sam, EVENTS)
    assert "Try again</button>" not in html
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html).group(1)

    def retry(event_id: object) -> str:
        answer = sam.post(f"{EVENTS}{event_id}/retry/", {"csrfmiddlewaretoken": token}, follow=True)
        return answer.content.decode()

    assert "This event is done." in retry(done.id)
    assert "There is no such event." in retry(uuid7())
    told = []
    handler.on_prepare = lambda: told.append(retry(stored(state="pending")[0].id))
    deliver(paid(books.workspace.id, "pi_2"))
    work_off()
    assert "being processed right now" in told[0]
    assert [event.state for event in stored()] == ["done", "done"]
    assert books.amounts() == [1, 1]


def test_only_staff_with_the_right_and_a_token_try_again(sam, failed, books, settings):
    address = f"{EVENTS}{failed.id}/retry/"
    assert sam.post(address).status_code == 403, "no CSRF token"
    assert sam.get(address).status_code == 405
    looker = cast.user("Lou", is_staff=True)
    with system_context():
        looker.user_permissions.add(Permission.objects.get(codename="view_stripeevent"))
        alice = User.objects.get(email="alice@cast.example")
    lou, owner = Client(), Client()
    lou.force_login(looker)
    owner.force_login(alice)
    assert failed.stripe_event_id in page(lou, EVENTS)
    assert "retry_url" not in page(lou, f"{EVENTS}{failed.id}/change/")
    assert lou.post(address).status_code == 403
    assert owner.post(address).status_code in {302, 404}
    assert stored()[0].state == "failed"
    with system_context():
        assert not AuditEntry.objects.filter(action="retry").exists()


def test_a_retry_leads_nowhere_else(sam, failed):
    html = page(sam, EVENTS)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html).group(1)
    for referer in ("https://evil.example/", "javascript:alert(1)", ""):
        answer = sam.post(
            f"{EVENTS}{failed.id}/retry/",
            {"csrfmiddlewaretoken": token},
            headers={"Referer": referer},
        )
        assert (answer.status_code, answer["Location"]) == (302, EVENTS)


def test_a_long_list_costs_few_queries(sam, books, handler):
    for number in range(30):
        deliver(paid(books.workspace.id, f"pi_{number}"))
    work_off()
    with CaptureQueriesContext(connections["admin"]) as captured:
        page(sam, EVENTS)
    assert len(captured) <= 12


def test_customers_of_stripe_are_listed_with_their_workspaces(sam, books):
    with system_context():
        StripeCustomer.objects.create(workspace=books.workspace, mode="local", customer_id="cus_1")
    html = page(sam, "/admin/credits/stripecustomer/")
    assert "cus_1" in html and "Acme" in html
    assert "cus_1" in page(sam, "/admin/credits/stripecustomer/?q=Acme")
    assert "Stripe events" in page(sam, f"/admin/accounts/workspace/{books.workspace.id}/change/")
