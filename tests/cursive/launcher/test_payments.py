"""The server of test payments as one of the launcher's children."""

import http.client
import socket
import sqlite3

import pytest

from cursive.launcher.payments import answers, pages_address, start_payments
from cursive.launcher.processes import command_line
from cursive.launcher.state import State
from cursive.launcher.supervisor import Supervisor


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STRIPE_SECRET_KEY", "STRIPE_LOCAL_URL", "STRIPE_LOCAL_SECRET"):
        monkeypatch.delenv(name, raising=False)


def other_address() -> str:
    """An address of this machine that isn't loopback, or '' where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Sends nothing.
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def status(host: str, port: int, path: str) -> int:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Authorization": "Bearer sk_test_x"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_it_runs_beside_the_servers_and_keeps_its_state(state: State):
    with Supervisor(state) as supervisor:
        found = start_payments(supervisor, {}, host="127.0.0.1", port=8000)
        port = int(found["STRIPE_LOCAL_URL"].rpartition(":")[2])
        assert found["STRIPE_LOCAL_PAGES"] == found["STRIPE_LOCAL_URL"]
        assert status("127.0.0.1", port, "/v1/customers") == 200
        [child] = supervisor._running
        assert child.name == "payments"
        line = command_line(child.child.pid)
        assert "--webhook http://127.0.0.1:8000/api/webhooks/stripe" in line
    assert answers(port) is False
    with sqlite3.connect(state.files / "payments.sqlite3") as file:
        assert file.execute("SELECT count(*) FROM objects").fetchone()[0] >= 1
    with Supervisor(state) as supervisor:
        again = start_payments(supervisor, {}, host="127.0.0.1", port=8000)
        assert again == found


@pytest.mark.parametrize(
    ("name", "value"), [("STRIPE_SECRET_KEY", "sk_live_x"), ("STRIPE_LOCAL_URL", "http://x:1")]
)
def test_it_stays_away_where_there_are_keys_or_another_server(
    state: State, monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(name, value)
    with Supervisor(state) as supervisor:
        assert start_payments(supervisor, {}, host="127.0.0.1", port=8000) == {}
        assert supervisor._running == []


@pytest.mark.parametrize("everywhere", [True, False])
def test_others_reach_the_pages_but_not_the_api(state: State, everywhere: bool):
    address = other_address()
    if not address or address.startswith("127."):
        pytest.skip("this machine has no other address")
    host = "0.0.0.0" if everywhere else address
    with Supervisor(state) as supervisor:
        found = start_payments(supervisor, {}, host=host, port=8000)
        port = int(found["STRIPE_LOCAL_URL"].rpartition(":")[2])
        assert status("127.0.0.1", port, "/v1/customers") == 200
        assert status(address, port, "/assets/style.css") == 200
        assert status(address, port, "/v1/customers") == 403


@pytest.mark.parametrize(
    ("host", "pages"),
    [
        ("localhost", "http://127.0.0.1:9"),
        ("0.0.0.0", "http://*:9"),
        ("::", "http://*:9"),
        ("192.0.2.7", "http://192.0.2.7:9"),
        ("2001:db8::7", "http://[2001:db8::7]:9"),
    ],
)
def test_pages_are_where_the_applications_are(host: str, pages: str):
    assert pages_address(host, 9) == pages
