"""Which page a browser asks for."""

import re

from ..account import Account
from ..errors import Refusal
from ..params import fields
from ..store import Obj
from . import checkout, invoice
from .html import STYLE, Page, message, sent_to
from .portal import Portal

PORTAL = re.compile(r"/p/session/(?P<key>\w+)(?:/(?P<part>\w+))?$")
SHOWN = ("", "card", "cancel", "change", "overview")
DONE = ("card", "cancel", "change", "pay", "resume")


def answer(account: Account, method: str, path: str, body: bytes) -> Page:
    """The page; what changes is kept."""
    if path == "/assets/style.css":
        return Page(STYLE, kind="text/css; charset=utf-8")
    given = {key: one for key, one in fields(body.decode()).items() if isinstance(one, str)}
    with account.lock:
        try:
            return _answer(account, method, path, given)
        except Refusal as refusal:
            return message("There is nothing here", str(refusal), status=404)
        finally:
            account.store.save()


def _answer(account: Account, method: str, path: str, given: Obj) -> Page:
    folder, _, key = path.rpartition("/")
    if folder == "/c/pay":
        session = account.get("checkout.session", key)
        if method == "POST":
            return checkout.pay(account, session, given)
        return checkout.show(account, session)
    if folder == "/i":
        found = account.get("invoice", key)
        return invoice.pay(account, found) if method == "POST" else invoice.show(found)
    if matched := PORTAL.match(path):
        portal = Portal(account, account.get("billing_portal.session", matched["key"]))
        part = matched["part"] or ""
        if method == "POST" and part in DONE:
            return portal.act(part, given)
        if method == "GET" and part in SHOWN:
            if part == "overview":
                portal.session["_finished"] = True
                return sent_to(portal.home)
            return portal.show(part)
    return message("There is nothing here", "The address is wrong.", status=404)
