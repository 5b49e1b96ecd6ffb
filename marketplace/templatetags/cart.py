"""`{% load cart %}`: the cart of whoever looks, and states in words."""

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from cursive.lib.ui.badges import badge
from marketplace.purchases.models import LeadReport
from marketplace.purchases.queries import CartSum, cart_sum

register = template.Library()

TONES = {"checking": "info", "open": "info", "accepted": "success", "declined": "neutral"}


@register.simple_tag(takes_context=True)
def cart_of_request(context: Context) -> CartSum:
    """How much lies in the cart of the request's user, in its workspace."""
    request = context["request"]
    return cart_sum(request.workspace.id, request.user.id)


@register.simple_tag
def report_state(report: LeadReport) -> SafeString:
    """The badge of a report's state."""
    return badge(report.get_state_display(), tone=TONES.get(report.state, "neutral"))
