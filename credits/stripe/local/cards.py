"""Stripe's test cards: what becomes of a charge to each."""

from dataclasses import dataclass

from .account import Account
from .errors import Refusal, card_refused
from .store import Obj

DECLINED = "Your card was declined."
AUTHENTICATE = "Your card was declined. This transaction requires authentication."


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. `code` is '' where charges go through.

    `attaches` says that it can be saved although charges fail. `authentication` is when the
    cardholder has to take part: 'setup' once, 'always' each time, '' never.
    """

    number: str
    label: str
    token: str
    code: str = ""
    decline_code: str = ""
    message: str = DECLINED
    attaches: bool = True
    authentication: str = ""
    brand: str = "visa"


CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", "Visa that pays", "pm_card_visa"),
        Card("5555555555554444", "Mastercard that pays", "pm_card_mastercard", brand="mastercard"),
        Card(
            "4000000000000002",
            "Declined",
            "pm_card_visa_chargeDeclined",
            "card_declined",
            "generic_decline",
            attaches=False,
        ),
        Card(
            "4000000000009995",
            "Declined: insufficient funds",
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
            "Your card has insufficient funds.",
            attaches=False,
        ),
        Card(
            "4000000000000069",
            "Declined: expired",
            "pm_card_chargeDeclinedExpiredCard",
            "expired_card",
            "expired_card",
            "Your card has expired.",
            attaches=False,
        ),
        Card(
            "4000000000000341",
            "Can be saved, but charges fail",
            "pm_card_chargeCustomerFail",
            "card_declined",
            "generic_decline",
        ),
        Card(
            "4000002500003155",
            "Asks the cardholder, unless saved with their consent",
            "pm_card_authenticationRequiredOnSetup",
            authentication="setup",
        ),
        Card(
            "4000002760003184",
            "Asks the cardholder each time",
            "pm_card_authenticationRequired",
            authentication="always",
        ),
    )
}
TOKENS = {card.token: card for card in CARDS.values()}


def card_of(method: Obj) -> Card:
    """The test card behind a payment method."""
    return CARDS[method["_number"]]


def new_method(account: Account, number: str, *, email: str | None = None) -> Obj:
    """A payment method for a card, attached to nobody."""
    card = CARDS.get(number)
    if card is None:
        raise card_refused("Your card number is incorrect.", "incorrect_number", "")
    return account.new(
        "payment_method",
        type="card",
        allow_redisplay="unspecified",
        billing_details={
            "address": None,
            "email": email,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        card={
            "brand": card.brand,
            "country": "US",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": 2099,
            "funding": "credit",
            "last4": number[-4:],
        },
        customer=None,
        customer_account=None,
        metadata={},
        _number=number,
        _consented=False,
    )


def method_named(account: Account, key: str, *, param: str = "payment_method") -> Obj:
    """The payment method with this id; a token of a test card makes a new one."""
    if key in TOKENS:
        return new_method(account, TOKENS[key].number)
    return account.get("payment_method", key, param=param)


def attach(account: Account, method: Obj, customer: str) -> None:
    """Save a card with a customer. Refused for cards that fail at once."""
    if method["customer"] == customer:
        return
    if method["customer"] is not None:
        raise Refusal(
            "The payment method you provided has already been attached to a customer.",
            param="payment_method",
        )
    refuse_unsaveable(method)
    keep(account, method, customer)


def refuse_unsaveable(method: Obj) -> None:
    """The refusal of cards that fail as soon as somebody saves them."""
    card = card_of(method)
    if not card.attaches:
        raise card_refused(card.message, card.code, card.decline_code)


def keep(account: Account, method: Obj, customer: str) -> None:
    """The same without asking the card."""
    method["customer"] = customer
    account.emit("payment_method.attached", method)


def verdict(method: Obj, *, off_session: bool) -> tuple[str, str, str]:
    """(code, decline code, sentence) of a charge now; the code is '' where it goes through.

    On session the cardholder is there and takes part.
    """
    card = card_of(method)
    asked = card.authentication == "always" or (card.authentication and not method["_consented"])
    if asked and off_session:
        return "authentication_required", "authentication_required", AUTHENTICATE
    return card.code, card.decline_code, card.message
