"""L-14: what a look found, page by page, and what staff say of the pairs."""

from django.contrib.auth.models import Permission
from django.test import Client

from accounts.audit.models import AuditEntry
from cursive.lib.tenancy import system_context
from leads.duplicates.catalogue import start_look
from leads.duplicates.models import CatalogueLook, PeopleApart
from leads.duplicates.tasks import work_looks
from tests import cast
from tests.leads.catalogue.builder import build
from tests.leads.duplicates.test_catalogue_looks import (
    LETTERS,
    LOOKS,
    SAM,
    looks,
    page,
    person,
    sam,
    small,
)

__all__ = ["sam", "small"]


def test_not_the_same_is_remembered_by_this_look_and_the_next(sam, small):
    """L-14: by the ids alone, each said once, audited, and taken back."""
    start_look(people=1_000, actor=SAM)
    work_looks()
    (look,) = looks()
    first, second = next(one[:2] for one in look.shown if one[3])
    url = f"{LOOKS}{look.id}/change/"
    post = {"first": second, "second": first, "page": "1"}
    for _ in range(2):
        told = sam.post(f"{LOOKS}{look.id}/apart/", post, follow=True)
        assert told.redirect_chain == [(f"{url}?page=1#pairs", 302)]
        html = told.content.decode()
        assert "Remembered as two people." in html and "gmail.com" not in html
        assert "1 pair, the surest first" in html and "1 pair told apart since" in html
    html = page(sam, f"{url}?apart=1")
    assert "grace@gmail.com" in html and "jweiss" not in html and "Perhaps the same" in html
    start_look(people=1_000, actor=SAM)
    work_looks()
    again = looks()[-1]
    assert (again.pairs, again.groups) == (1, 1)
    assert first not in {number for one in again.shown for number in one[:2]}
    told = sam.post(f"{LOOKS}{look.id}/apart/", post | {"back": "1"}, follow=True)
    assert "The pair is shown again." in told.content.decode()
    assert "grace@gmail.com" in page(sam, url)
    with system_context():
        noted = AuditEntry.objects.filter(resource="catalogue_pair").order_by("id")
        assert list(noted.values_list("action", flat=True)) == ["dismiss", "reopen"]


def test_odd_pairs_and_those_who_may_not_are_refused(sam, small):
    start_look(people=1_000, actor=SAM)
    work_looks()
    (look,) = looks()
    url = f"{LOOKS}{look.id}/apart/"
    for odd in ({}, {"first": "x", "second": "2"}, {"first": "1"}, {"first": "-1", "second": "2"}):
        assert sam.post(url, odd).status_code == 400
    told = sam.post(url, {"first": "2", "second": "2"}, follow=True)
    assert "Two people are needed." in told.content.decode()
    assert sam.get(url).status_code == 405
    bob, helper = Client(), Client()
    bob.force_login(cast.user("Bob"))
    viewer = cast.user("Helper", is_staff=True)
    with system_context():
        viewer.user_permissions.add(Permission.objects.get(codename="view_cataloguelook"))
    helper.force_login(viewer)
    assert "Not the same" not in page(helper, f"{LOOKS}{look.id}/change/")
    for client in (Client(), bob, helper):
        assert client.post(url, {"first": "1", "second": "2"}).status_code in (302, 403, 404)
    with system_context():
        assert not PeopleApart.objects.exists()


def test_pairs_page_by_page(sam, settings):
    """50 a page, so that it isn't as long as a street; a page that there isn't is the last."""
    crowd = [
        person(
            first,
            f"Family{number:02}".translate(LETTERS),
            "Blue Anvil",
            email=f"{number}@x.example",
        )
        for number in range(60)
        for first in ("Grace", "Gracie")
    ]
    build(settings.CATALOGUE_DIR, crowd)
    with system_context():
        look = CatalogueLook.objects.create(
            wanted=1_000,
            state="done",
            pairs=60,
            started_by="sam",
            shown=[[2 * n + 1, 2 * n + 2, 90, False, []] for n in range(60)],
        )
    url = f"{LOOKS}{look.id}/change/"
    first, second = page(sam, url), page(sam, f"{url}?page=2")
    assert (first.count("<section"), second.count("<section")) == (50, 10)
    assert (
        "Page 1 of 2" in first
        and 'href="?page=2#pairs"' in first
        and 'href="?page=1#pairs"' in second
    )
    assert "60 pairs, the surest first" in first
    for odd in ("3", "-1", "x"):
        assert page(sam, f"{url}?page={odd}").count("<section") in (10, 50)


def test_an_empty_list_offers_only_what_there_is(sam):
    html = page(sam, LOOKS)
    assert "Nobody has looked for duplicates yet." in html
    assert "Create a new item" not in html and "reset your filters" not in html
    assert "There is nothing here yet." in page(sam, "/admin/credits/stripecustomer/")
    html = page(sam, "/admin/credits/stripecustomer/?q=7")
    assert "Nothing matches" in html and "Show everything" in html
