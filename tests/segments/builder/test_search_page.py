"""S-5: the search page: one address, page and fragment; every state says what to do next."""

import re

import pytest

from cursive.lib.tenancy import tenant_context
from leads.catalogue.source import Superseded
from leads.filters.tree import EVERYBODY
from segments.builder.queries import Turn, search
from segments.saved.models import Segment
from tests.segments.conftest import HTMX, save, sentence_of, stored, text_of

OPEN = "arranged=1&tab=t1&open=seniority&open=country"


def test_a_new_search_shows_everybody(alice, catalogue):
    """S-5: exact total, new ones, price of all, what the balance pays for, 20 masked people."""
    page = alice.get("/segments/new/")
    assert page.status_code == 200
    said = text_of(page)
    assert sentence_of(page) == "Everybody"
    assert "3,000 people match" in said
    assert "1,500 credits" in said
    assert "your 1,000 credits pay for 2,000" in said
    assert page.content.count(b'class="contact-line"') >= 20
    assert "@" in said
    for row in page.context["rows"]:
        assert "•" in (row["email"] or "•")
    assert "HX-Request" in page.headers["Vary"]


def test_page_and_fragment_share_one_address(alice, catalogue):
    """S-5: the same address gives the page and its changing regions, with the same numbers."""
    query = "/segments/new/?f=seniority.in.vp"
    page, fragment = alice.get(query), alice.get(f"{query}&{OPEN}", headers=HTMX)
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    assert b'hx-partial hx-target="#filters"' in fragment.content
    assert page.context["results"].count == fragment.context["results"].count
    assert sentence_of(page) == sentence_of(fragment) == "VPs"


def test_the_address_follows_the_form(alice, catalogue):
    """S-5: back, reload and share: the address holds the canonical filter, nothing else."""
    answer = alice.get(
        f"/segments/new/?{OPEN}&seniority.in=vp&seniority.in=director&title.contains=data&order=fresh",
        headers=HTMX,
    )
    address = answer.headers["HX-Push-Url"]
    assert address == ("/segments/new/?f=title.contains.data;seniority.in.director,vp&order=fresh")
    again = alice.get(address)
    assert sentence_of(again) == sentence_of(answer)
    assert again.context["results"].count == answer.context["results"].count
    same = alice.get(
        f"/segments/new/?{OPEN}&f=title.contains.data;seniority.in.director,vp&order=fresh",
        headers=HTMX | {"HX-Current-URL": f"http://testserver{address}"},
    )
    assert "HX-Push-Url" not in same.headers
    assert same.headers["HX-Replace-Url"] == address


def test_clearing_leads_back_to_the_plain_address(alice, catalogue):
    answer = alice.get(f"/segments/new/?f=&{OPEN}", headers=HTMX)
    assert answer.headers["HX-Push-Url"] == "/segments/new/"


def test_the_form_works_without_javascript(alice, catalogue):
    """S-5: a plain GET with the form's fields."""
    page = alice.get("/segments/new/?arranged=1&seniority.in=vp&title.contains=&country.in=US")
    assert sentence_of(page) == "VPs in the United States"


def test_open_panels_have_counts_and_closed_ones_wait(alice, catalogue):
    """S-5: counts beside each choice of what is open; the rest is asked for when it is opened."""
    answer = alice.get(f"/segments/new/?{OPEN}&department.in=sales", headers=HTMX)
    panels = {p.name: p for s in answer.context["sections"] for p in s.panels}
    assert all(option.count is not None for option in panels["seniority"].options)
    assert [option.value for option in panels["department"].options] == ["sales"]
    assert panels["industry"].options == []
    counted = sum(option.count for option in panels["seniority"].options)
    assert counted <= answer.context["results"].count.total


