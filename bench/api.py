"""API calls with and without metering and limits (C-17, C-19).

The yardstick is the same call of the same code with metering taken out of the middleware. Calls a
second are measured on two web servers, asked by turns by a load generator whose clients never
pause. What metering adds to one call is measured within one process, a metered and an unmetered
call in turn, so that what else the machine does disturbs both alike. Last, the count is proven.
"""

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client, override_settings

from bench import unmetered
from bench.load import Page, Plan, Sample, generate_beside, summarise
from bench.options import Options
from bench.population import Visitor, populate
from bench.report import Row, figure, quantile
from credits.metering.models import UsageCount
from credits.metering.recording import write_now
from credits.prices import models as prices
from cursive.launcher.services import command_environment
from cursive.launcher.state import State, free_port
from cursive.launcher.supervisor import Supervisor
from cursive.launcher.up import start_web
from cursive.lib.tenancy import system_context

SECTION = "api"
HOST = "127.0.0.1"
REDIS_DATABASE = "9"
PATH = "/api/leads?pageSize=25"
CALL = (Page("GET /api/leads", [PATH], header="api"),)
CLIENTS = 8
TURNS = 3
WARM_UP_SECONDS = 1
# A few workspaces stand for many here: their limits are not what is measured.
RATE = "1000000/minute"
MOST_ADDED = 1.05
CALLS = {True: 300, False: 3_000}  # quick, and not


def run(options: Options) -> list[Row]:
    """Calls a second on both servers, what a call costs in both, and that none was forgotten."""
    visitors = populate(users=min(options.users, 40), leads=min(options.leads, 1_000))
    with system_context():
        prices.Plan.objects.update(calls=None)
    redis = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{REDIS_DATABASE}").geturl()
    shared = {"API_RATE": RATE, "REDIS_URL": redis}
    seconds = max(1.0, options.seconds / (2 * TURNS))
    with ExitStack() as stack:
        with_it = stack.enter_context(_server(options, shared))
        without = stack.enter_context(
            _server(options, shared | {"DJANGO_SETTINGS_MODULE": unmetered.__name__})
        )
        metered: list[Sample] = []
        bare: list[Sample] = []
        for _ in range(TURNS):
            bare += _load(without, visitors, seconds)
            metered += _load(with_it, visitors, seconds)
        served = summarise(metered)[""], summarise(bare)[""]
    rows = _rows(served, TURNS * seconds)
    return rows + _one_by_one(visitors, CALLS[options.quick], redis)


@contextmanager
def _server(options: Options, variables: Mapping[str, str]) -> Iterator[int]:
    """The port of a web server of its own."""
    port = free_port()
    root = Path(tempfile.mkdtemp(prefix="api-", dir=options.folder))
    state = State(root, kind="run")
    try:
        with Supervisor(state) as supervisor:
            environment = command_environment(
                {
                    "CURSIVE_STATE": str(state.files),
                    "BASE_URL": f"http://localhost:{port}",
                    **variables,
                }
            )
            start_web(supervisor, environment, host=HOST, port=port)
            yield port
    finally:
        for folder in (root, state.servers.parent):
            shutil.rmtree(folder, ignore_errors=True)


def _load(port: int, visitors: Sequence[Visitor], seconds: float) -> list[Sample]:
    people = [visitor.headers() for visitor in visitors][:CLIENTS]
    plan = Plan(port, CALL, people, seconds, warm_up=WARM_UP_SECONDS, think=(0.0, 0.0))
    return generate_beside(plan)


def _rows(served: Sequence, seconds: float) -> list[Row]:
    metered, bare = served
    if not (metered.times and bare.times):
        raise RuntimeError(f"no good answer: {dict(metered.errors + bare.errors)}")
    rate, yardstick = len(metered.times) / seconds, len(bare.times) / seconds
    return [
        figure(SECTION, f"calls a second, {CLIENTS} at once", rate, "/s", yardstick=yardstick),
        figure(
            SECTION,
            f"p50, {CLIENTS} at once",
            metered.at(0.5),
            "ms",
            yardstick=bare.at(0.5),
        ),
        figure(SECTION, "errors", metered.failed + bare.failed, "", at_most=0),
    ]


def _one_by_one(visitors: Sequence[Visitor], calls: int, redis: str) -> list[Row]:
    """A call with and one without metering in turn; each client keeps its own middleware."""
    settings.REDIS_URL, settings.API_RATE = redis, RATE
    settings.ALLOWED_HOSTS = ["*"]
    logging.getLogger("django_structlog").setLevel(logging.WARNING)
    name, value = visitors[0].headers()["api"]
    headers = {name: value}
    clients = {}
    for kind, middleware in (("metered", settings.MIDDLEWARE), ("bare", unmetered.MIDDLEWARE)):
        client = clients[kind] = Client()
        with override_settings(MIDDLEWARE=middleware):
            assert client.get(PATH, headers=headers).status_code == 200
    before = _counted()
    times: dict[str, list[float]] = {"metered": [], "bare": []}
    work = {"metered": 0.0, "bare": 0.0}
    for number in range(calls):
        # Who goes first changes, for what the first one leaves warm.
        for kind in ("metered", "bare") if number % 2 else ("bare", "metered"):
            began, busy = time.perf_counter(), time.process_time()
            clients[kind].get(PATH, headers=headers)
            times[kind].append((time.perf_counter() - began) * 1000)
            work[kind] += (time.process_time() - busy) * 1000
    if _counted() - before != calls:
        raise AssertionError(f"{calls} calls were made, {_counted() - before} counted")
    return [
        figure(
            SECTION,
            "a call by itself, p50",
            quantile(times["metered"], 0.5),
            "ms",
            yardstick=quantile(times["bare"], 0.5),
            ratio_at_most=MOST_ADDED,
        ),
        figure(
            SECTION,
            "a call by itself, p95",
            quantile(times["metered"], 0.95),
            "ms",
            yardstick=quantile(times["bare"], 0.95),
        ),
        # What others do on the machine changes this least.
        figure(
            SECTION,
            "a call by itself, processor time",
            work["metered"] / calls,
            "ms",
            yardstick=work["bare"] / calls,
        ),
    ]


def _counted() -> int:
    write_now()
    with system_context():
        return sum(UsageCount.objects.values_list("calls", flat=True))
