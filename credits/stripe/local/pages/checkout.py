"""/c/pay/<session>: where the customer pays, or leaves."""

from html import escape

from .. import paying
from ..account import Account
from ..cards import CARDS
from ..store import Obj
from .html import Page, card_choice, error_box, message, money, page, price_text, rows, sent_to


def show(account: Account, session: Obj) -> Page:
    """The page of an open session, or a sentence about one that isn't."""
    if session["status"] == "complete":
        return message(
            "You're all done here", "This was paid.", link=back(session), label="Continue"
        )
    if session["status"] == "expired":
        return message(
            "This page has expired",
            "Nothing was paid. Start again where you came from.",
            link=session["cancel_url"] or "",
            label="Go back",
        )
    given = session.get("_tried", {})
    if given.get("ask"):
        return _ask(session, given)
    lines = [
        (
            f"{escape(line['description'])}"
            f'<span class="soft"> × {line["quantity"]}, {price_text(line["price"])}</span>',
            f'<span class="amount">{money(line["amount_total"])}</span>',
        )
        for line in session["_line_items"]
    ]
    total, subscribes = money(session["amount_total"]), session["mode"] == "subscription"
    verb = "Subscribe for" if subscribes else "Pay"
    cancel = session["cancel_url"]
    leave = f'<p><a href="{escape(cancel)}">Cancel and go back</a></p>' if cancel else ""
    content = f"""<h1>{"Subscribe" if subscribes else "Pay"}</h1>
<div class="columns">
<section aria-label="What you buy"><p class="total">{total}</p>{rows(lines)}{leave}</section>
<section aria-label="How you pay">
<form method="post" action="/c/pay/{escape(session["id"])}">
{error_box(given.get("error", ""))}
{_email(account, session, given)}
{card_choice(given.get("card", ""))}
<button class="main wide">{verb} {total}</button>
</form>
</section>
</div>"""
    return page(f"{verb} {total}", content)


def _email(account: Account, session: Obj, given: Obj) -> str:
    known = (account.find(session["customer"]) or {}).get("email") or session["customer_email"]
    if known:
        return f'<p><span class="soft">Receipt to</span> {escape(known)}</p>'
    return (
        '<label class="field"><span>E-mail</span><input type="email" name="email" required '
        f'autocomplete="email" value="{escape(given.get("email", ""))}"></label>'
    )


def pay(account: Account, session: Obj, given: Obj) -> Page:
    """Try the chosen card; back to the shop where it pays, also when it was paid before.

    What was refused is shown by the page itself, so that 'back' and 'reload' send no form again.
    """
    session["_tried"] = given
    if session["status"] == "open" and _try(account, session, given):
        session["_tried"] = {}
    complete = session["status"] == "complete"
    return sent_to(back(session) if complete else f"/c/pay/{session['id']}")


def _try(account: Account, session: Obj, given: Obj) -> bool:
    """Whether the card paid; if not, `given` says why, or that the bank has to be asked first."""
    card = CARDS.get(given.get("card", ""))
    if card is None:
        given["error"] = "Choose a card."
    elif card.authentication and given.get("answer") == "no":
        given["error"] = "Your bank didn't confirm the payment."
    elif card.authentication and given.get("answer") != "yes":
        given["ask"] = True
    else:
        email = given.get("email", "")
        refusal = paying.pay(account, session, number=card.number, email=email)
        if refusal is None:
            return True
        given["error"] = str(refusal)
    return False


def _ask(session: Obj, given: Obj) -> Page:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(given.get(name, ""))}">'
        for name in ("card", "email")
    )
    content = f"""<section><h1>Your bank asks for your consent</h1>
<p>Cursive wants to charge {money(session["amount_total"])} to the card that ends in
{escape(given["card"][-4:])}.</p>
<form method="post" action="/c/pay/{escape(session["id"])}" class="buttons">{hidden}
<button class="main" name="answer" value="yes">Confirm</button>
<button name="answer" value="no">Refuse</button></form></section>"""
    return page("Your bank asks", content)


def back(session: Obj) -> str:
    """Where the shop wants a customer who has paid."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
