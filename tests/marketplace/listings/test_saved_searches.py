"""M-2: presets of one's own: save, use, share, rename, delete, undo."""

from datetime import timedelta

from django.utils import timezone

from accounts.audit.models import AuditEntry
from cursive.lib.tenancy import system_context, tenant_context
from marketplace.listings.models import SavedSearch
from marketplace.listings.tasks import purge_deleted
from tests import cast, market
from tests.marketplace.listings.conftest import HTMX, member

CHEAP = {"name": "Cheap", "f": "price_cents.lte.50", "sort": "price"}


def stored(acme) -> list[SavedSearch]:
    with tenant_context(acme.id):
        return list(SavedSearch.objects.all())


def test_save_and_use(acme, alice, seller):
    made = market.listing(seller, price_cents=40)
    market.listing(seller, price_cents=60)
    query = "?f=price_cents.lte.50&sort=price"
    dialog = alice.get(f"/marketplace/searches/new/{query}", headers=HTMX).content.decode()
    assert 'value="price_cents.lte.50"' in dialog and "price at most $0.50" in dialog.lower()
    answer = alice.post("/marketplace/searches/new/", CHEAP)
    assert answer["Location"] == f"/marketplace/{query}"
    (link,) = alice.get("/marketplace/").context["saved"]
    page = alice.get(f"/marketplace/{link['query']}")
    assert [row.listing.id for row in page.context["rows"]] == [made.id]
    assert page.context["saved"][0]["is_current"]
    with system_context():
        (entry,) = AuditEntry.objects.filter(resource="saved_search")
    assert entry.action == "create" and entry.new["name"] == "Cheap"


def test_others_see_what_is_shared_and_leave_it_alone(acme, alice):
    bob = member(acme)
    alice.post("/marketplace/searches/new/", CHEAP)
    (mine,) = stored(acme)
    assert bob.get(f"/marketplace/searches/{mine.id}/").status_code == 404
    alice.post(f"/marketplace/searches/{mine.id}/", {"name": "Cheaper", "is_shared": "on"})
    (link,) = bob.get("/marketplace/").context["saved"]
    assert link["filter"].name == "Cheaper" and not link["may_change"]
    assert bob.post(f"/marketplace/searches/{mine.id}/deletion/").status_code == 403
    assert [(one.name, one.deleted_at) for one in stored(acme)] == [("Cheaper", None)]


def test_deleting_can_be_undone_and_ends_in_a_month(acme, alice):
    alice.post("/marketplace/searches/new/", CHEAP)
    (mine,) = stored(acme)
    dialog = alice.get(f"/marketplace/searches/{mine.id}/", headers=HTMX).content.decode()
    assert f"/marketplace/searches/{mine.id}/deletion/" in dialog
    answer = alice.post(f"/marketplace/searches/{mine.id}/deletion/")
    page = alice.get(answer["Location"])
    assert page.context["deleted_filter"].id == mine.id and page.context["saved"] == []
    alice.post(f"/marketplace/searches/{mine.id}/restore/")
    assert stored(acme)[0].deleted_at is None
    alice.post(f"/marketplace/searches/{mine.id}/deletion/")
    assert purge_deleted() == 0
    with system_context():
        SavedSearch.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    assert purge_deleted() == 1


def test_what_cant_be_saved_changes_nothing(acme, alice):
    alice.post("/marketplace/searches/new/", CHEAP)
    for wrong in (
        {"name": " "},
        {"name": "cheap"},
        {"name": "Other", "f": "email.contains.x"},
        {"name": "Other", "f": "price_cents.lte.900"},
        {"name": "Other", "sort": "seller"},
    ):
        answer = alice.post("/marketplace/searches/new/", CHEAP | wrong)
        assert answer.status_code == 400, wrong
    assert [one.name for one in stored(acme)] == ["Cheap"]
    assert alice.get("/marketplace/searches/new/?f=email.contains.x").status_code == 400


def test_lead_filters_and_saved_searches_are_apart(acme, alice):
    """Neither list shows the other's."""
    alice.post("/marketplace/searches/new/", CHEAP)
    cast.lead(acme)
    assert alice.get("/leads/").context["saved"] == []