def test_a_facet_leaves_its_own_field_out(alice, catalogue):
    """S-5: beside a choice stands what choosing it too would bring."""
    answer = alice.get(f"/segments/new/?{OPEN}&seniority.in=vp", headers=HTMX)
    panel = next(p for s in answer.context["sections"] for p in s.panels if p.name == "seniority")
    counts = {option.value: option.count for option in panel.options}
    assert counts["manager"] > 0
    assert counts["vp"] == answer.context["results"].count.total


def test_wrong_values_are_told_where_they_are(alice, catalogue):
    """X-5: 400, the sentence at the field, no numbers, and nothing typed is lost."""
    answer = alice.get(
        f"/segments/new/?{OPEN}&company_founded.gte=2010&company_founded.lte=1990", headers=HTMX
    )
    assert answer.status_code == 400
    assert "The first is above the second." in text_of(answer)
    assert b'value="2010"' in answer.content
    assert b"tally-value" not in answer.content
    assert "HX-Push-Url" not in answer.headers


@pytest.mark.parametrize(
    "address",
    ["f=shoe.eq.1", "f=((((", "f=" + "x" * 9_000, "f=email.starts_with.a", "f=phone.eq.1"],
)
def test_a_broken_address_is_a_page_that_says_so(alice, catalogue, address):
    page = alice.get(f"/segments/new/?{address}")
    assert page.status_code == 400
    assert "This filter can't be used" in text_of(page)


def test_nested_groups_stay(alice, catalogue):
    """S-1: an edit in the sidebar keeps what the sidebar can't show."""
    nested = "any(title.contains.data;department.in.engineering)"
    page = alice.get(f"/segments/new/?f={nested}")
    assert "Either title containing “data” or working in engineering" in text_of(page)
    rest = page.context["form"].rest_text
    answer = alice.get("/segments/new/", {"f": rest, "arranged": 1, "seniority.in": "vp"})
    assert sentence_of(answer) == "VPs, either title containing “data” or working in engineering"


def test_without_a_catalogue(alice):
    page = alice.get("/segments/new/")
    assert page.status_code == 200
    assert "The lead database is empty" in text_of(page)


def test_nobody_matches_offers_the_way_out(alice, catalogue):
    """S-5: the part that, removed, brings most people back."""
    page = alice.get("/segments/new/?f=seniority.in.vp;city.in.Atlantis")
    assert "Nobody matches all of this" in text_of(page)
    assert page.context["narrowest"].text == "City: Atlantis"
    assert page.context["narrowest"].query == "?f=seniority.in.vp"


def test_search_in_a_panel(alice, catalogue):
    answer = alice.get("/segments/options/industry/?q.industry=soft&f=country.in.US", headers=HTMX)
    assert "Software" in text_of(answer)
    assert "Banking" not in text_of(answer)
    nothing = alice.get("/segments/options/industry/?q.industry=zzzz", headers=HTMX)
    assert "Nothing matches “zzzz”" in text_of(nothing)
    assert "Ontario" in text_of(alice.get("/segments/options/state/?q.state=ontar", headers=HTMX))
    # A region outside the filter can be found too: a facet has no end of values.
    region = alice.get("/segments/options/state/?q.state=on&f=country.in.US", headers=HTMX)
    assert b'value="ON"' in region.content


@pytest.mark.parametrize(
    "path",
    [
        "options/title/",
        "options/nonsense/",
        "suggestions/industry/",
        "suggestions/email/",
        "suggestions/nonsense/",
    ],
)
def test_fields_without_options_are_not_there(alice, catalogue, path):
    assert alice.get(f"/segments/{path}").status_code == 404


def test_suggestions(alice, catalogue):
    """S-5: type-ahead; the first choice is always what was typed."""
    answer = alice.get("/segments/suggestions/title/?q=engin")
    options = re.findall(rb'data-operator="(\w+)" data-value="([^"]*)"', answer.content)
    assert options[0] == (b"contains", b"engin")
    assert len(options) > 3
    assert all(operator == b"in" for operator, _ in options[1:])
    assert alice.get("/segments/suggestions/title/?q=").content.strip() == b""
    hostile = alice.get("/segments/suggestions/city/", {"q": '"><script>\x00' + "x" * 500})
    assert b"<script>" not in hostile.content


