"""`{% load plans %}`: the workspace's plan, on whatever page shows it."""

from django import template
from django.template.context import Context

from credits.plans.queries import Standing, standing_of

register = template.Library()


@register.simple_tag(takes_context=True)
def workspace_standing(context: Context) -> Standing:
    """How the request's workspace stands with its plan; the page's own where it has one."""
    known = context.get("standing")
    return known if isinstance(known, Standing) else standing_of(context["request"].workspace.id)
