"""Disputes: a cardholder takes the money back through the bank, and it is decided later."""

from .account import Account
from .charges import book
from .errors import Refusal
from .params import TEXT, Range
from .routing import listing, matching, route
from .store import Obj

FEE_CENTS = 1500
EVIDENCE_SECONDS = 9 * 86400


def open_dispute(account: Account, charge: Obj, *, reason: str = "fraudulent") -> Obj:
    """A dispute of a whole charge, as the bank opens it; the money leaves the balance at once."""
    if charge["disputed"] or not charge["paid"]:
        raise Refusal(f"Charge {charge['id']} can't be disputed.")
    dispute = account.new(
        "dispute",
        amount=charge["amount"] - charge["amount_refunded"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={"enhanced_evidence": {}},
        evidence_details={
            "due_by": account.now() + EVIDENCE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details={
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "chargeback",
                "network": charge["payment_method_details"]["card"]["network"],
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        reason=reason,
        status="needs_response",
    )
    charge["disputed"] = True
    account.emit("charge.dispute.created", dispute)
    book(account, dispute, "adjustment", -dispute["amount"], fee=FEE_CENTS)
    account.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(account: Account, dispute: Obj, *, won: bool) -> Obj:
    """The bank decides: `won` is our win, and the money comes back."""
    if dispute["status"] in ("won", "lost"):
        raise Refusal(f"Dispute {dispute['id']} is closed.")
    previous = {"status": dispute["status"]}
    dispute["status"] = "won" if won else "lost"
    account.emit("charge.dispute.closed", dispute, previous)
    if won:
        book(account, dispute, "adjustment", dispute["amount"], fee=-FEE_CENTS)
        account.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


@route("GET", "/v1/disputes/{id}")
def retrieve_dispute(account: Account, values: Obj, id: str) -> Obj:
    """One dispute."""
    return account.get("dispute", id)


@listing("/v1/disputes", {"charge": TEXT, "created": Range(), "payment_intent": TEXT})
def list_disputes(account: Account, values: Obj) -> list[Obj]:
    """Disputes, newest first."""
    return matching(account.all("dispute"), values, "charge", "payment_intent")
