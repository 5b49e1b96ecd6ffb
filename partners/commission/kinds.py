"""Which parts of a partner's account each kind of entry changes, as the database checks it."""

from typing import Any

from django.db.models import F, Q

PARTS = ("held", "due", "paying", "paid")


def _moves(kind: str, **parts: Any) -> Q:
    """An entry of `kind`: `held__lt=0` bounds a part, `due="held"` is what left another part.

    Parts that aren't named don't change.
    """
    condition, named = Q(kind=kind), set()
    for name, value in parts.items():
        part, _, bound = name.partition("__")
        named.add(part)
        if isinstance(value, str):
            condition &= Q(**{f"{part}_cents": F(f"{value}_cents") * -1})
        else:
            condition &= Q(**{f"{part}_cents__{bound}": value})
    still = set(PARTS) - named
    return condition & Q(**{f"{part}_cents": 0 for part in sorted(still)})


def _adjusts() -> Q:
    return Q(kind="adjustment", held_cents=0, paying_cents=0, paid_cents=0) & ~Q(due_cents=0)


def _refunds() -> Q:
    return Q(kind="refund", held_cents__lte=0, due_cents__lte=0, paying_cents=0, paid_cents=0)


KINDS_FIT = (
    _moves("commission", held__gt=0)
    | _moves("matured", held__lt=0, due="held")
    | _refunds()
    # A payout never takes more than was due.
    | _moves("payout", due__lt=0, paying="due") & Q(due_after__gte=0)
    | _moves("paid", paying__lt=0, paid="paying")
    | _moves("payout_failed", paying__lt=0, due="paying")
    | _adjusts()
)
