"""L-14: staff look for duplicates across the lead database, in Django admin."""

import hashlib
import re
import threading
from datetime import timedelta

import duckdb
import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import system_context
from leads.catalogue.models import CatalogueTombstone
from leads.catalogue.source import CatalogueEmpty
from leads.catalogue.tombstones import bury, forget_kept
from leads.duplicates import catalogue
from leads.duplicates.catalogue import Ended, cancel_look, start_look
from leads.duplicates.models import CatalogueLook
from leads.duplicates.tasks import work_looks
from leads.records.person import Person
from tests import cast
from tests.leads.catalogue.builder import build

LOOKS = "/admin/leads/cataloguelook/"
LETTERS = str.maketrans("0123456789", "ghijklmnop")
SAM = Actor.system("sam")


def person(first: str, last: str, company: str, *, score: int = 50, **fields) -> Person:
    domain = f"{company.split()[0].lower()}.example"
    return Person(
        first_name=first,
        last_name=last,
        company_name=company,
        company_domain=domain,
        quality_score=score,
        **fields,
    )


PEOPLE = (
    person("Grace", "Hopper", "Navy Computing", email="g.r.a.c.e+x@gmail.com"),
    person("Grace", "Hopper", "Navy Computing", email="grace@gmail.com", score=90),
    person("Jonathan", "Weiss", "Blue Anvil", email="jweiss@blue.example", city="Graz"),
    person("Jonathon", "Weiss", "Blue Anvil", email="jonathan@blue.example", city="Graz"),
    person("Petra", "Lang", "Blue Anvil", email="lang@blue.example", city="Graz"),
    person("Mina", "Okafor", "Salt & Rye", email="mina@salt.example", phone="+12025550143"),
)


@pytest.fixture
def small(db, settings):
    """A lead database of six people, four of whom are two."""
    build(settings.CATALOGUE_DIR, PEOPLE)
    forget_kept()
    yield
    forget_kept()


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    return client


def looks() -> list[CatalogueLook]:
    with system_context():
        return list(CatalogueLook.objects.order_by("id"))


def change(**values) -> None:
    with system_context():
        CatalogueLook.objects.update(**values)


def test_staff_start_a_look_and_see_the_pairs_side_by_side(sam, small):
    assert "No two" not in page(sam, LOOKS) and 'name="people"' in page(sam, LOOKS)
    started = sam.post(f"{LOOKS}start/", {"people": "1000"})
    (look,) = looks()
    assert started["Location"] == f"{LOOKS}{look.id}/change/"
    waiting = sam.get(started["Location"])
    assert waiting["Refresh"] == "3" and "/cancellation/" in waiting.content.decode()
    assert work_looks() == 1
    html = page(sam, started["Location"])
    assert "all 6 people" in html and "2 of 4 people together" in html
    assert (
        "2, 1 with the same e-mail or phone" in html
        and "95 to 100 %: " in html
        and "(&#x27;" not in html
    )
    grace, weiss = (text.split("</section>")[0] for text in html.split("<section")[1:3])
    assert "99 %" in grace and "Same e-mail" in grace
    assert "g.r.a.c.e+x@gmail.com" in grace and "grace@gmail.com" in grace
    assert "jweiss@blue.example" in weiss and "jonathan@blue.example" in weiss
    assert "Lang" not in html and "Okafor" not in html and "/cancellation/" not in html
    assert "Refresh" not in sam.get(started["Location"])
    assert "all 6 people" in page(sam, LOOKS)
    (look,) = looks()
    assert (look.state, look.pairs, look.exact_pairs, look.groups) == ("done", 2, 1, 2)
    assert not any("@" in str(one) for one in look.shown)  # ids alone are kept
    with system_context():
        (noted,) = AuditEntry.objects.filter(resource="catalogue_look")
    assert (noted.action, noted.actor_label) == ("create", "sam@cast.example")


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_only_the_best_are_looked_at_and_that_is_said(sam, settings):
    """The second Weiss is the worst of all, so the pair isn't found."""
    names = [hashlib.sha256(str(n).encode()).hexdigest().translate(LETTERS) for n in range(1_250)]
    crowd = [
        Person(
            first_name=name[:7],
            last_name=name[7:16],
            email=f"{name[16:26]}@{name[26:32]}.example",
            quality_score=60,
        )
        for name in names
    ]
    worst = [person("Jonathon", "Weiss", "Blue Anvil", email="j@blue.example", score=1)]
    build(settings.CATALOGUE_DIR, [*crowd, *PEOPLE[2:3], *worst])
    for wanted in (1_251, 2_000):
        start_look(people=wanted, actor=SAM)
        work_looks()
    some, everybody = looks()
    assert (some.people, some.of_people, some.pairs) == (1_251, 1_252, 0)
    assert (everybody.people, everybody.of_people, everybody.pairs) == (1_252, 1_252, 1)
    assert "the best 1,251 of 1,252 people" in page(sam, f"{LOOKS}{some.id}/change/")


