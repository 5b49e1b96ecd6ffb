"""L-14: staff merge two people of a look, see the merges, and undo them, in Django admin."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from cursive.lib.tenancy import system_context
from leads.catalogue.models import CatalogueMerge
from leads.duplicates.catalogue import start_look
from leads.duplicates.models import CatalogueLook
from leads.duplicates.tasks import work_looks
from tests import cast
from tests.leads.catalogue.builder import build
from tests.leads.duplicates.test_catalogue_looks import (
    LETTERS,
    LOOKS,
    PEOPLE,
    SAM,
    looks,
    page,
    person,
    sam,
    small,
)
from tests.leads.duplicates.test_same_people import merge, merges

__all__ = ["sam", "small"]

MERGES = "/admin/leads/cataloguemerge/"


@pytest.fixture
def look(small) -> CatalogueLook:
    start_look(people=1_000, actor=SAM)
    work_looks()
    return looks()[-1]


def test_staff_merge_a_pair_and_undo_it(sam, look):
    """Asked before, with what it does; shown as merged, with the way back."""
    url = f"{LOOKS}{look.id}/change/"
    grace = page(sam, url).split("</section>")[0]
    assert grace.count("Merge, keep this one") == 2 and grace.count("(proposed)") == 1
    hidden, kept = re.findall(r'name="(?:hidden|kept)" value="(\d+)"', grace)[:2]
    view = {"hidden": hidden, "kept": kept, "page": "1"}
    ask = sam.get(f"{LOOKS}{look.id}/merge/", view).content.decode()
    assert "grace@gmail.com" in ask and "g.r.a.c.e+x@gmail.com" in ask
    assert f"Person {kept} stays as the record is" in ask and "undone for 30 days" in ask
    assert merges() == []
    told = sam.post(f"{LOOKS}{look.id}/merge/", view, follow=True)
    assert told.redirect_chain == [(f"{url}?page=1#pairs", 302)]
    html = told.content.decode()
    assert "They are one person now." in html and "gmail.com" not in html
    assert "1 pair, the surest first" in html and "1 pair merged since" in html
    assert merges() == [(int(hidden), int(kept), True)]
    again = sam.post(f"{LOOKS}{look.id}/merge/", view, follow=True).content.decode()
    assert "They are one person now." in again and len(merges()) == 1

    start_look(people=1_000, actor=SAM)  # which doesn't meet the hidden one
    work_looks()
    assert (looks()[-1].people, looks()[-1].of_people, looks()[-1].pairs) == (5, 5, 1)
    html = page(sam, f"{url}?merged=1")
    assert "grace@gmail.com" in html and "g.r.a.c.e+x@gmail.com" in html
    assert "jweiss" not in html and "by sam@cast.example" in html and "Not the same" not in html
    with system_context():
        made = CatalogueMerge.objects.get()
    back = {"look": look.id, "page": "1"}
    told = sam.post(f"{MERGES}{made.id}/undo/", back, follow=True)
    assert told.redirect_chain == [(f"{url}?page=1&merged=1#pairs", 302)]
    assert "They are two people again" in told.content.decode()
    assert "No pair is merged." in told.content.decode() and "grace@gmail.com" in page(sam, url)
    told = sam.post(f"{MERGES}{made.id}/undo/", back, follow=True).content.decode()
    assert "undone already" in told and merges() == [(int(hidden), int(kept), False)]


def test_the_list_of_merges(sam, look):
    assert "Nobody has merged people yet." in page(sam, MERGES)
    made = merge(2, 1)
    html = page(sam, MERGES)
    assert "2 into 1" in html and "Merged" in html
    html = page(sam, f"{MERGES}{made.id}/change/")
    assert "grace@gmail.com" in html and "/undo/" in html and "Hidden" in html
    assert "(&#x27;" not in html
    told = sam.post(f"{MERGES}{made.id}/undo/", follow=True)
    assert told.redirect_chain == [(f"{MERGES}{made.id}/change/", 302)]
    html = told.content.decode()
    assert "They are two people again" in html and f"{made.id}/undo/" not in html
    assert "Undone" in page(sam, MERGES)


def test_what_was_found_of_both_is_one_pair(sam, settings):
    """Of three records of one person, merging two leaves one pair of the three; then none."""
    three = [person("Grace", "Hopper", "Navy", email=f"g{n}@x.example") for n in range(3)]
    build(settings.CATALOGUE_DIR, [*three, *PEOPLE[4:]])
    one, two, three = 1, 2, 3
    with system_context():
        look = CatalogueLook.objects.create(
            wanted=1_000,
            state="done",
            pairs=3,
            started_by="sam",
            shown=[[a, b, 90, False, []] for a, b in ((one, two), (one, three), (two, three))],
        )
    url = f"{LOOKS}{look.id}/change/"
    merge(one, two)
    assert "1 pair, the surest first" in page(sam, url)
    assert f'aria-label="{two} and {three}"' in page(sam, url)
    merge(two, three)
    html = page(sam, url)
    assert "All pairs that were found are merged." in html and "3 pairs merged since" in html
    html = page(sam, f"{url}?merged=1")
    assert html.count("<section") == 3 and html.count("one by other merges") == 1
    assert html.count("/undo/") == 2


def test_ids_over_a_thousand_are_sent_as_they_are(sam, settings, django_assert_max_num_queries):
    """Numbers are written with commas for people, and without them where they are sent back."""
    names = [f"Family{n:04}".translate(LETTERS) for n in range(1_002)]
    build(
        settings.CATALOGUE_DIR,
        [person("Grace", name, "Navy", email=f"{name}@x.example") for name in names],
    )
    with system_context():
        look = CatalogueLook.objects.create(
            wanted=1_000,
            state="done",
            pairs=50,
            started_by="sam",
            shown=[[1_001, 1_002, 90, False, []]]
            + [[n, n + 50, 90, False, []] for n in range(1, 50)],
        )
    url = f"{LOOKS}{look.id}/"
    with django_assert_max_num_queries(30):
        html = page(sam, f"{url}change/")
    sent = set(re.findall(r'name="(?:first|second|hidden|kept)" value="([^"]*)"', html))
    assert {"1001", "1002"} <= sent and all(one.isdigit() for one in sent)
    ask = page(sam, f"{url}merge/?hidden=1001&kept=1002&page=1")
    assert 'name="hidden" value="1001"' in ask and "person 1002?" in ask


def test_odd_pairs_and_those_who_may_not_are_refused(sam, look):
    url = f"{LOOKS}{look.id}/merge/"
    for odd in (
        {},
        {"hidden": "x", "kept": "2"},
        {"hidden": "1"},
        {"hidden": "1", "kept": "9" * 20},
    ):
        assert sam.post(url, odd).status_code == 400 == sam.get(url, odd).status_code
    for same, said in ((("2", "2"), "Two people are needed."), (("2", "99"), "Nothing was merged")):
        told = sam.post(url, dict(zip(("hidden", "kept"), same, strict=True)), follow=True)
        assert said in told.content.decode()
    told = sam.get(url, {"hidden": "2", "kept": "99"}, follow=True).content.decode()
    assert "not in the lead database any more" in told and merges() == []
    made = merge(1, 2)
    assert sam.get(f"{MERGES}{made.id}/undo/").status_code == 405
    assert sam.post(f"{MERGES}{made.id}/undo/", {"look": "x"}).status_code == 400
    bob, helper = Client(), Client()
    bob.force_login(cast.user("Bob"))
    viewer = cast.user("Helper", is_staff=True)
    with system_context():
        viewer.user_permissions.add(
            *Permission.objects.filter(
                codename__in=("view_cataloguelook", "change_cataloguelook", "view_cataloguemerge")
            )
        )
    helper.force_login(viewer)
    html = page(helper, f"{LOOKS}{look.id}/change/")
    assert "Not the same" in html and "Merge, keep this one" not in html
    assert "/undo/" not in page(helper, f"{MERGES}{made.id}/change/")
    for client in (Client(), bob, helper):
        assert client.post(url, {"hidden": "3", "kept": "4"}).status_code in (302, 403, 404)
        assert client.post(f"{MERGES}{made.id}/undo/").status_code in (302, 403, 404)
    assert merges() == [(1, 2, True)]
