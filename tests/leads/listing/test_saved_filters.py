"""L-6: filters kept under a name: save, use, rename, share, delete, undo."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.workspaces.models import Role
from cursive.lib.tenancy import tenant_context
from leads.listing.models import SavedFilter
from leads.listing.operations import purge_saved_filters
from tests import cast
from tests.leads.conftest import member

HTMX = {"HX-Request": "true"}
WON = {"name": "Won ones", "f": "status.in.won", "sort": "name"}


def stored(acme) -> list[SavedFilter]:
    with tenant_context(acme.id):
        return list(SavedFilter.objects.order_by("created_at"))


def save(client, **changes) -> None:
    answer = client.post("/leads/filters/new/", WON | changes)
    assert answer.status_code == 302, answer.content.decode()


def offered(client, query: str = "") -> list[str]:
    return [one["filter"].name for one in client.get(f"/leads/{query}").context["saved"]]


def test_save_and_use(acme, alice):
    cast.lead(acme, first_name="Grace", status="won")
    cast.lead(acme, first_name="Ada")
    dialog = alice.get("/leads/filters/new/?f=status.in.won&sort=name", headers=HTMX)
    assert b'value="status.in.won"' in dialog.content and b"status won" in dialog.content.lower()
    answer = alice.post("/leads/filters/new/", WON)
    assert answer["Location"] == "/leads/?f=status.in.won&sort=name"
    (saved,) = alice.get("/leads/").context["saved"]
    page = alice.get(f"/leads/{saved['query']}")
    assert [row.lead.first_name for row in page.context["rows"]] == ["Grace"]
    assert page.context["form"].sort == "name"
    assert page.context["saved"][0]["is_current"]


def test_others_see_what_is_shared(acme, alice):
    bob = member(acme)
    save(alice)
    assert offered(bob) == []
    (mine,) = stored(acme)
    assert bob.get(f"/leads/filters/{mine.id}/").status_code == 404
    alice.post(f"/leads/filters/{mine.id}/", {"name": "Won ones", "is_shared": "on"})
    assert offered(bob) == ["Won ones"]
    assert not bob.get("/leads/").context["saved"][0]["may_change"]


def test_members_cannot_change_what_others_share(acme, alice):
    bob, ada = member(acme), member(acme, "Ada", Role.ADMIN)
    save(alice, is_shared="on")
    (mine,) = stored(acme)
    for path, data in (("", {"name": "Mine now"}), ("deletion/", {})):
        assert bob.post(f"/leads/filters/{mine.id}/{path}", data).status_code == 403
    assert [(one.name, one.deleted_at) for one in stored(acme)] == [("Won ones", None)]
    answer = ada.post(f"/leads/filters/{mine.id}/", {"name": "Won", "is_shared": "on"})
    assert answer.status_code == 302
    assert stored(acme)[0].name == "Won"


def test_deleting_can_be_undone(acme, alice):
    """A-19."""
    save(alice)
    (mine,) = stored(acme)
    answer = alice.post(f"/leads/filters/{mine.id}/deletion/")
    page = alice.get(answer["Location"])
    assert "Undo" in page.content.decode() and offered(alice) == []
    assert alice.get(f"/leads/filters/{mine.id}/").status_code == 404
    answer = alice.post(f"/leads/filters/{mine.id}/restore/")
    assert answer["Location"].startswith("/leads/?f=status.in.won")
    assert offered(alice) == ["Won ones"]


def test_undoing_when_the_name_is_used_again(acme, alice):
    save(alice)
    (first,) = stored(acme)
    alice.post(f"/leads/filters/{first.id}/deletion/")
    save(alice, name="WON ones")
    assert alice.post(f"/leads/filters/{first.id}/restore/").status_code == 409
    assert [one.deleted_at is None for one in stored(acme)] == [False, True]


def test_after_30_days_it_is_gone(acme, alice):
    save(alice)
    save(alice, name="Kept")
    (old, _) = stored(acme)
    with tenant_context(acme.id):
        past = timezone.now() - timedelta(days=31)
        SavedFilter.objects.filter(id=old.id).update(deleted_at=past)
    assert alice.post(f"/leads/filters/{old.id}/restore/").status_code == 404
    assert purge_saved_filters() == 1
    assert [one.name for one in stored(acme)] == ["Kept"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"name": "turned \u202e round"},
        {"name": "bell \x07"},
        {"f": "nofield.in.x"},
        {"sort": "best"},
        {"name": "Taken"},
    ],
)
def test_what_is_refused_keeps_what_was_typed(acme, alice, changes):
    save(alice, name="taken")
    answer = alice.post("/leads/filters/new/", WON | changes, headers=HTMX)
    assert answer.status_code == 400
    assert "form" in answer.content.decode() and len(stored(acme)) == 1
    if changes.get("name") == "Taken":
        assert b'value="Taken"' in answer.content and b"already" in answer.content


def test_another_workspace_knows_nothing_of_it(acme, alice):
    save(alice, is_shared="on")
    (mine,) = stored(acme)
    carol = member(cast.rival()[0], "Dora")
    assert offered(carol) == []
    for path in ("", "deletion/", "restore/"):
        assert carol.post(f"/leads/filters/{mine.id}/{path}", {"name": "x"}).status_code == 404
    assert stored(acme)[0].name == "Won ones"
