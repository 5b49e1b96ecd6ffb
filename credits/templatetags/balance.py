"""`{% load balance %}`: the workspace's balance, on whatever page shows it."""

from django import template
from django.template.context import Context

from credits.ledger.queries import Balance, balance_of

register = template.Library()


@register.simple_tag(takes_context=True)
def workspace_balance(context: Context) -> Balance:
    """The balance of the request's workspace; the page's own `balance` where it has one."""
    known = context.get("balance")
    return known if isinstance(known, Balance) else balance_of(context["request"].workspace.id)
