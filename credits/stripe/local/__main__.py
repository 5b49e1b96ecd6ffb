"""`python -m credits.stripe.local`: the server of test payments, until a signal comes."""

import argparse
import signal
import threading

from . import billing
from .account import Account
from .delivery import Delivery
from .server import LocalServer
from .testing import SIGNING

TICK_SECONDS = 5.0
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104


def main() -> None:
    """Serve; deliver events; let time bring renewals and retries."""
    options = _options()
    pages = options.pages or f"http://{_in_url(options.host)}:{options.port}"
    account = Account(secret=options.secret, path=options.state, pages=pages)
    # The API answers on this machine only, so there is always a listener that the client finds.
    hosts = [options.host] if options.host in EVERYWHERE else {"127.0.0.1", options.host}
    servers = [LocalServer(account, host, options.port) for host in sorted(hosts)]
    delivery = Delivery(account, options.webhook) if options.webhook else None
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    if delivery is not None:
        delivery.start()
    for server in servers:
        server.verbose = True
        server.start()
    print(f"Test payments at {pages}, no money moves.", flush=True)  # noqa: T201
    while not ended.wait(TICK_SECONDS):
        billing.advance(account, account.now())
    for server in servers:
        server.shutdown()
    if delivery is not None:
        delivery.stop()
    with account.lock:
        account.store.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m credits.stripe.local", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", default="", help="a SQLite file that keeps everything")
    parser.add_argument("--webhook", default="", help="where events are delivered to")
    parser.add_argument("--secret", default=SIGNING, help="what they are signed with")
    parser.add_argument(
        "--pages",
        default="",
        help="where browsers find the hosted pages; the host '*' is that of the shop's page",
    )
    return parser.parse_args()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    main()