def test_who_has_left_is_neither_compared_nor_shown(sam, small):
    start_look(people=1_000, actor=SAM)
    work_looks()
    (look,) = looks()
    left = next(one[0] for one in look.shown if one[3])
    with system_context():
        bury([left], reason=CatalogueTombstone.Reason.ERASURE)
    html = page(sam, f"{LOOKS}{look.id}/change/")
    assert "gmail.com" not in html and "1 more pair can't be shown" in html
    assert "jweiss@blue.example" in html
    start_look(people=1_000, actor=SAM)
    work_looks()
    again = looks()[-1]
    assert (again.people, again.of_people, again.pairs) == (5, 5, 1)
    assert left not in {number for one in again.shown for number in one[:2]}


@pytest.mark.parametrize("people", ["", "999", "200001", "many", "1e4", "-1"])
def test_a_number_out_of_range_is_refused_in_words(sam, small, people):
    told = sam.post(f"{LOOKS}start/", {"people": people}, follow=True).content.decode()
    assert re.search(r"Ensure this value|Say how many|whole number", told)
    assert looks() == []


def test_the_operation_refuses_too(small, settings, tmp_path):
    for people in (999, 200_001):
        with pytest.raises(InvalidInput):
            start_look(people=people, actor=SAM)
    settings.CATALOGUE_DIR = tmp_path / "nothing"
    with pytest.raises(CatalogueEmpty):
        start_look(people=1_000, actor=SAM)
    assert looks() == []


def test_an_empty_lead_database_is_said_on_the_page(sam):
    told = sam.post(f"{LOOKS}start/", {"people": "1000"}, follow=True).content.decode()
    assert "The lead database is empty" in told and looks() == []


def test_one_look_at_a_time(sam, small):
    first = start_look(people=1_000, actor=SAM)
    assert start_look(people=5_000, actor=SAM).id == first.id
    told = sam.post(f"{LOOKS}start/", {"people": "5000"}, follow=True).content.decode()
    assert "Another look is under way: this one." in told
    assert len(looks()) == 1


def test_nobody_else_starts_cancels_or_sees_one(small, settings):
    settings.STAFF_MFA_REQUIRED = False
    look = start_look(people=1_000, actor=SAM)
    bob, helper = Client(), Client()
    bob.force_login(cast.user("Bob"))
    viewer = cast.user("Helper", is_staff=True)
    with system_context():
        viewer.user_permissions.add(Permission.objects.get(codename="view_cataloguelook"))
    helper.force_login(viewer)
    urls = (f"{LOOKS}start/", f"{LOOKS}{look.id}/cancellation/")
    for client in (Client(), bob):
        for url in (LOOKS, f"{LOOKS}{look.id}/change/"):
            assert client.get(url).status_code in (302, 403, 404)
    assert 'name="people"' not in page(helper, LOOKS)
    assert "/cancellation/" not in page(helper, f"{LOOKS}{look.id}/change/")
    for client in (Client(), bob, helper):
        for url in urls:
            assert client.post(url, {"people": "2000"}).status_code in (302, 403, 404)
    (same,) = looks()
    assert (same.state, same.cancel_requested, same.wanted) == ("waiting", False, 1_000)


