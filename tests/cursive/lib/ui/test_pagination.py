"""Pages of lists: numbered (X-4) and by cursor, and what can't be a page (X-5)."""

import datetime
from decimal import Decimal

import pytest
from django.core import signing
from django.utils import timezone

from cursive.lib.errors import InvalidInput
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context
from cursive.lib.ui import pagination
from cursive.lib.ui.pagination import NumberedPage, keyset_page, numbered_page, parse_page
from tests import cast

ORDER = ("-created_at", "-id")


def test_page_and_size_have_defaults_and_a_ceiling():
    """X-4: 50 by default, at most 200."""
    assert (parse_page({}).page, parse_page({}).page_size) == (1, 50)
    assert parse_page({"page": "3", "pageSize": "1000"}).page_size == 200
    assert parse_page({"page": "3", "pageSize": "20"}).offset == 40


@pytest.mark.parametrize("name", ["page", "pageSize"])
@pytest.mark.parametrize(
    "raw",
    [
        "0",
        "-1",
        "1.5",
        "x",
        "1e9",
        "\N{FULLWIDTH DIGIT NINE}",
        " 1",
        "9" * 10,
        "9" * 5000,
        "\0",
        "1\n2",
    ],
)
def test_a_page_that_is_no_page_is_refused_by_name(name, raw):
    """X-5"""
    with pytest.raises(InvalidInput) as refusal:
        parse_page({name: raw})
    assert list(refusal.value.fields) == [name]


def test_a_page_past_every_list_is_refused():
    """X-5: an offset that no database takes."""
    with pytest.raises(InvalidInput):
        parse_page({"page": "100001"})


def test_a_numbered_page_knows_where_it_stands():
    page = numbered_page(list(range(95)), {"page": "2", "pageSize": "40"})
    assert page.items == list(range(40, 80))
    assert (page.first, page.last, page.total, page.pages) == (41, 80, 95, 3)
    assert page.has_previous and page.has_next
    assert page.answer([1])["total"] == 95
    beyond = numbered_page(list(range(95)), {"page": "9"})
    assert (beyond.items, beyond.first, beyond.last, beyond.has_next) == ([], 0, 0, False)


@pytest.mark.parametrize(
    ("page", "pages", "shown"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (5, 20, [1, None, 4, 5, 6, None, 20]),
        (3, 20, [1, 2, 3, 4, None, 20]),
        (4, 20, [1, 2, 3, 4, 5, None, 20]),
    ],
)
def test_page_numbers_leave_out_only_what_saves_room(page, pages, shown):
    assert NumberedPage([0], page, 10, pages * 10).numbers() == shown


@pytest.fixture
def workspace(db):
    made, _ = cast.acme()
    with tenant_context(made.id):
        yield made


def make_jobs(workspace, count, **fields):
    # Three share each moment, so that the second column has to decide.
    start = timezone.now() - datetime.timedelta(days=1)
    return [
        Job.objects.create(
            workspace=workspace,
            kind="test",
            title=f"{n}",
            created_at=start + datetime.timedelta(seconds=n // 3),
            **fields,
        )
        for n in range(count)
    ]


def walk(queryset, order, size, direction="next"):
    """All rows page by page, and the cursor to the last page."""
    pages, cursor = [], None
    while True:
        page = keyset_page(queryset, order=order, cursor=cursor, page_size=size)
        pages.append(page)
        if not page.has_next:
            return pages
        cursor = page.next_cursor


@pytest.mark.parametrize("order", [ORDER, ("created_at", "id"), ("-created_at", "id")])
def test_cursors_meet_every_row_once_in_both_directions(workspace, order):
    make_jobs(workspace, 11)
    whole = list(Job.objects.order_by(*order))
    pages = walk(Job.objects.all(), order, 4)
    assert [row for page in pages for row in page.items] == whole
    assert pages[0].previous_cursor is None
    back = keyset_page(
        Job.objects.all(), order=order, cursor=pages[-1].previous_cursor, page_size=4
    )
    assert back.items == pages[-2].items
    first = keyset_page(Job.objects.all(), order=order, cursor=back.previous_cursor, page_size=4)
    assert first.items == pages[0].items
    assert first.previous_cursor is None


def test_cursors_pass_over_rows_without_a_value(workspace):
    jobs = make_jobs(workspace, 7)
    for job in jobs[:4]:
        Job.objects.filter(id=job.id).update(started_at=job.created_at)
    order = ("-started_at", "id")
    pages = walk(Job.objects.all(), order, 3)
    titles = [row.title for page in pages for row in page.items]
    assert titles == ["3", "0", "1", "2", "4", "5", "6"]
    back = keyset_page(
        Job.objects.all(), order=order, cursor=pages[-1].previous_cursor, page_size=3
    )
    assert back.items == pages[1].items


def test_rows_added_in_front_shift_nothing(workspace):
    make_jobs(workspace, 6)
    first = keyset_page(Job.objects.all(), order=ORDER, page_size=3)
    Job.objects.create(workspace=workspace, kind="test", title="new")
    second = keyset_page(Job.objects.all(), order=ORDER, cursor=first.next_cursor, page_size=3)
    assert [job.title for job in second.items] == ["2", "1", "0"]


def test_a_cursor_is_opaque_and_signed(workspace):
    make_jobs(workspace, 5)
    cursor = keyset_page(Job.objects.all(), order=ORDER, page_size=2).next_cursor
    for place in range(len(cursor)):
        bad = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(InvalidInput) as refusal:
            keyset_page(Job.objects.all(), order=ORDER, cursor=bad, page_size=2)
        assert refusal.value.status == 400
        assert "cursor" in refusal.value.fields


@pytest.mark.parametrize("cursor", ["x", "\0", ":", "a:b:c", "é" * 40, "A" * 5000, "\ud800", "=="])
def test_garbage_is_refused_before_it_is_looked_at(cursor):
    """X-5"""
    with pytest.raises(InvalidInput):
        keyset_page(Job.objects.none(), order=ORDER, cursor=cursor)


@pytest.mark.parametrize(
    "wire",
    [
        [["-created_at"], False, [["t", "2026-01-01"]]],
        [list(ORDER), False, [["t", "not a time"], 1]],
        [list(ORDER), False, [["?", 1], 1]],
        [list(ORDER), False, [1]],
        {"a": 1},
        7,
    ],
)
def test_a_cursor_of_another_list_is_refused(wire):
    """Signed by us, yet made for another order or an older form of it."""
    cursor = signing.dumps(wire, salt=pagination.SALT)
    with pytest.raises(InvalidInput):
        keyset_page(Job.objects.none(), order=ORDER, cursor=cursor)


def test_values_come_back_as_they_went_in():
    now = timezone.now()
    row = {"a": now, "b": Decimal("1.50"), "c": now.date(), "d": None, "e": "x", "f": True}
    order = tuple(row)
    cursor = pagination.write_cursor(row, list(order), order, False)
    assert pagination.read_cursor(cursor, order) == (False, list(row.values()))
