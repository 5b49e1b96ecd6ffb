"""Stripe's webhook: signed events stored and answered a second, by the web server of `make run`.

Each client has a connection of its own and sends the next event, with a new id and a signature of
its own, as soon as the last one is answered; each event is 4 KB. The yardstick is bare SQL: the
same rows by the same number of clients, one INSERT a transaction. Last, what was answered is
counted in the table: an event that is answered and not stored has no figures.
"""

import hashlib
import hmac
import http.client
import json
import os
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import connections

from bench.clients import together
from bench.options import Options
from bench.report import Row, figure, quantile
from cursive.launcher.services import command_environment
from cursive.launcher.state import State, free_port
from cursive.launcher.supervisor import Supervisor
from cursive.launcher.up import start_web

SECTION = "webhook"
HOST = "127.0.0.1"
REDIS_DATABASE = "10"
CLIENTS = (1, 8, 32)
SLOWEST_MS = 1_000  # C-9
WARM_UP_SECONDS = 0.5
INSERT = (
    "INSERT INTO credits_stripeevent"
    " (id, stripe_event_id, type, payload, state, attempts, error)"
    " VALUES (gen_random_uuid(), %s, %s, %s, 'pending', 0, '')"
    " ON CONFLICT (stripe_event_id) DO NOTHING"
)
TYPE = "checkout.session.completed"
SESSION = {
    "id": "cs_bench",
    "object": "checkout.session",
    "payment_status": "paid",
    "metadata": {f"key_{number}": "x" * 80 for number in range(36)},
}


def run(options: Options) -> list[Row]:
    """Events a second and the time of an answer at each load."""
    seconds = options.seconds / 6
    port = free_port()
    root = Path(tempfile.mkdtemp(prefix="webhook-", dir=options.folder))
    state = State(root, kind="run")
    rows: list[Row] = []
    answered = 0
    try:
        with Supervisor(state) as supervisor:
            redis = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{REDIS_DATABASE}").geturl()
            environment = command_environment(
                {
                    "REDIS_URL": redis,
                    "CURSIVE_STATE": str(state.files),
                    "BASE_URL": f"http://localhost:{port}",
                }
            )
            start_web(supervisor, environment, host=HOST, port=port)
            for clients in CLIENTS:
                load = {"seconds": seconds, "warm_up": WARM_UP_SECONDS}
                bare, took = together(_store, clients, **load)
                yardstick = sum(bare) / took
                told, took = together(partial(_send, port), clients, **load)
                supervisor.check()
                times = [one for client in told for one in client["times"]]
                errors = sum(client["errors"] for client in told)
                answered += sum(client["answered"] for client in told)
                name = f"{clients} at once" if clients > 1 else "one at a time"
                rows += [
                    figure(
                        SECTION,
                        f"events stored and answered, {name}",
                        len(times) / took,
                        "a second",
                        yardstick=yardstick,
                    ),
                    figure(
                        SECTION,
                        "  slowest answer but 1 %",
                        quantile(times, 0.99),
                        "ms",
                        at_most=SLOWEST_MS,
                    ),
                    figure(SECTION, "  errors", errors, "", at_most=0),
                ]
    finally:
        for folder in (root, state.servers.parent):
            shutil.rmtree(folder, ignore_errors=True)
    _prove(answered)
    return rows


def _send(port: int, client: int, ends: float) -> dict[str, Any]:
    """Events to the webhook until it is time; how long each answer took, in milliseconds."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    times: list[float] = []
    errors = 0
    while time.perf_counter() < ends:
        body, header = _signed(_event("sent"))
        began = time.perf_counter()
        try:
            connection.request(
                "POST",
                "/api/webhooks/stripe",
                body,
                {
                    "Host": f"localhost:{port}",
                    "Content-Type": "application/json",
                    "Stripe-Signature": header,
                },
            )
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            errors += 1
            continue
        if answer.status == 200:
            times.append((time.perf_counter() - began) * 1_000)
        else:
            errors += 1
    connection.close()
    return {"times": times, "errors": errors, "answered": len(times)}


def _store(client: int, ends: float) -> int:
    """The same rows by bare SQL; how many."""
    done = 0
    with psycopg.connect(os.environ["ADMIN_DATABASE_URL"], autocommit=True) as connection:
        while time.perf_counter() < ends:
            event = _event("bare")
            connection.execute(INSERT, [event["id"], TYPE, json.dumps(event)])
            done += 1
    return done


def _event(kind: str) -> dict[str, Any]:
    return {
        "id": f"evt_{kind}_{uuid4().hex}",
        "object": "event",
        "type": TYPE,
        "data": {"object": SESSION},
    }


def _signed(event: dict[str, Any]) -> tuple[bytes, str]:
    body, now = json.dumps(event).encode(), int(time.time())
    secret = settings.STRIPE_WEBHOOK_SECRET.encode()
    digest = hmac.new(secret, b"%d.%s" % (now, body), hashlib.sha256).hexdigest()
    return body, f"t={now},v1={digest}"


def _prove(answered: int) -> None:
    """What was answered while it was measured is stored; the warm-up's is, too."""
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM credits_stripeevent WHERE stripe_event_id LIKE 'evt\\_sent%'"
        )
        kept = cursor.fetchone()[0]
    if kept < answered:
        raise AssertionError(f"{answered} events were answered, but {kept} are stored")
