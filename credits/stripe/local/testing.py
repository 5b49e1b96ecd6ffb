"""`LocalStripe`: the server in a thread, and a hand for what customers, banks and staff do."""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

from . import billing, disputes, paying, refunds
from .account import Account
from .cards import keep, new_method
from .checkout import expire
from .customers import set_default_method
from .delivery import Delivery, post
from .errors import Refusal
from .expansion import shown
from .faults import Fault
from .server import LocalServer

Obj = dict[str, Any]
SIGNING = "whsec_test_payments"


class LocalStripe:
    """A Stripe account of the test's own, as a context manager; nothing outlives it.

    With `webhook` each event is delivered to that URL by itself, else only kept in `events`.
    """

    def __init__(self, webhook: str | None = None, secret: str = SIGNING) -> None:
        self.account = Account(secret=secret)
        self._server = LocalServer(self.account)
        self._delivery = Delivery(self.account, webhook) if webhook else None
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.account.pages = self.url
        self.secret = secret

    def __enter__(self) -> "LocalStripe":
        self._server.start()
        if self._delivery is not None:
            self._delivery.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._delivery is not None:
            self._delivery.stop()
        self._server.shutdown()
        self._server.server_close()

    # --- what happened -----------------------------------------------------------------------
    @property
    def events(self) -> list[Obj]:
        """All events so far, in order."""
        with self.account.lock:
            return [self._copy(event) for event in self.account.all("event")]

    @property
    def calls(self) -> list[tuple[str, str, Obj, str | None]]:
        """All API calls so far: (method, path, parameters as nested dicts, idempotency key)."""
        return list(self._server.api.calls)

    def get(self, key: str) -> Obj:
        """The object with this id, as it is now."""
        with self.account.lock:
            found = self.account.find(key)
            if found is None:
                raise KeyError(key)
            return self._copy(found)

    def _copy(self, obj: Obj) -> Obj:
        copied: Obj = shown(self.account, obj, [])
        return copied

    # --- events to the webhook ---------------------------------------------------------------
    def signed(self, event: Mapping[str, Any], timestamp: float | None = None) -> tuple[bytes, str]:
        """(body, Stripe-Signature) of an event, signed now unless told when."""
        return self.account.signed(dict(event), None if timestamp is None else int(timestamp))

    def deliver(self, event: Mapping[str, Any], url: str, timestamp: float | None = None) -> int:
        """POST an event to a URL; the status, or 0 where nobody answered."""
        return post(url, *self.signed(event, timestamp))

    # --- what customers do -------------------------------------------------------------------
    def pay(
        self,
        session_id: str,
        card: str = "4242424242424242",
        email: str = "",
        *,
        delayed: bool = False,
    ) -> Obj:
        """Complete a Checkout session as the hosted page does; the session afterwards.

        Raises Refusal where the card is refused: the session stays open then. A `delayed`
        payment (bank debit) completes it unpaid; `settle` tells later how it went.
        """
        with self.account.lock:
            session = self.account.get("checkout.session", session_id)
            refusal = paying.pay(self.account, session, number=card, email=email, delayed=delayed)
            if refusal is not None:
                raise refusal
            return self._copy(session)

    def settle(self, session_id: str, *, paid: bool = True) -> Obj:
        """Let the delayed payment of a session arrive or fail; the session afterwards."""
        with self.account.lock:
            session = self.account.get("checkout.session", session_id)
            paying.settle(self.account, session, paid=paid)
            return self._copy(session)

    def expire(self, session_id: str) -> Obj:
        """Let an open Checkout session expire."""
        with self.account.lock:
            session = self.account.get("checkout.session", session_id)
            if session["status"] != "open":
                raise Refusal(f"The session is {session['status']}.")
            expire(self.account, session)
            return self._copy(session)

    def set_card(self, customer: str, number: str) -> str:
        """Give a customer another card for all to come, also one that will be declined; its id.

        It is charged for all the customer's subscriptions, too.
        """
        with self.account.lock:
            owner = self.account.get("customer", customer)
            method = new_method(self.account, number)
            keep(self.account, method, customer)
            set_default_method(self.account, owner, method["id"])
            for subscription in self.account.all("subscription"):
                if subscription["customer"] == customer:
                    subscription["default_payment_method"] = method["id"]
            return str(method["id"])

    # --- what staff and banks do -------------------------------------------------------------
    def refund(self, charge_or_payment_intent: str, amount: int | None = None) -> Obj:
        """Refund a payment, or `amount` cents of it, as staff do in Stripe's dashboard."""
        with self.account.lock:
            charge = self._charge(charge_or_payment_intent)
            values = {} if amount is None else {"amount": amount}
            return self._copy(refunds.refund_charge(self.account, charge, values))

    def dispute(self, payment_intent: str, reason: str = "fraudulent") -> Obj:
        """Let the cardholder dispute a payment; the dispute."""
        with self.account.lock:
            charge = self._charge(payment_intent)
            return self._copy(disputes.open_dispute(self.account, charge, reason=reason))

    def close_dispute(self, dispute_id: str, *, won: bool) -> Obj:
        """Let the bank decide a dispute; `won` by us."""
        with self.account.lock:
            dispute = self.account.get("dispute", dispute_id)
            return self._copy(disputes.close_dispute(self.account, dispute, won=won))

    def set_funds(self, cents: int | None) -> None:
        """Let the balance reach for transfers of so much each; None for any."""
        with self.account.lock:
            self.account.funds = cents

    def _charge(self, key: str) -> Obj:
        name = "charge" if key.startswith("ch_") else "payment_intent"
        return refunds.paid_charge(self.account, {name: key})

    # --- time --------------------------------------------------------------------------------
    @property
    def now(self) -> int:
        """The account's time, in seconds since 1970."""
        return self.account.now()

    def advance(self, to: datetime) -> None:
        """Move the clock on and do all that falls due: renewals, charges, retries, endings.

        As at Stripe, a renewal's invoice is a draft for an hour before it is charged.
        """
        billing.advance(self.account, int(to.timestamp()))

    # --- faults ------------------------------------------------------------------------------
    def fail(
        self, path_prefix: str, status: int = 500, times: int = 1, *, lost: bool = False
    ) -> None:
        """Let the next `times` calls under a path fail; with status 0 the line is cut.

        `lost`: they take effect, and only the answer is lost.
        """
        self._server.faults.add(Fault(path_prefix, status=status, times=times, lost=lost))

    def slow(self, path_prefix: str, seconds: float, times: int = 1) -> None:
        """Let the next `times` calls under a path wait first."""
        self._server.faults.add(Fault(path_prefix, seconds=seconds, times=times))

    def heal(self) -> None:
        """Forget all faults that still wait."""
        self._server.faults.clear()
