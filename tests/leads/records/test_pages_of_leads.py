"""L-6: a page of leads that a filter narrows, found first or along the order, and its count."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from cursive.lib.tenancy import tenant_context
from leads.filters.url import decode
from leads.records import queries
from leads.records.models import Lead
from leads.records.queries import SORTS, leads_of, page_of
from tests import cast

FEW, PAGE = 4, 2
# Some have no score, and some share theirs.
SCORES = (50, None, 80, 50, 20, None, 80, 5, 50)


@pytest.fixture
def workspace(acme, monkeypatch) -> Iterator:
    """Nine leads, five of them won; a rival with one who was won as well."""
    monkeypatch.setattr(queries, "FEW", FEW)
    rival, _ = cast.rival()
    cast.lead(rival, first_name="Stranger", status="won")
    for at, score in enumerate(SCORES):
        lead = cast.lead(acme, first_name=f"P{at}", last_name=f"L{at % 3}", status="won")
        status = "won" if at % 2 == 0 else "lost"
        with tenant_context(acme.id):
            Lead.objects.filter(id=lead.id).update(score=score, status=status)
    with tenant_context(acme.id):
        yield acme


def pages(workspace, text: str, sort: str) -> tuple[list[str], list[str], set[int]]:
    """(first names page by page to the end, the same on the way back, the counts shown)."""
    leads, order = leads_of(workspace.id, decode(text, scope="leads")), SORTS[sort].order
    there, back, counts, cursor = [], [], set(), None
    while True:
        page, count = page_of(
            leads, order=order, cap=100, narrowed=True, cursor=cursor, page_size=PAGE
        )
        there += [lead.first_name for lead in page.items]
        counts.add(count)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    while page.previous_cursor is not None:
        page, count = page_of(
            leads,
            order=order,
            cap=100,
            narrowed=True,
            cursor=page.previous_cursor,
            page_size=PAGE,
        )
        back = [lead.first_name for lead in page.items] + back
        counts.add(count)
    return there, back, counts


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(("text", "matching"), [("status.in.lost", 4), ("status.in.won", 5)])
def test_all_who_match_come_once_and_in_order(workspace, text, matching, sort):
    """Both sides of `FEW`: found first, and along the order."""
    there, back, counts = pages(workspace, text, sort)
    ordered = leads_of(workspace.id, decode(text, scope="leads"))
    whole = queries.keyset_page(ordered, order=SORTS[sort].order, page_size=100)
    assert there == [lead.first_name for lead in whole.items]
    assert len(there) == matching and counts == {matching}
    last = (matching - 1) // PAGE * PAGE  # where the last page began
    assert back == there[:last]


def test_where_few_match_the_order_is_not_walked(workspace):
    """The page asks for those who were found by their ids, and nobody found is no question."""

    def asked(text: str) -> list[str]:
        leads = leads_of(workspace.id, decode(text, scope="leads"))
        with CaptureQueriesContext(connections["default"]) as context:
            page_of(leads, order=SORTS["score"].order, cap=100, narrowed=True)
        return [query["sql"] for query in context.captured_queries]

    few, many = asked("status.in.lost"), asked("status.in.won")
    assert len(few) == len(many) == 2
    assert '"leads_lead"."id" IN (' in few[1] and '"leads_lead"."id" IN (' not in many[1]
    assert len(asked("status.in.new")) == 1


def test_counting_ends_past_the_cap(workspace):
    leads = leads_of(workspace.id, decode("score.gte.0", scope="leads"))
    for narrowed in (True, False):
        page, count = page_of(
            leads, order=SORTS["score"].order, cap=5, narrowed=narrowed, page_size=PAGE
        )
        assert (len(page.items), count) == (PAGE, 6)


def test_a_list_on_one_page_is_counted_by_looking_at_it(workspace, django_assert_num_queries):
    with django_assert_num_queries(1):
        page, count = page_of(
            leads_of(workspace.id), order=SORTS["score"].order, cap=5, narrowed=False
        )
    assert len(page.items) == count == len(SCORES)
