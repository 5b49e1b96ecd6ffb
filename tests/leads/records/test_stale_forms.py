"""L-5, L-6: two people with one lead open; nobody's work is written over by what wasn't touched."""

import html
import re
import threading

from django.db import connections

from cursive.lib.errors import Conflict
from cursive.lib.tenancy import tenant_context
from leads.records.models import Lead
from leads.records.operations import update_lead
from tests import cast
from tests.leads.conftest import member


def opened(client, address: str) -> dict[str, str]:
    """What a browser posts of the page's form when nothing is changed on it."""
    return form_of(client.get(address).content.decode())


def form_of(page: str) -> dict[str, str]:
    form = max(re.findall(r'<form method="post".*?</form>', page, re.S),
               key=lambda text: text.count("seen-"))  # fmt: skip
    posted = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            posted[name[1]] = html.unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        posted[name] = html.unescape(text.removeprefix("\n")).replace("\n", "\r\n")
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)"[^>]*selected', options)
        posted[name] = chosen[1] if chosen else ""
    return posted


def fresh(acme, lead: Lead) -> Lead:
    with tenant_context(acme.id):
        return Lead.objects.get(id=lead.id)


def write(acme, lead: Lead, **columns) -> None:
    """As an import's fill, a bulk tag or a merge does it, while the page is open."""
    with tenant_context(acme.id):
        Lead.objects.filter(id=lead.id).update(**columns)


def test_an_untouched_field_of_the_record_is_left_alone(acme, alice):
    lead = cast.lead(acme, city="Graz", industry="software")
    address = f"/leads/{lead.id}/edit/"
    first, second = opened(alice, address), opened(member(acme), address)
    assert alice.post(address, first | {"city": "Linz"}).status_code == 302
    write(acme, lead, industry="alchemy", title="CTO")
    assert alice.post(address, second | {"last_name": "King"}).status_code == 302
    now = fresh(acme, lead)
    assert (now.city, now.last_name) == ("Linz", "King")
    assert (now.industry, now.title) == ("alchemy", "CTO")


def test_a_field_of_the_record_that_two_have_changed_is_shown_with_both(acme, alice):
    lead = cast.lead(acme, city="Graz", title="CTO", state="Styria")
    address = f"/leads/{lead.id}/edit/"
    stale = opened(alice, address) | {"city": "Wien", "last_name": "King"}
    write(acme, lead, city="Linz", title="CEO", state="")
    for _ in range(2):  # as often as it is posted as it was
        answer = alice.post(address, stale | {"state": "Tyrol"})
        page = answer.content.decode()
        assert answer.status_code == 409 and "Changed meanwhile to “Linz”" in page
        assert "Emptied meanwhile." in page
        again = form_of(page)
        assert (again["city"], again["title"], again["last_name"]) == ("Wien", "CEO", "King")
        now = fresh(acme, lead)
        assert (now.city, now.last_name, now.state) == ("Linz", "Lovelace", "")
    assert alice.post(address, again).status_code == 302
    now = fresh(acme, lead)
    assert (now.city, now.title, now.last_name, now.state) == ("Wien", "CEO", "King", "Tyrol")


def test_what_is_wrong_does_not_make_the_rest_stale(acme, alice):
    lead = cast.lead(acme, city="Graz")
    address = f"/leads/{lead.id}/edit/"
    stale = opened(alice, address) | {"email": "nonsense"}
    write(acme, lead, city="Linz")
    answer = alice.post(address, stale)
    assert answer.status_code == 400
    good = form_of(answer.content.decode()) | {"email": "ada@new.example"}
    assert alice.post(address, good).status_code == 302
    assert (fresh(acme, lead).city, fresh(acme, lead).email) == ("Linz", "ada@new.example")


def test_an_untouched_tag_note_status_or_owner_is_left_alone(acme, alice):
    lead = cast.lead(acme, tags=["a", "b"], notes="one\ntwo")
    address = f"/leads/{lead.id}/"
    stale = opened(alice, address)
    write(acme, lead, tags=["a", "b", "later"], notes="other", owner_id=acme.alice.id)
    assert alice.post(address, stale | {"status": "won", "tags": "b,a"}).status_code == 302
    now = fresh(acme, lead)
    assert (now.status, now.tags, now.notes) == ("won", ["a", "b", "later"], "other")
    assert now.owner_id == acme.alice.id


def test_tags_and_status_that_two_have_changed_are_shown_with_both(acme, alice):
    lead = cast.lead(acme, tags=["a"], notes="one\ntwo")
    address = f"/leads/{lead.id}/"
    stale = opened(alice, address)
    write(acme, lead, tags=["a", "later"], status="qualified")
    answer = alice.post(address, stale | {"tags": "a, mine", "status": "won", "notes": "new"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Changed meanwhile to “a, later”" in page and "“Qualified”" in page
    again = form_of(page)
    assert (again["tags"], again["status"], again["notes"]) == ("a, mine", "won", "new")
    now = fresh(acme, lead)
    assert (now.tags, now.status, now.notes) == (["a", "later"], "qualified", "one\ntwo")
    # Who wants the same is no conflict.
    assert alice.post(address, again | {"tags": "later,a", "status": "won"}).status_code == 302
    assert fresh(acme, lead).tags == ["a", "later"]


def test_of_two_at_the_same_moment_one_is_refused(acme):
    """Both have seen the same row; the second waits for the first one's lock."""
    lead, start = cast.lead(acme), threading.Barrier(2)
    outcomes: list[str] = []

    def save(status: str) -> None:
        try:
            start.wait()
            with tenant_context(acme.id):
                update_lead(
                    workspace_id=acme.id,
                    lead_id=lead.id,
                    actor=cast.actor_for(acme.alice),
                    changes={"status": status},
                    seen={"status": "new"},
                )
            outcomes.append(status)
        except Conflict:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save, args=[status]) for status in ("won", "lost")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert outcomes.count("refused") == 1 and fresh(acme, lead).status in outcomes
