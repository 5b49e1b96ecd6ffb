"""Tags that every template has without loading them."""

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

# Requests of a page that isn't one's own any more are told by these.
WORKSPACE_FIELD = "_workspace"
WORKSPACE_HEADER = "X-Workspace"

register = template.Library()


class FormTokensNode(CsrfTokenNode):
    """Django's token against forged requests, and which workspace the form was shown for."""

    def render(self, context: Context) -> SafeString:
        """Both as hidden fields; the latter where the page is a workspace's."""
        request = context.get("request")
        workspace_id = getattr(getattr(request, "workspace", None), "id", None)
        shown_for = (
            format_html('<input type="hidden" name="{}" value="{}">', WORKSPACE_FIELD, workspace_id)
            if workspace_id is not None
            else ""
        )
        return format_html("{}{}", super().render(context), shown_for)


@register.tag
def csrf_token(parser: Parser, token: Token) -> FormTokensNode:
    """`{% csrf_token %}`: takes the place of Django's own."""
    return FormTokensNode()
