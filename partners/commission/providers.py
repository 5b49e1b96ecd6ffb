"""Transfers to partners' connected accounts at Stripe, each found again by its group."""

import stripe

from credits.stripe.providers import StripeRefused, StripeUnavailable, calling, stripe_client
from credits.stripe.registry import WORKSPACE_KEY

from .models import Payout

# Refusals that say nothing about the transfer: another call for it is on its way.
NOT_NOW = frozenset({"idempotency_key_in_use", "lock_timeout"})
PAGE = 100


class OtherTransfer(Exception):
    """A transfer of the payout's group isn't the payout's: somebody has to look."""


def find_transfer(payout: Payout) -> str:
    """The id of the transfer of this payout's group; empty where there is none.

    Raises `OtherTransfer` where it isn't over the payout's cents or was reversed.
    """
    with calling("look for the transfer"):
        listed = stripe_client().v1.transfers.list(
            {"transfer_group": payout.transfer_group, "limit": PAGE}
        )
        found = list(listed.auto_paging_iter())
    for transfer in found:
        _check(payout, transfer)
    return found[0].id if found else ""


def make_transfer(payout: Payout) -> str:
    """Send the payout's cents to its account; the transfer's id. The same payout is sent once.

    Raises `StripeUnavailable` where it isn't known whether it was, `StripeRefused` where it wasn't.
    """
    try:
        with calling("send the transfer", may_refuse=True):
            made = stripe_client().v1.transfers.create(
                {
                    "amount": payout.cents,
                    "currency": "usd",
                    "destination": payout.stripe_account,
                    "description": f"Commissions, {payout.number}",
                    "transfer_group": payout.transfer_group,
                    "metadata": {
                        "payout_id": str(payout.id),
                        WORKSPACE_KEY: str(payout.workspace_id),
                    },
                },
                {"idempotency_key": f"payout:{payout.id}"},
            )
    except StripeRefused as refusal:
        if refusal.extra.get("stripe_code") in NOT_NOW:
            raise StripeUnavailable("Another call for this payout is on its way.") from refusal
        raise
    _check(payout, made)
    return made.id


def _check(payout: Payout, transfer: stripe.Transfer) -> None:
    if transfer.amount != payout.cents or transfer.reversed:
        raise OtherTransfer(f"{transfer.id} is over {transfer.amount} cents, or was reversed")
