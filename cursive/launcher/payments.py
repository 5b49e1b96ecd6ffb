"""Test payments: the local server that takes them while there are no keys of Stripe's."""

import http.client
import os
import sys

from cursive.launcher.services import command_environment
from cursive.launcher.supervisor import Supervisor

READY_SECONDS = 30
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104
PORT_NAME = "payments"


def start_payments(
    supervisor: Supervisor, variables: dict[str, str], *, host: str, port: int
) -> dict[str, str]:
    """Start the server of test payments; the variables that point the application at it.

    Empty where the caller has keys of Stripe's, or names a server. Its API answers on this
    machine only; its pages are where the application's are: browsers must reach both.
    """
    if os.environ.get("STRIPE_SECRET_KEY") or os.environ.get("STRIPE_LOCAL_URL"):
        return {}
    number = supervisor.state.port(PORT_NAME)
    api, pages = f"http://127.0.0.1:{number}", pages_address(host, number)
    command = [sys.executable, "-m", "credits.stripe.local", "--port", str(number)]
    command += ["--host", "127.0.0.1" if host in LOOPBACK else host, "--pages", pages]
    command += ["--state", str(supervisor.state.files / "payments.sqlite3")]
    command += ["--webhook", f"http://{in_url(local_address(host))}:{port}/api/webhooks/stripe"]
    if secret := os.environ.get("STRIPE_LOCAL_SECRET"):
        command += ["--secret", secret]
    supervisor.start("payments", command, environment=command_environment(variables))
    supervisor.wait_until(
        lambda: answers(number), seconds=READY_SECONDS, what="The server of test payments"
    )
    return {"STRIPE_LOCAL_URL": api, "STRIPE_LOCAL_PAGES": pages}


def pages_address(host: str, number: int) -> str:
    """Where browsers find the pages; with the host '*' at whatever name they use for us."""
    if host in LOOPBACK:
        return f"http://127.0.0.1:{number}"
    return f"http://{'*' if host in EVERYWHERE else in_url(host)}:{number}"


def local_address(host: str) -> str:
    """Where a server that listens on `host` is found from this machine."""
    return "127.0.0.1" if host in EVERYWHERE else host


def in_url(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def answers(number: int) -> bool:
    """Whether the server shows its style sheet."""
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=5)
    try:
        connection.request("GET", "/assets/style.css")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