def test_what_is_typed_is_escaped(alice, catalogue):
    page = alice.get("/segments/new/", {"title.contains": "<img src=x onerror=alert(1)>"})
    assert b"<img src=x" not in page.content


def test_statements_of_the_page_are_few(alice, catalogue, django_assert_max_num_queries):
    """X-11: no statement in a loop, however much is chosen."""
    query = f"/segments/new/?{OPEN}&" + "&".join(f"title.contains=word{n}" for n in range(30))
    alice.get(query, headers=HTMX)
    with django_assert_max_num_queries(14):
        assert alice.get(query, headers=HTMX).status_code == 200
    with django_assert_max_num_queries(16):
        assert alice.get("/segments/new/").status_code == 200


def test_a_newer_search_of_a_tab_ends_the_older(funded, catalogue):
    """S-5: what nobody waits for any more isn't asked."""
    older, newer = Turn("tab"), Turn("tab")
    other = Turn("other tab")
    with pytest.raises(Superseded):
        older.ask(lambda: 1)
    assert newer.ask(lambda: 2) == 2
    assert other.ask(lambda: 3) == 3
    answers = iter([Superseded("by a question of the older one"), 4])

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert newer.ask(ask) == 4
    workspace, _ = funded
    with tenant_context(workspace.id):
        found = search(workspace.id, EVERYBODY, order="score", facets=[], client="tab")
    assert found.count.total == 3_000


def test_a_segments_page_shows_its_filter(alice, funded, catalogue):
    segment = save(*funded, "country.in.US", "Americans")
    page = alice.get(f"/segments/{segment.id}/")
    assert "Americans" in text_of(page)
    assert sentence_of(page) == "People in the United States"
    assert "Saved" in text_of(page)
    assert b'class="unsaved"' not in page.content


def test_a_change_is_shown_and_saved_by_itself(alice, funded, catalogue):
    """S-7: GET changes nothing; its answer holds the form that saves."""
    workspace, _ = funded
    segment = save(*funded, "country.in.US")
    answer = alice.get(f"/segments/{segment.id}/?{OPEN}&country.in=CA", headers=HTMX)
    assert answer.headers["HX-Push-Url"] == f"/segments/{segment.id}/?f=country.in.CA"
    assert b'hx-trigger="load delay' in answer.content
    assert stored(workspace, segment).sentence == "People in the United States"

    saved = alice.post(f"/segments/{segment.id}/filter/", {"f": "country.in.CA"}, headers=HTMX)
    assert "Saved just now" in text_of(saved)
    after = stored(workspace, segment)
    assert after.sentence == "People in Canada"
    assert after.last_count == answer.context["results"].count.total
    shown = alice.get(f"/segments/{segment.id}/?f=country.in.CA&{OPEN}", headers=HTMX)
    assert b"load delay" not in shown.content


def test_an_older_version_in_the_address_says_so(alice, funded, catalogue):
    """S-5: a shared or earlier address shows its filter, and saves nothing by itself."""
    segment = save(*funded, "country.in.US")
    page = alice.get(f"/segments/{segment.id}/?f=country.in.CA")
    assert sentence_of(page) == "People in Canada"
    assert b'class="unsaved"' in page.content
    assert b"load delay" not in page.content


def test_a_filter_that_is_no_longer_known(alice, funded, catalogue):
    """A field that the registry has lost: the page says so instead of breaking."""
    workspace, _ = funded
    segment = save(*funded, "country.in.US")
    with tenant_context(workspace.id):
        gone = {"version": 1, "all": [{"field": "gone", "op": "is_set"}]}
        Segment.objects.filter(id=segment.id).update(filter=gone)
    page = alice.get(f"/segments/{segment.id}/")
    assert page.status_code == 400
    assert "gone" in text_of(page)
