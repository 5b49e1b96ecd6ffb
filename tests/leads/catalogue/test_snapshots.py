"""Versions: published, kept, switched and read by many at once (L-4)."""

import multiprocessing
import os
import threading

import pytest

from cursive.lib.errors import NotFound
from leads.catalogue.local import LocalSource
from leads.catalogue.snapshots import Snapshots
from leads.filters.tree import EVERYBODY
from leads.records.person import Person
from tests.leads.catalogue.builder import build


def crowd(size):
    return [Person(email=f"p{n}@acme.example", email_type="work") for n in range(size)]


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Two finished versions: 1 has 10 people, 2 has 20; 2 is in force."""
    directory = tmp_path_factory.mktemp("versions")
    build(directory, crowd(10), number=1)
    return build(directory, crowd(20), number=2)


def test_the_last_three_are_kept(tmp_path):
    """L-4: a fourth version drops the first, from disk too."""
    for number in range(1, 5):
        build(tmp_path, crowd(number), number=number)
    snapshots = Snapshots(tmp_path)
    assert snapshots.numbers() == [2, 3, 4]
    shown = snapshots.versions()
    assert [(v.number, v.rows, v.current) for v in shown] == [
        (4, 4, True),
        (3, 3, False),
        (2, 2, False),
    ]
    assert all(v.size > 0 and v.sources == ["test"] for v in shown)


def test_switching_back_is_seen_by_open_readers(versions):
    """L-4: an older version is in force for the next question, without reopening anything."""
    source, snapshots = LocalSource(versions), Snapshots(versions)
    snapshots.switch_to(2)
    assert (source.version(), source.count(EVERYBODY).total) == ("2", 20)
    snapshots.switch_to(1)
    assert (source.version(), source.count(EVERYBODY).total) == ("1", 10)
    with pytest.raises(NotFound):
        snapshots.switch_to(3)
    assert source.version() == "1"


def test_searches_go_on_while_versions_change(versions):
    """L-4: readers see one version or the other at every moment, and never an error."""
    snapshots = Snapshots(versions)
    source = LocalSource(versions)
    answers, errors, stop = set(), [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                rows = source.take(EVERYBODY, limit=50)
                answers.add((rows.version, len(rows.records)))
            except Exception as error:
                errors.append(error)
                return

    readers = [threading.Thread(target=ask) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(30):
        snapshots.switch_to(1 + turn % 2)
    stop.set()
    for reader in readers:
        reader.join()
    assert not errors
    assert answers <= {("1", 10), ("2", 20)} and answers


def test_a_version_may_go_while_it_is_read(tmp_path):
    """A reader that holds a version goes on reading it after its file is unlinked."""
    build(tmp_path, crowd(5))
    source = LocalSource(tmp_path)
    assert source.count(EVERYBODY).total == 5
    Snapshots(tmp_path).path(1).unlink()
    assert len(source.preview(EVERYBODY, limit=9)) == 5


def _ask_in_child(source, answers):
    answers.put((os.getpid(), len(source.preview(EVERYBODY, limit=50)), source.version()))


def test_children_open_their_own(versions):
    """A process that forked after opening the catalogue asks through a connection of its own."""
    Snapshots(versions).switch_to(2)
    source = LocalSource(versions)
    assert len(source.preview(EVERYBODY, limit=50)) == 20
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    children = [context.Process(target=_ask_in_child, args=(source, answers)) for _ in range(3)]
    for child in children:
        child.start()
    found = [answers.get(timeout=20) for _ in children]
    for child in children:
        child.join(20)
        assert child.exitcode == 0
    assert {pid for pid, _, _ in found} == {child.pid for child in children}
    assert [(people, version) for _, people, version in found] == [(20, "2")] * 3
    assert len(source.preview(EVERYBODY, limit=50)) == 20
