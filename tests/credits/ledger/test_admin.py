"""Staff look at the books, grant credits once per form, and prove the ledger."""

import re

import pytest
from django.test import Client

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import User
from credits.ledger.models import Account
from cursive.lib.tenancy import system_context
from tests import cast
from tests.credits.books import superuser

GRANT = "/admin/credits/account/grant/"
CHECK = "/admin/credits/account/check/"


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    return client


@pytest.fixture
def alice(books) -> Client:
    """Acme's owner, who isn't staff."""
    client = Client()
    with system_context():
        client.force_login(User.objects.get(email="alice@cast.example"))
    return client


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, html
    return found.group(1)


def filled(client: Client, books, **more: str) -> dict[str, str]:
    """What the form sends once it is filled in."""
    key = hidden(client.get(GRANT).content.decode(), "key")
    values = {"workspace": "Acme", "amount": "25.50", "reason": "A welcome gift", "key": key}
    return {**values, **more}


def test_a_grant_is_confirmed_and_happens_once(books, sam):
    """C-3: a double click, and a second try of the same form."""
    values = filled(sam, books)
    asked = sam.post(GRANT, values).content.decode()
    assert "Grant <strong>25.50 credits</strong> to <strong>Acme</strong>?" in asked
    assert "from 0.00 to 25.50" in asked
    assert books.entries() == []
    confirmed = {name: hidden(asked, name) for name in (*values, "confirmed")}
    for _ in range(2):
        response = sam.post(GRANT, confirmed)
        assert response.status_code == 302
        assert response["Location"].endswith(f"?workspace={books.workspace.id}")
    (entry,) = books.entries()
    assert (str(entry.amount), entry.kind, entry.action) == ("25.50", "grant", "grant")
    assert entry.actor_label == "sam@cast.example" and entry.reference_kind == "user"
    assert entry.metadata == {"reason": "A welcome gift", "staff": True}
    with system_context():
        (noted,) = AuditEntry.objects.filter(resource="credits")
    assert noted.action == "grant" and noted.workspace_id == books.workspace.id
    assert noted.new["reason"] == "A welcome gift" and noted.user_id is not None


def test_the_workspace_reads_the_reason_but_not_the_name(books, sam, alice):
    sam.post(GRANT, filled(sam, books, confirmed="on"))
    html = alice.get("/credits/").content.decode()
    assert "A welcome gift" in html and "sam@cast.example" not in html


def test_a_form_sent_again_with_another_amount_is_refused(books, sam):
    values = filled(sam, books, confirmed="on")
    sam.post(GRANT, values)
    response = sam.post(GRANT, {**values, "amount": "99"})
    assert "used for something else" in response.content.decode()
    assert len(books.entries()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"},
        {"amount": "-5"},
        {"amount": "1.001"},
        {"amount": "NaN"},
        {"amount": "1000001"},
        {"amount": ""},
        {"reason": ""},
        {"reason": "x" * 201},
        {"workspace": "Nobody's"},
        {"workspace": "00000000-0000-7000-8000-000000000000"},
        {"workspace": "Acme\x00"},
        {"key": "x"},
    ],
)
def test_wrong_fields_grant_nothing(books, sam, wrong):
    response = sam.post(GRANT, filled(sam, books, confirmed="on", **wrong))
    assert response.status_code == 200
    assert books.entries() == []


def test_a_name_that_several_have_is_asked_again(books, sam):
    other = cast.workspace("acme", owner=cast.user("Dora"))
    html = sam.post(GRANT, filled(sam, books, confirmed="on")).content.decode()
    assert "Several have this name" in html and str(other.id) in html
    by_id = filled(sam, books, confirmed="on", workspace=str(books.workspace.id))
    assert sam.post(GRANT, by_id).status_code == 302
    assert len(books.entries()) == 1


def test_customers_and_staff_without_the_right_grant_nothing(books, sam, alice, settings):
    values = filled(sam, books, confirmed="on")
    assert alice.post(GRANT, values).status_code == 302  # to staff's sign-in
    helper = Client()
    helper.force_login(cast.user("Helper", is_staff=True))
    for path in (GRANT, CHECK):
        assert helper.post(path, values).status_code == 403
    assert books.entries() == []


def test_the_button_proves_the_ledger(books, sam):
    """C-7."""
    books.grant(10)
    assert "Check now" in sam.get(CHECK).content.decode()
    assert "no difference" in sam.post(CHECK).content.decode()
    with superuser() as connection:
        connection.execute("UPDATE credits_account SET balance = 11")
    html = sam.post(CHECK).content.decode()
    assert "1 difference." in html and str(books.workspace.id) in html and "11.00" in html
    assert books.state() == (11, 0)


def test_the_books_are_for_looking_only(books, sam):
    books.grant(10)
    entry = books.spend(1)
    held = books.hold(2)
    with system_context():
        account = Account.objects.get()
    lists = {"account": account.id, "entry": entry.id, "hold": held.id}
    for name, row in lists.items():
        html = sam.get(f"/admin/credits/{name}/").content.decode()
        assert "Acme" in html
        assert sam.get(f"/admin/credits/{name}/add/").status_code == 403
        assert sam.get(f"/admin/credits/{name}/{row}/change/").status_code == 200
        assert sam.post(f"/admin/credits/{name}/{row}/change/", {"amount": 5}).status_code == 403
        assert sam.post(f"/admin/credits/{name}/{row}/delete/", {"post": "yes"}).status_code == 403
        chosen = sam.get(f"/admin/credits/{name}/?workspace={books.workspace.id}")
        assert "Acme" in chosen.content.decode()
        none = sam.get(f"/admin/credits/{name}/?workspace={held.id}").content.decode()
        assert "Acme" not in none
    assert books.state() == (7, 2)
