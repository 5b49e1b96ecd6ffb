"""/p/session/<session>: the customer's plan, card and invoices."""

from html import escape

from .. import collection
from .. import portal_actions as actions
from ..account import Account
from ..cards import CARDS
from ..errors import Refusal
from ..store import Obj
from ..subscriptions import items_of, period_end
from .html import (
    Page,
    card_choice,
    date,
    error_box,
    message,
    money,
    page,
    post_button,
    price_text,
    rows,
    sent_to,
)

STATUS = {"active": "active", "past_due": "payment failed", "incomplete": "not paid yet"}


class Portal:
    """One visit: the session, whose it is and what it allows."""

    def __init__(self, account: Account, session: Obj) -> None:
        self.account = account
        self.session = session
        self.customer = account.get("customer", session["customer"])
        self.configuration = account.get("billing_portal.configuration", session["configuration"])
        self.features: Obj = self.configuration["features"]
        self.home = f"/p/session/{session['id']}"

    # --- what is shown -----------------------------------------------------------------------
    def show(self, part: str = "") -> Page:
        """The whole portal, or the part that a flow leads to."""
        error = self.session.pop("_error", "")
        flow = self.session["flow"]
        if not part and flow is not None and not self.session.get("_finished"):
            part = {
                "payment_method_update": "card",
                "subscription_cancel": "cancel",
                "subscription_update": "change",
                "subscription_update_confirm": "change",
            }[flow["type"]]
        whole = {"": self._overview, "card": self._card_form, "cancel": self._cancel_form}
        whole["change"] = self._change_form
        back = self.session["return_url"]
        leave = f'<p><a href="{escape(back)}">Go back to Cursive</a></p>' if back else ""
        home = f'<p><a href="{self.home}/overview">All of your plan</a></p>' if part else ""
        content = f"{leave}<h1>Your plan</h1>{error_box(error)}{whole[part]()}{home}"
        return page("Your plan", content)

    def _overview(self) -> str:
        return "".join([self._plans(), self._card(), self._invoices()])

    def _plans(self) -> str:
        found = [self._plan(one) for one in actions.running(self.account, self.customer["id"])]
        content = "".join(found) or "<p>You have no plan.</p>"
        return f"<section><h2>Plan</h2>{content}</section>"

    def _plan(self, subscription: Obj) -> str:
        item = items_of(subscription)[0]
        name = self._product(item["price"])
        coming = actions.coming(self.account, subscription)
        buttons = []
        if subscription["cancel_at"] is not None:
            when = f"Ends on {date(subscription['cancel_at'])}."
            buttons.append(post_button(f"{self.home}/resume", "Keep the plan", main=True))
        elif coming is not None:
            when = f"Changes to {self._product(coming[0])} on {date(coming[1])}."
            buttons.append(post_button(f"{self.home}/resume", "Stay with this plan", main=True))
        else:
            when = f"Renews on {date(period_end(subscription))}."
        if self.features["subscription_update"]["enabled"]:
            buttons.append(f'<a class="button" href="{self.home}/change">Change plan</a>')
        if self.features["subscription_cancel"]["enabled"] and subscription["cancel_at"] is None:
            buttons.append(f'<a class="button" href="{self.home}/cancel">Cancel plan</a>')
        status = STATUS.get(subscription["status"], subscription["status"])
        return (
            f"<p><strong>{escape(name)}</strong>, {price_text(item['price'])} · {status}</p>"
            f'<p class="soft">{escape(when)}</p><div class="buttons">{"".join(buttons)}</div>'
        )

    def _product(self, price: Obj) -> str:
        return str(self.account.get("product", price["product"])["name"])

    def _card(self) -> str:
        methods = [one["default_payment_method"] for one in self._subscriptions()]
        methods.append(self.customer["invoice_settings"]["default_payment_method"])
        method = next((self.account.find(key) for key in methods if key), None)
        text = "No card."
        if method is not None:
            card = CARDS[method["_number"]]
            text = f"{card.brand.title()} that ends in {card.number[-4:]} ({card.label})"
        change = ""
        if self.features["payment_method_update"]["enabled"]:
            change = f'<a class="button" href="{self.home}/card">Change card</a>'
        return f"<section><h2>Card</h2><p>{escape(text)}</p>{change}</section>"

    def _invoices(self) -> str:
        if not self.features["invoice_history"]["enabled"]:
            return ""
        lines = []
        for invoice in reversed(self.account.all("invoice")):
            if invoice["customer"] != self.customer["id"] or invoice["status"] == "draft":
                continue
            right = f'<span class="amount">{money(invoice["total"])} · {invoice["status"]}</span>'
            if invoice["status"] == "open":
                fields = f'<input type="hidden" name="invoice" value="{invoice["id"]}">'
                right += post_button(f"{self.home}/pay", "Pay now", fields=fields)
            link = f'<a href="/i/{invoice["id"]}">{escape(invoice["number"])}</a>'
            lines.append((f"{link} <span class='soft'>{date(invoice['created'])}</span>", right))
        content = rows(lines) if lines else "<p>No invoices yet.</p>"
        return f"<section><h2>Invoices</h2>{content}</section>"

    def _card_form(self) -> str:
        return (
            f'<section><h2>Change card</h2><form method="post" action="{self.home}/card">'
            f'{card_choice()}<button class="main">Save card</button></form></section>'
        )

    def _cancel_form(self) -> str:
        found = self._subscriptions()
        if not found:
            return "<section><p>You have no plan.</p></section>"
        at_once = self.features["subscription_cancel"]["mode"] == "immediately"
        when = "now" if at_once else f"on {date(period_end(found[0]))}"
        button = post_button(f"{self.home}/cancel", "Cancel plan", main=True)
        return f"<section><h2>Cancel plan</h2><p>Your plan ends {when}.</p>{button}</section>"

    def _change_form(self) -> str:
        found = self._subscriptions()
        offers = actions.offers(self.account, self.configuration)
        if not found or not offers:
            return "<section><p>There is no plan to change to.</p></section>"
        lines = []
        for price in offers:
            left = f"<strong>{escape(self._product(price))}</strong> {price_text(price)}"
            if price["id"] == items_of(found[0])[0]["price"]["id"]:
                lines.append((left, '<span class="good">Your plan</span>'))
                continue
            later = actions.waits(self.configuration, found[0], price)
            when = f"from {date(period_end(found[0]))} on" if later else "at once"
            fields = f'<input type="hidden" name="price" value="{escape(price["id"])}">'
            button = post_button(f"{self.home}/change", f"Change {when}", fields=fields)
            lines.append((left, button))
        return f"<section><h2>Change plan</h2>{rows(lines)}</section>"

    def _subscriptions(self) -> list[Obj]:
        return actions.running(self.account, self.customer["id"])

    # --- what is done ------------------------------------------------------------------------
    def act(self, part: str, given: Obj) -> Page:
        """Do what a form asks for; its page again where that is refused."""
        try:
            self._do(part, given)
        except Refusal as refusal:
            self.session["_error"] = str(refusal)
            shown = f"/{part}" if part in ("card", "cancel", "change") else ""
            return sent_to(f"{self.home}{shown}")
        flow = self.session["flow"]
        if flow is not None and not self.session.get("_finished"):
            self.session["_finished"] = True
            after = flow["after_completion"]
            if after["type"] == "redirect" and after["redirect"]:
                return sent_to(after["redirect"]["return_url"])
            if after["type"] == "hosted_confirmation":
                link = self.session["return_url"] or ""
                return message("Done", "Your change was saved.", link=link, label="Go back")
        return sent_to(f"{self.home}/overview")

    def _do(self, part: str, given: Obj) -> None:
        account, found = self.account, self._subscriptions()
        if part == "card":
            if not self.features["payment_method_update"]["enabled"]:
                raise Refusal("Cards can't be changed here.")
            actions.update_card(account, self.customer, given.get("card", ""))
        elif part == "pay":
            invoice = account.get("invoice", given.get("invoice", ""))
            if invoice["customer"] == self.customer["id"] and invoice["status"] == "open":
                refusal = collection.charge(account, invoice, present=True)
                if refusal is not None:
                    raise refusal
        elif not found:
            raise Refusal("You have no plan.")
        elif part == "change":
            actions.change_plan(account, self.configuration, found[0], given.get("price", ""))
        elif part == "cancel":
            actions.cancel(account, self.configuration, found[0])
        elif part == "resume":
            actions.resume(account, found[0])
