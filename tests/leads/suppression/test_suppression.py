"""A-18: who asked never to be contacted comes back by no way, and nobody can read who it is."""

from threading import Thread

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import IntegrityError
from django.test import Client

from accounts.audit.models import AuditEntry
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.catalogue import loader
from leads.catalogue.local import local_source
from leads.catalogue.models import CatalogueTombstone
from leads.catalogue.suppression import suppression_list
from leads.catalogue.tombstones import bury, forget_kept
from leads.filters.tree import EVERYBODY
from leads.records.creation import create_lead
from leads.records.person import Person
from leads.suppression import queries, reading
from leads.suppression.models import SuppressedContact
from leads.suppression.operations import lift_suppression, suppress_contacts
from tests import cast, market
from tests.cast import suppress
from tests.credits.books import at_once, start_and_wait
from tests.leads.catalogue.builder import build

LIST = "/admin/leads/suppressedcontact/"
SAM = Actor.system("sam")
ASKED = SuppressedContact.Reason.ASKED
SWITCHBOARD = "+12025550143"
PEOPLE = (
    Person(first_name="Grace", email="g.r.a.c.e+x@gmail.com"),
    Person(first_name="Mina", email="mina@salt.example", phone=SWITCHBOARD),
    Person(first_name="Omar", personal_email="omar@rye.example", direct_phone=SWITCHBOARD),
    Person(first_name="Petra", email="petra@blue.example"),
)


@pytest.fixture
def people(db, settings):
    """A lead database of four."""
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


def listed() -> list[SuppressedContact]:
    with system_context():
        return list(SuppressedContact.objects.order_by("id"))


def found() -> set[str]:
    with system_context():
        return {row["first_name"] for row in local_source().preview(EVERYBODY)}


def lift(contact: str) -> int:
    with system_context():
        row = SuppressedContact.objects.get(contact_hash=queries.hash_of(contact))
    return lift_suppression(contact_id=row.id, reason="asked by mistake", actor=SAM)


def test_who_is_suppressed_leaves_the_lead_database_and_comes_back_when_lifted(people):
    """By any of their addresses, however it is written; a number takes all who share it."""
    done = suppress("GRACE@googlemail.com", "", " (+1) 202 555-0143 ", "nobody@else.example")
    assert (done.added, done.known, done.people) == (3, 0, 3)
    assert found() == {"Petra"}
    again = suppress("grace+y@gmail.com", "petra@blue.example")
    assert (again.added, again.known, again.people) == (1, 1, 1)
    assert found() == set()
    assert lift("grace@gmail.com") == 1 and found() == {"Grace"}
    assert lift(SWITCHBOARD) == 2 and lift("petra@blue.example") == 1
    assert found() == {"Grace", "Mina", "Omar", "Petra"}
    with pytest.raises(SuppressedContact.DoesNotExist):
        lift("petra@blue.example")
    with pytest.raises(NotFound):
        lift_suppression(contact_id=9, reason="", actor=SAM)


def test_lifting_brings_nobody_back_who_left_for_more_than_that(people):
    """Another address on the list, or another reason to have left."""
    with system_context():
        petra = local_source().match([Person(email="petra@blue.example")])[0].id
        with atomic():
            bury([petra], reason=CatalogueTombstone.Reason.OPT_OUT)
    suppress("mina@salt.example", SWITCHBOARD, "petra@blue.example")
    assert lift("petra@blue.example") == 0
    assert lift(SWITCHBOARD) == 1 and found() == {"Grace", "Omar"}
    assert lift("mina@salt.example") == 1 and found() == {"Grace", "Mina", "Omar"}


