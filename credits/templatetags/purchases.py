"""`{% load purchases %}`: what the credits page says about buying, and states in words."""

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from credits.purchases.models import CreditPurchase
from credits.purchases.queries import Buying, buying_of
from cursive.lib.ui.badges import badge

register = template.Library()

TONES = {"paid": "success", "pending": "info", "failed": "danger", "refunded": "warning"}


@register.simple_tag(takes_context=True)
def buying(context: Context) -> Buying:
    """Purchases, auto-reload and freeze of the request's workspace."""
    return buying_of(context["request"].workspace.id)


@register.simple_tag
def purchase_state(purchase: CreditPurchase) -> SafeString:
    """The badge of a purchase's state."""
    if purchase.is_partly_refunded:
        return badge("Partly refunded", tone="warning")
    return badge(purchase.get_state_display(), tone=TONES.get(purchase.state, "neutral"))
