"""How requests are served."""

import asyncio
import json
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path

from cursive.serving import PageHandler, with_room


def place(request):
    """Which thread answers."""
    return HttpResponse(threading.current_thread().name)


def wait(request):
    WAITING.append(1)
    most.append(len(WAITING))
    time.sleep(0.05)
    WAITING.pop()
    return HttpResponse("done")


WAITING: list[int] = []
most: list[int] = []
urlpatterns = [path("place/", place), path("wait/", wait)]
BARE = override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])


def scope(path):
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [],
        "query_string": b"",
        "asgi": {"version": "3.0"},
    }


async def ask(handler, path):
    """The body of the answer, by the protocol that a server speaks."""
    sent, over = [], asyncio.Event()

    async def receive():
        if not sent:
            sent.append(None)
            return {"type": "http.request", "body": b"", "more_body": False}
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await handler(scope(path), receive, send)
    over.set()
    assert sent[1]["status"] == 200
    return b"".join(message.get("body", b"") for message in sent[2:])


@BARE
def test_a_page_is_made_in_a_thread():
    async def both():
        return await ask(PageHandler(), "/place/"), threading.current_thread().name

    answer, loop = asyncio.run(both())
    assert answer.decode() != loop


@BARE
@pytest.mark.parametrize("path", ["/api/leads/imports", "/leads/imports/new/"])
def test_a_body_that_is_cut_off_is_a_bad_request(path, caplog):
    """X-5: the client may have closed its half only, and reads what it is told."""
    sent = []
    pieces = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive():
        return pieces.pop(0)

    async def send(message):
        sent.append(message)

    with caplog.at_level("INFO", "cursive.serving"):
        asyncio.run(PageHandler()(scope(path) | {"method": "POST"}, receive, send))
    start, *rest = sent
    assert start["status"] == 400
    body = b"".join(message.get("body", b"") for message in rest).decode()
    assert "ended before its body did" in body
    if path.startswith("/api/"):
        assert (b"Content-Type", b"application/problem+json") in start["headers"]
        assert json.loads(body)["code"] == "cut_off"
    assert [(each.message, each.path) for each in caplog.records] == [("request_cut_off", path)]


@BARE
@override_settings(PAGES_AT_ONCE=3)
def test_only_so_many_pages_at_once_and_none_is_lost():
    most.clear()

    async def crowd():
        handler = PageHandler()
        return await asyncio.gather(*(ask(handler, "/wait/") for _ in range(10)))

    assert asyncio.run(crowd()) == [b"done"] * 10
    assert max(most) == 3


@BARE
def test_a_failing_page_gives_its_turn_back():
    def fail(request):
        raise RuntimeError("on purpose")

    async def crowd():
        handler = PageHandler()
        handler._turns = asyncio.Semaphore(1)
        handler._middleware_chain = fail
        for _ in range(3):
            with pytest.raises(RuntimeError):
                await handler.get_response_async(RequestFactory().get("/"))

    asyncio.run(crowd())


def test_a_function_with_room_stays_what_it_was():
    def add(first, *, second=2):
        return first + second

    roomy = with_room(add)
    assert roomy(1) == 3
    assert roomy(1, second=5) == 6
    with pytest.raises(TypeError):
        roomy()


def most_faults():
    """How often memory was newly mapped while a loop of calls ran, at the worst depth."""

    def leaf(a, b, c, d, e, f, g):
        return a

    def descend(depth):
        if depth:
            return descend(depth - 1)
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        for _ in range(1_000):
            leaf(1, 2, 3, 4, 5, 6, 7)
        return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before

    return max(descend(depth) for depth in range(40, 240))


def in_thread(function):
    """What it answers in a new thread, whose stack is as small as any."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()


def test_loops_deep_down_map_no_memory():
    if sys.version_info < (3, 13):  # else this test could not fail
        assert in_thread(most_faults) >= 1_000
    assert in_thread(with_room(most_faults)) < 100
