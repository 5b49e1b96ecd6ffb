"""Ringing for workers keeps no request waiting, whatever the broker does (design.md, Long work)."""

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from cursive.lib.jobs.bell import ring_bell
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import enqueue_job
from cursive.lib.tenancy import tenant_context
from tests import cast

BOUND = 1.0  # seconds


class Line:
    """A socket before the broker: passes all on, or, while `hangs`, accepts and says nothing."""

    def __init__(self, hangs: bool = False) -> None:
        self.hangs = hangs
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        broker = urlsplit(settings.REDIS_URL)
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection((broker.hostname, broker.port))
            self._open += [near, far]
            threading.Thread(target=self._pass_on, args=(near, far), daemon=True).start()

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        try:
            while True:
                for ready in select.select([near, far], [], [])[0]:
                    data = ready.recv(65_536)
                    if not data:
                        return
                    while self.hangs:
                        time.sleep(0.02)
                    (far if ready is near else near).sendall(data)
        except OSError:
            return

    def close(self) -> None:
        for one in [self._listening, *self._open]:
            one.close()


@contextmanager
def broker_behind(line: Line) -> Iterator[None]:
    broker = urlsplit(settings.REDIS_URL)
    who = broker.netloc.rpartition("@")[0]
    before = current_app.conf.broker_write_url
    current_app.conf.broker_write_url = broker._replace(
        netloc=f"{who}@127.0.0.1:{line.port}" if who else f"127.0.0.1:{line.port}"
    ).geturl()
    try:
        yield
    finally:
        current_app.conf.broker_write_url = before
        line.hangs = False
        line.close()


def waiting() -> list[str]:
    """The first argument of every task in the queue."""
    queue = redis.Redis.from_url(settings.REDIS_URL)
    found = queue.lrange("celery", 0, -1)
    return [json.loads(one)["headers"]["argsrepr"] for one in found]


def seconds_of(do) -> float:
    began = time.monotonic()
    do()
    return time.monotonic() - began


def refused_ring() -> None:
    with pytest.raises(OperationalError):
        ring_bell("never", "heard")


def test_a_broker_that_never_answers_costs_less_than_a_second():
    """It accepts, as a stopped process does, and says nothing."""
    with broker_behind(Line(hangs=True)):
        for _ in range(2):
            assert seconds_of(refused_ring) < BOUND


def test_a_broker_that_stops_answering_costs_less_than_a_second():
    """A connection that was good hangs; when the broker goes on, rings are heard again."""
    line = Line()
    with broker_behind(line):
        ring_bell("first", "ring")
        assert any("first" in args for args in waiting())
        line.hangs = True
        assert seconds_of(refused_ring) < BOUND
        assert seconds_of(refused_ring) < BOUND
        line.hangs = False
        ring_bell("second", "ring")
        assert any("second" in args for args in waiting())


def test_a_request_that_starts_a_job_goes_on(db):
    """The job is written, and the answer isn't kept waiting."""
    workspace, alice = cast.acme()

    def start() -> None:
        with tenant_context(workspace.id):
            enqueue_job(
                workspace_id=workspace.id,
                kind="export",
                title="Test",
                params={},
                actor=cast.actor_for(alice),
            )

    with broker_behind(Line(hangs=True)):
        assert seconds_of(start) < BOUND
    with tenant_context(workspace.id):
        assert Job.objects.get().status == Job.Status.PENDING