def test_nobody_can_read_who_it_is(people):
    suppress("mina@salt.example", SWITCHBOARD)
    with system_context():
        rows = [str(row) for row in SuppressedContact.objects.values()]
        (noted,) = AuditEntry.objects.filter(resource="suppression")
    assert not any("salt" in row or "0143" in row for row in rows)
    assert noted.new == {"reason": "asked", "contacts": 2, "people": 2, "listings": 0}
    lift("mina@salt.example")
    with system_context():
        lifted = AuditEntry.objects.get(resource="suppression", action="delete")
    assert (lifted.new, lifted.old) == (
        {"because": "asked by mistake", "people": 0},
        {"kind": "email", "reason": "asked"},
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n \n", "at least one"),
        ("ann@acme.example\nno one\n\n512 555 0100", "Lines 2, 4: neither"),
        ("\n".join(f"no {n}" for n in range(9)), "1, 2, 3, 4, 5 and 4 more"),
        ("\n".join(f"a{n}@acme.example" for n in range(10_001)), "These are 10,001"),
    ],
)
def test_what_is_no_address_is_refused_with_its_line(people, text, said):
    with pytest.raises(InvalidInput) as refused:
        suppress_contacts(contacts=text, reason=ASKED, actor=SAM)
    assert said in refused.value.fields["contacts"]
    assert listed() == [] and len(found()) == 4


def test_another_key_is_an_error_and_lets_nobody_in(db, settings):
    """A list that matches nobody would be no list."""
    assert suppression_list() is None
    suppress("ann@acme.example")
    settings.SUPPRESSION_KEY = "another"
    with pytest.raises(ImproperlyConfigured, match="SUPPRESSION_KEY"):
        suppression_list()
    with pytest.raises(ImproperlyConfigured, match="SUPPRESSION_KEY"):
        suppress("bob@acme.example")
    assert len(listed()) == 1


