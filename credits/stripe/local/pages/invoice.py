"""/i/<invoice>: an invoice to read, and to pay while it is open."""

from html import escape

from .. import collection
from ..account import Account
from ..store import Obj
from .html import Page, date, error_box, money, page, post_button, rows, sent_to


def show(invoice: Obj) -> Page:
    """The invoice."""
    error = invoice.pop("_error", "")
    lines = [
        (escape(line["description"] or "Amount"), _amount(line["amount"]))
        for line in invoice["lines"]["data"]
    ]
    lines.append(("Total", _amount(invoice["total"])))
    pay = ""
    if invoice["status"] == "open":
        pay = post_button(f"/i/{invoice['id']}", f"Pay {money(invoice['amount_due'])}", main=True)
    content = f"""<section><h1>Invoice {escape(invoice["number"] or "(draft)")}</h1>
<p class="soft">{date(invoice["created"])} · {escape(invoice["status"])}</p>
{error_box(error)}{rows(lines)}{pay}</section>"""
    return page(f"Invoice {invoice['number']}", content)


def pay(account: Account, invoice: Obj) -> Page:
    """Charge the customer's card."""
    if invoice["status"] == "open":
        refusal = collection.charge(account, invoice, present=True)
        if refusal is not None:
            invoice["_error"] = str(refusal)
    return sent_to(f"/i/{invoice['id']}")


def _amount(cents: int) -> str:
    return f'<span class="amount">{money(cents)}</span>'
