"""M-2: the mirror of the market in each process: nothing is missed, nothing is half."""

import os
import threading

import pytest
from django.db import connections

from cursive.lib.errors import Unavailable
from cursive.lib.tenancy import atomic, system_context
from leads.filters.tree import EVERYBODY
from marketplace.listings import following
from marketplace.listings import search as searching
from marketplace.listings.mirror import market
from marketplace.listings.models import Listing
from marketplace.listings.operations import mark_sold, reprice_listings
from marketplace.listings.search import read_market, search
from tests import market as stall
from tests.marketplace.listings.conftest import NOBODY, found


class Ended(Exception):
    """The end of a transaction that is to be undone."""


def test_ones_own_transaction_is_not_taken_for_done(seller):
    """What is undone later must not have been seen by others."""
    made = stall.listing(seller)
    assert found() == [made.id]
    with system_context():
        with pytest.raises(Ended), atomic():
            mark_sold(listing_ids=[made.id])
            assert found() == [made.id]
            raise Ended
        assert found() == [made.id]
        with atomic():
            mark_sold(listing_ids=[made.id])
            found()
        assert found() == []


def test_a_long_transaction_hides_nothing_and_repeats_nothing(seller):
    """Whoever began first and commits last is seen; what lies between is read once."""
    early, late = stall.listings(seller, [stall.person(), stall.person()], quality=10)
    begun, go = threading.Event(), threading.Event()

    def long_one() -> None:
        with system_context(), atomic():
            Listing.objects.filter(id=early.id).update(quality=90)
            begun.set()
            go.wait(10)
        connections["admin"].close()

    thread = threading.Thread(target=long_one)
    thread.start()
    begun.wait(10)
    assert found("quality_score.gte.80") == []
    with system_context():
        Listing.objects.filter(id=late.id).update(quality=95)
    assert found("quality_score.gte.80") == [late.id]
    before = market().follow().version
    for _ in range(3):
        assert found("quality_score.gte.80") == [late.id]
    assert market().follow().version == before
    go.set()
    thread.join()
    assert found("quality_score.gte.80") == [late.id, early.id]


def test_numbers_from_another_cluster_are_not_read_again_and_again(seller):
    """A restored database keeps numbers that its own clock hasn't reached."""
    made = stall.listing(seller)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE marketplace_listing DISABLE TRIGGER note_change")
        cursor.execute("UPDATE marketplace_listing SET changed = 9000000000000")
        cursor.execute("ALTER TABLE marketplace_listing ENABLE TRIGGER note_change")
    assert found() == [made.id]
    version = market().follow().version
    other = stall.listing(seller)
    assert sorted(found()) == sorted([made.id, other.id])
    assert market().follow().version == version + 1


def test_many_changes_are_tidied_up(seller, monkeypatch):
    """What was replaced a thousand times takes the room of one."""
    made = stall.listing(seller)
    found()
    mirror = market()
    mirror._left = 1_000_000
    with system_context(), atomic():
        reprice_listings(seller_id=seller.id, listing_ids=[made.id], price_cents=70)
    assert found("price_cents.eq.70") == [made.id]
    assert mirror._left == 0


def test_what_vanished_behind_the_triggers_is_read_anew(seller):
    made = stall.listing(seller)
    assert found() == [made.id]
    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE marketplace_listing CASCADE")
    searching.forget_market()
    assert found() == []


def test_threads_share_one_mirror(seller):
    """Many at once while listings are sold: everybody sees a market that was there."""
    made = stall.listings(seller, [stall.person() for _ in range(12)])
    wrong: list[object] = []

    def look() -> None:
        try:
            for _ in range(10):
                answer = search(EVERYBODY, buyer_id=NOBODY, facets=["country"], page_size=50)
                if not 0 <= answer.total <= 12:
                    wrong.append(answer.total)
        except Exception as error:
            wrong.append(error)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for listing in made:
        with system_context():
            mark_sold(listing_ids=[listing.id])
    for thread in threads:
        thread.join()
    assert wrong == []
    assert found() == []


def test_a_forked_child_reads_its_own(seller):
    """Connections don't survive a fork; the parent's is left alone."""
    made = stall.listing(seller)
    assert found() == [made.id]
    mirror = market()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        os.write(writing, b"1" if mirror._database is None and market() is not mirror else b"0")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 1) == b"1"
    assert found() == [made.id]
    os.close(reading)
    os.close(writing)


def test_odd_texts_travel_whole(seller):
    """Quotes, commas, line breaks and the like reach the mirror as they are."""
    odd = 'a "b", c\nd; \\e\t\u00e9 \x7f'
    made = stall.listing(seller, title="plain")
    with system_context():
        Listing.objects.filter(id=made.id).update(title=odd)
    stall.listing(seller, title="other")
    assert found('title.contains.a "b"~, c') == [made.id]
    assert found("title.contains.\\e") == [made.id]


def test_what_breaks_the_mirror_is_said_and_mended(seller, monkeypatch):
    """X-5: no half of a market; the next search reads all of it."""
    made = stall.listing(seller)
    monkeypatch.setattr(following, "everything_on_sale", lambda: [b"no,listing\n"])
    with pytest.raises(Unavailable):
        found()
    monkeypatch.undo()
    assert found() == [made.id]


def test_pieces_are_whole_rows_of_a_bounded_size():
    rows = [b"%d,xxxxxxxx\n" % n for n in range(25)]
    pieces = list(following.in_pieces(iter(rows), 50))
    assert b"".join(pieces) == b"".join(rows)
    assert all(piece.endswith(b"\n") and len(piece) <= 50 + 12 for piece in pieces)
    assert len(pieces) > 3


def test_what_is_read_beforehand_is_not_read_again(seller, monkeypatch):
    """M-2: the first search of a process doesn't wait, and is as exact as any."""
    first, second = stall.listings(seller, [stall.person(), stall.person()])
    read_market()
    monkeypatch.setattr(market(), "_load", lambda: pytest.fail("read twice"))
    with system_context():
        mark_sold(listing_ids=[first.id])
    assert found() == [second.id]
