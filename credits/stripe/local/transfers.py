"""Transfers: money that goes from the account's balance to a connected account's."""

import re

from .account import Account, with_metadata
from .charges import book
from .errors import BadParams, Refusal
from .params import METADATA, TEXT, Currency, OneOf, Param, Range, Whole
from .routing import listing, matching, route
from .store import Obj

# There are no connected accounts here: whatever looks like one is one.
CONNECTED = re.compile(r"acct_[A-Za-z0-9]{8,34}")


@route(
    "POST",
    "/v1/transfers",
    {
        "amount": Whole(least=1),
        "currency": Currency(required=True),
        "description": TEXT,
        "destination": Param(required=True),
        "metadata": METADATA,
        "source_type": OneOf(words=("bank_account", "card", "fpx")),
        "transfer_group": TEXT,
    },
)
def create_transfer(account: Account, values: Obj) -> Obj:
    """Send money to a connected account, as far as the balance reaches."""
    if "amount" not in values:
        raise BadParams("Missing required param: amount.", code="parameter_missing", param="amount")
    destination = values["destination"]
    if not CONNECTED.fullmatch(destination):
        raise Refusal(
            f"No such destination: '{destination}'", code="resource_missing", param="destination"
        )
    if account.funds is not None and values["amount"] > account.funds:
        raise Refusal(
            "You have insufficient available funds in your Stripe account.",
            code="balance_insufficient",
        )
    transfer = account.new(
        "transfer",
        amount=values["amount"],
        amount_reversed=0,
        balance_transaction=None,
        currency=values["currency"],
        description=values.get("description"),
        destination=destination,
        destination_payment=account.new_id("py"),
        metadata=values.get("metadata") or {},
        reversed=False,
        source_transaction=None,
        source_type=values.get("source_type", "card"),
        transfer_group=values.get("transfer_group"),
    )
    transfer["reversals"] = {
        "object": "list",
        "data": [],
        "has_more": False,
        "total_count": 0,
        "url": f"/v1/transfers/{transfer['id']}/reversals",
    }
    book(account, transfer, "transfer", -transfer["amount"])
    account.emit("transfer.created", transfer)
    return transfer


@route("GET", "/v1/transfers/{id}")
def retrieve_transfer(account: Account, values: Obj, id: str) -> Obj:
    """One transfer."""
    return account.get("transfer", id)


@route("POST", "/v1/transfers/{id}", {"description": TEXT, "metadata": METADATA})
def update_transfer(account: Account, values: Obj, id: str) -> Obj:
    """Change what a transfer says of itself."""
    transfer = account.get("transfer", id)
    changed = {name: values[name] for name in ("description",) if name in values}
    if "metadata" in values:
        changed["metadata"] = with_metadata(transfer, values["metadata"])
    account.change("transfer.updated", transfer, **changed)
    return transfer


@listing("/v1/transfers", {"created": Range(), "destination": TEXT, "transfer_group": TEXT})
def list_transfers(account: Account, values: Obj) -> list[Obj]:
    """Transfers, newest first."""
    return matching(account.all("transfer"), values, "destination", "transfer_group")