def test_starting_and_cancelling_are_posts_with_a_token(sam, small):
    assert sam.get(f"{LOOKS}start/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.user("Root", is_staff=True, is_superuser=True))
    assert strict.post(f"{LOOKS}start/", {"people": "1000"}).status_code == 403
    assert looks() == []


def test_a_waiting_look_is_cancelled_at_once(sam, small):
    look = start_look(people=1_000, actor=SAM)
    sam.post(f"{LOOKS}{look.id}/cancellation/")
    assert work_looks() == 0
    (look,) = looks()
    assert (look.state, look.shown) == ("cancelled", [])
    told = sam.post(f"{LOOKS}{look.id}/cancellation/", follow=True).content.decode()
    assert "over already: cancelled" in told
    with pytest.raises(Conflict):
        cancel_look(look_id=look.id, actor=SAM)
    with pytest.raises(NotFound):
        cancel_look(look_id=look.id + 1, actor=SAM)


ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


def claimed() -> CatalogueLook:
    start_look(people=1_000, actor=SAM)
    look = catalogue._claim()
    assert look is not None
    return look


def test_a_running_look_ends_when_it_is_cancelled(small):
    with system_context():
        look = claimed()
        cancel = {"look_id": look.id, "actor": SAM}
        threading.Timer(0.5, cancel_look, kwargs=cancel).start()
        with duckdb.connect() as db, pytest.raises(Ended), catalogue._watched(look, db):
            db.execute(ENDLESS)
    assert looks()[0].cancel_requested


def test_a_look_that_takes_too_long_is_ended_and_says_so(small, monkeypatch):
    monkeypatch.setattr(catalogue, "SECONDS", 0.5)
    with system_context():
        look = claimed()
        told = pytest.raises(Conflict, match="Look at fewer people")
        with duckdb.connect() as db, told, catalogue._watched(look, db):
            db.execute(ENDLESS)


def test_what_a_dead_worker_left_is_begun_anew(small):
    with system_context():
        first = claimed()
    assert work_looks() == 0  # it still has its lease
    change(lease_until=timezone.now() - timedelta(seconds=1))
    assert work_looks() == 1
    (look,) = looks()
    assert (look.state, look.pairs, look.attempts) == ("done", 2, 2)
    with system_context():  # and the first comes back after all
        catalogue._end(first, CatalogueLook.State.FAILED, error="Too late.")
    assert (looks()[0].state, looks()[0].error) == ("done", "")


def test_a_look_that_kills_its_workers_is_given_up(sam, small):
    start_look(people=1_000, actor=SAM)
    change(state="running", attempts=catalogue.MOST_ATTEMPTS)
    assert work_looks() == 1
    (look,) = looks()
    assert look.state == "failed" and "went down" in page(sam, f"{LOOKS}{look.id}/change/")


def test_a_cancelled_look_of_a_dead_worker_ends(small):
    start_look(people=1_000, actor=SAM)
    change(state="running", cancel_requested=True)
    work_looks()
    assert looks()[0].state == "cancelled"


def test_a_broken_lead_database_fails_the_look_and_not_the_worker(small, settings):
    start_look(people=1_000, actor=SAM)
    (settings.CATALOGUE_DIR / "people_v1.duckdb").write_bytes(b"no database")
    assert work_looks() == 1
    (look,) = looks()
    assert look.state == "failed" and look.error.startswith("Something broke on our side")


def test_no_duplicates_is_said(sam, settings):
    build(settings.CATALOGUE_DIR, PEOPLE[4:])
    start_look(people=1_000, actor=SAM)
    work_looks()
    html = page(sam, f"{LOOKS}{looks()[0].id}/change/")
    assert "No two of these people look like the same person." in html
