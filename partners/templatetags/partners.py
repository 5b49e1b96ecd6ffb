"""`{% load partners %}`: what pages of several rooms say about selling."""

from django import template

from partners.commission.models import HELD_FOR, PAYOUT_FROM_CENTS, CommissionRate
from partners.commission.queries import general_terms
from partners.commission.wording import plain

register = template.Library()
register.filter("points", plain)


@register.simple_tag
def commission_terms() -> CommissionRate | None:
    """The terms that partners get now, None where there are none: `{% commission_terms as t %}`."""
    return general_terms()


@register.simple_tag
def payout_terms() -> dict[str, int]:
    """`days` that a commission is held, and `cents` from which there is a payout."""
    return {"days": HELD_FOR.days, "cents": PAYOUT_FROM_CENTS}