def test_the_list_is_asked_in_portions_as_people_come(db, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(queries, "BATCH", 2)
    suppress("a2@acme.example", "+15125550100")
    drawn = []

    def people():
        for number in range(5):
            drawn.append(number)
            yield [f"a{number}@acme.example"], ["+15125550100"] * (number == 4)

    with system_context():
        judge = suppression_list()
        said = judge(people())
        assert [next(said), next(said)] == [False, False] and len(drawn) == 2
        suppress("a3@acme.example")  # meanwhile
        assert list(said) == [True, True, True]
        with django_assert_num_queries(3, using="admin"):
            list(judge(people()))
        with django_assert_num_queries(0, using="admin"):
            assert list(judge([([], []), (["no address"], [])])) == [False, False]


def test_what_the_product_asks_is_this_list(db, tmp_path, settings, capsys):
    """A lead, a load, a listing: whoever is on the list stays out."""
    forget_kept()
    acme, actor = cast.acme()
    seller, _ = market.partner()
    mine = market.listing(seller, email="ann@acme.example")
    other = market.listing(seller, phone="+15125550100")
    stays = market.listing(seller)
    done = suppress("Ann@Acme.example", "+1 512 555 0100")
    assert done.removed == {"listings": 2}
    with system_context():
        for one in (mine, other, stays):
            one.refresh_from_db()
    assert (mine.status, mine.status_reason) == ("withdrawn", "On the suppression list.")
    assert (other.status, stays.status) == ("withdrawn", "listed")
    with tenant_context(acme.id), pytest.raises(Conflict, match="not to be contacted"):
        create_lead(workspace=acme, actor=actor, values={"email": "ann@acme.example"})
    path = tmp_path / "people.csv"
    path.write_text("first_name,email\nAnn,ann@acme.example\nBob,bob@acme.example\n")
    call_command("load_catalogue", str(path))
    assert "left out 1 as suppressed" in capsys.readouterr().out
    assert found() == {"Bob"}


def test_who_is_suppressed_while_a_load_runs_does_not_come_with_it(
    db, tmp_path, capsys, monkeypatch
):
    """Merged already, in force later: looked for again then."""
    forget_kept()
    path = tmp_path / "people.csv"
    path.write_text("first_name,email\nAnn,ann@acme.example\nBob,bob@acme.example\n")
    publish = loader._Load.publish

    def late(self, *args, **options):
        assert suppress("ann@acme.example").people == 0
        return publish(self, *args, **options)

    monkeypatch.setattr(loader._Load, "publish", late)
    call_command("load_catalogue", str(path))
    assert "suppressed meanwhile: 1" in capsys.readouterr().out
    assert found() == {"Bob"}
    monkeypatch.undo()
    call_command("load_catalogue", str(path))
    assert "meanwhile" not in capsys.readouterr().out and found() == {"Bob"}


def test_two_who_add_the_same_at_once_add_it_once(people):
    results: list = []
    pair = "mina@salt.example", "new@salt.example"
    other = Thread(target=lambda: results.extend(at_once(1, lambda _: suppress(*pair))))
    with system_context(), atomic():
        suppress("mina@salt.example")
        assert start_and_wait(other)
    other.join()
    assert (results[0].added, results[0].known, len(listed())) == (1, 1, 2)


def test_staff_add_ask_and_take_off(sam, people):
    assert "Nobody is on the suppression list yet." in sam.get(LIST).content.decode()
    typed = {"contacts": "mina@salt.example\nnonsense", "reason": "complained"}
    refused = sam.post(f"{LIST}add/", typed).content.decode()
    assert "Line 2: neither" in refused and "mina@salt.example\nnonsense" in refused
    assert listed() == []
    typed["contacts"] = "mina@salt.example"
    said = sam.post(f"{LIST}add/", typed, follow=True).content.decode()
    assert "Put on the list: 1; records taken out of the lead database: 1; listings" in said
    (row,) = listed()
    assert (row.reason, row.added_by) == ("complained", "sam@cast.example")

    for term, is_there in (
        ("MINA@salt.example", True), ("mina@", False), ("petra@blue.example", False),
    ):  # fmt: skip
        html = sam.get(LIST, {"q": term}).content.decode()
        assert (f"{row.id}/decision/" in html) == is_there

    page = f"{LIST}{row.id}/decision/"
    assert "Complained" in sam.get(page).content.decode()
    assert "Say why." in sam.post(page, {"reason": ""}).content.decode()
    assert len(listed()) == 1 and found() == {"Grace", "Omar", "Petra"}
    said = sam.post(page, {"reason": "a typing error"}, follow=True).content.decode()
    assert "found again: 1." in said
    assert listed() == [] and "Mina" in found()
    assert sam.get(page).status_code == 404


def test_who_may_only_look_changes_nothing(sam, people, settings):
    suppress("mina@salt.example")
    (row,) = listed()
    viewer, bob = Client(), Client()
    helper = cast.user("Helper", is_staff=True)
    with system_context():
        helper.user_permissions.add(Permission.objects.get(codename="view_suppressedcontact"))
    viewer.force_login(helper)
    bob.force_login(cast.user("Bob"))
    assert viewer.get(LIST).status_code == 200
    for client in (viewer, bob, Client()):
        for url in (f"{LIST}add/", f"{LIST}{row.id}/decision/"):
            for answer in (client.get(url), client.post(url, {"contacts": "a@b.example"})):
                assert answer.status_code in (302, 403)
    assert sam.post(f"{LIST}{row.id}/delete/", {"post": "yes"}).status_code == 403
    assert [one.id for one in listed()] == [row.id]


@pytest.mark.parametrize(
    "values",
    [{"contact_hash": "ann@acme.example"}, {"kind": "fax"}, {"reason": "whim"}],
)
def test_the_database_itself_takes_hashes_alone(db, values):
    fields = {"contact_hash": "0" * 64, "kind": "email", "reason": "asked", "key_mark": "0"}
    with system_context(), pytest.raises(IntegrityError), atomic():
        SuppressedContact.objects.create(**(fields | values), added_by="sam")


def test_reading_knows_each_contact_once():
    contacts = reading.read_contacts("A.B@gmail.com\r\nab+c@googlemail.com\n+1 512 555 0100")
    assert contacts == [("email", "ab@gmail.com"), ("phone", "+15125550100")]
