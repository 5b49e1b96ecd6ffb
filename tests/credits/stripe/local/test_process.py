"""`python -m credits.stripe.local`: a process whose state outlives it, also its violent end."""

import http.client
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stripe import StripeClient

from cursive.launcher.state import ROOT, free_port
from tests.credits.stripe.local.receiver import receiver
from tests.credits.stripe.local.test_delivery import wait_until


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen, StripeClient]]]:
    started = []

    def begin(*options: str, port: int) -> tuple[subprocess.Popen, StripeClient]:
        command = [sys.executable, "-m", "credits.stripe.local", "--port", str(port)]
        command += ["--state", str(tmp_path / "payments.sqlite3"), *options]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=2)
        started.append(process)
        wait_until(lambda: page(port) is not None)
        address = {"api": f"http://127.0.0.1:{port}"}
        return process, StripeClient("sk_test_x", base_addresses=address, max_network_retries=0)

    yield begin
    for process in started:
        process.kill()
        process.wait()


def page(port: int, path: str = "/assets/style.css", host: str = "127.0.0.1") -> int | None:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_everything_is_there_after_a_restart(start, end):
    port = free_port()
    process, client = start(port=port)
    customer = client.v1.customers.create({"name": "Acme"}, {"idempotency_key": "k"})
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "customer": customer.id,
            "success_url": "http://shop.example/",
            "line_items": [
                {
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 4900,
                        "product_data": {"name": "Starter"},
                    },
                    "quantity": 1,
                }
            ],
        }
    )
    process.send_signal(end)
    code = process.wait(10)
    assert code == (0 if end == signal.SIGTERM else -end)
    _, client = start(port=port)
    assert client.v1.customers.create({"name": "Acme"}, {"idempotency_key": "k"}).id == customer.id
    found = client.v1.checkout.sessions.retrieve(session.id)
    assert (found.status, found.url) == ("open", session.url)
    assert page(port, f"/c/pay/{session.id}") == 200
    assert [event.type for event in client.v1.events.list().data] == ["customer.created"]


def test_events_that_nobody_took_are_delivered_after_a_restart(start):
    port = free_port()
    with receiver() as hook:
        process, client = start("--webhook", "http://127.0.0.1:1/", port=port)
        client.v1.customers.create({})
        process.terminate()
        process.wait(15)
        begun = start("--webhook", hook.url, port=port)
        wait_until(lambda: len(hook.got) == 1, seconds=15)
        _, client = begun
        wait_until(lambda: client.v1.events.list().data[0].pending_webhooks == 0)
    begun[0].kill()
    begun[0].wait()
    _, client = start(port=port)
    assert client.v1.events.list().data[0].pending_webhooks == 0


def test_pages_carry_the_name_that_the_visitor_uses(start):
    port = free_port()
    _, client = start("--host", "0.0.0.0", "--pages", f"http://*:{port}", port=port)
    customer = client.v1.customers.create({})
    for back, host in (("http://pc.example:8000/x", "pc.example"), ("http://[::1]:8/", "[::1]")):
        session = client.v1.billing_portal.sessions.create(
            {"customer": customer.id, "return_url": back}
        )
        assert session.url.startswith(f"http://{host}:{port}/p/session/bps_")


def test_it_needs_neither_django_nor_settings():
    code = "import sys, credits.stripe.local.__main__; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
