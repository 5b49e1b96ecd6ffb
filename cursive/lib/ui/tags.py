"""`{% load ui %}`: the tags and filters that pages are written with."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages import get_messages
from django.forms import BaseForm, BoundField
from django.http import QueryDict
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.template.loader import select_template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import badges, fields, formatting, navigation, toasts
from .sprite import SPRITE, icon_names

register = template.Library()

FILTERS: dict[str, Callable[..., str]] = {
    "number": formatting.format_number,
    "compact": formatting.format_compact,
    "credits": formatting.format_credits,
    "credits_short": formatting.format_credits_short,
    "signed": formatting.format_signed,
    "cents": formatting.format_cents,
    "cents_short": formatting.format_cents_short,
    "money": formatting.format_money,
    "percent": formatting.format_percent,
    "filesize": formatting.format_bytes,
    "day": formatting.format_date,
    "moment": formatting.format_datetime,
    "duration": formatting.format_duration,
}
for name, function in FILTERS.items():
    register.filter(name, function)


@register.simple_tag
def icon(name: str, size: str = "", label: str = "", cls: str = "") -> SafeString:
    """An icon of the sprite. `size`: sm, lg. Give a `label` only where no text says the same."""
    if name not in icon_names():
        if settings.DEBUG:
            raise template.TemplateSyntaxError(f"no icon {name!r} in {SPRITE}")
        name = "point"
    return _markup(name, size, label, cls)


@lru_cache(maxsize=1_000)
def _markup(name: str, size: str, label: str, cls: str) -> SafeString:
    """A page has a hundred icons, and most of them are the same few."""
    classes = " ".join(filter(None, ["icon", f"icon-{size}" if size else "", cls]))
    hidden = SafeString('aria-hidden="true"')
    said = format_html('role="img" aria-label="{}"', label) if label else hidden
    return format_html(
        '<svg class="{}" {}><use href="{}#{}"></use></svg>',
        classes,
        said,
        static(SPRITE),
        name,
    )


@register.simple_tag
def field(bound: BoundField, **options: Any) -> SafeString:
    """One form field: label, control, help, errors. See `fields.render_field` for options."""
    return fields.render_field(bound, **options)


@register.simple_tag(name="fields")
def all_fields(form: BaseForm) -> SafeString:
    """All of a form: errors of the whole first, then each field."""
    parts = [fields.render_form_errors(form), *(fields.render_field(bound) for bound in form)]
    return SafeString("".join(parts))


@register.simple_tag
def form_errors(form: BaseForm) -> SafeString:
    """What is wrong with the form as a whole; nothing where only one field is wrong."""
    return fields.render_form_errors(form)


@register.simple_tag
def badge(text: Any, tone: str = "neutral", dot: bool = False) -> SafeString:
    """A small label. Tones: neutral, info, success, warning, danger, brand."""
    return badges.badge(text, tone=tone, dot=dot)


@register.simple_tag
def status(value: str, label: str = "") -> SafeString:
    """The badge of a status word that any table may show (active, failed, valid, won …)."""
    return badges.status_badge(value, label=label)


@register.simple_tag
def score(value: int | None) -> SafeString:
    """A score of 0 to 100 with its band in colour and in words for a screen reader."""
    return badges.score_badge(value)


@register.simple_tag
def avatar(name: str, size: str = "sm") -> SafeString:
    """Initials in a circle whose colour follows from the name."""
    return badges.avatar(name, size=size)


@register.simple_tag
def ago(value: Any) -> SafeString:
    """'5 minutes ago', kept up to date by the page, with the exact moment as title."""
    if value is None:
        return formatting.time_element(None, "")
    return formatting.time_element(value, formatting.format_ago(value, timezone.now()), live=True)


@register.simple_tag
def when(value: Any) -> SafeString:
    """A moment written out, in the workspace's time zone."""
    text = formatting.format_datetime(value).rsplit(" ", 1)[0] if value else ""
    return formatting.time_element(value, text)


@register.simple_tag
def crumb(label: str, href: str = "") -> SafeString:
    """One step of the breadcrumbs; the last has no `href`."""
    if href:
        return format_html('<li class="crumb"><a href="{}">{}</a></li>', href, label)
    return format_html('<li class="crumb" aria-current="page">{}</li>', label)


@register.inclusion_tag("_stat.html")
def stat(
    label: str,
    value: Any,
    hint: str = "",
    icon: str = "",
    href: str = "",
    trend: str = "",
    tone: str = "",
) -> dict[str, Any]:
    """A figure with its name. `trend` is up, down or flat and colours nothing by itself."""
    return {
        "label": label,
        "value": value,
        "hint": hint,
        "icon": icon,
        "href": href,
        "trend": trend,
        "tone": tone,
    }


@register.inclusion_tag("_copy.html")
def copy(value: Any, label: str = "Copy", text: bool = False) -> dict[str, Any]:
    """A button that copies `value`; with `text` the value stands before it."""
    return {"value": value, "label": label, "text": text}


@register.inclusion_tag("_chip.html")
def chip(text: Any, remove_url: str = "", tone: str = "", **attrs: Any) -> dict[str, Any]:
    """A chosen filter or tag. `attrs` (hx_get=…) go on the link that removes it."""
    return {"text": text, "remove_url": remove_url, "tone": tone, "attrs": html_attrs(attrs)}


@register.inclusion_tag("_skeleton.html")
def skeleton(rows: int = 5, kind: str = "rows") -> dict[str, Any]:
    """Grey lines in place of what is still loading. Kinds: rows, cards, text."""
    return {"rows": range(rows), "kind": kind}


@register.inclusion_tag("_progress.html")
def progress(value: Any, maximum: Any = 100, label: str = "", tone: str = "") -> dict[str, Any]:
    """A bar; without a `value` it says only that something goes on."""
    return {"value": value, "maximum": maximum, "label": label, "tone": tone}


@register.inclusion_tag("_pagination.html", takes_context=True)
def pagination(
    context: Context,
    page: Any,
    target: str = "",
    label: str = "Pages",
    unit: str = "rows",
    params: QueryDict | None = None,
) -> dict[str, Any]:
    """Links to other pages of `page` (numbered or by cursor); the rest of the query stays.

    `params` are what stays where the request's own query isn't the page's address. With
    `target` ("#results") htmx swaps only that region, and the address follows.
    """
    if params is None:
        params = context["request"].GET if "request" in context else QueryDict()
    links: dict[str, Any] = {"page": page, "target": target, "label": label, "unit": unit}
    if hasattr(page, "next_cursor"):
        links["keyset"] = True
        links["first_url"] = with_query(params, cursor=None, page=None)
        links["next_url"] = with_query(params, cursor=page.next_cursor, page=None)
        links["previous_url"] = with_query(params, cursor=page.previous_cursor, page=None)
    else:
        links["numbers"] = [
            (number, with_query(params, page=number) if number else "") for number in page.numbers()
        ]
        links["next_url"] = with_query(params, page=page.page + 1)
        links["previous_url"] = with_query(params, page=page.page - 1)
    return links


@register.simple_tag(takes_context=True, name="navigation")
def navigation_sections(context: Context) -> list[navigation.Section]:
    """The navigation of this request: `{% navigation as sections %}`."""
    return navigation.sections_for(context.get("request"))


@register.simple_tag(takes_context=True)
def waiting_toasts(context: Context) -> list[dict[str, str]]:
    """Django's waiting messages as toasts, for the page's toast region."""
    request = context.get("request")
    if request is None or not hasattr(request, "_messages"):
        return []
    return [
        {"message": str(message.message), "level": toasts.toast_level(message.level)}
        for message in get_messages(request)
    ]


@register.simple_tag(takes_context=True)
def include_if_there(context: Context, name: str) -> SafeString:
    """`{% include %}` that shows nothing where the template doesn't exist."""
    found = select_template([name, "_nothing.html"])
    return SafeString(found.template.render(context))


@register.simple_block_tag(takes_context=True)
def card(
    context: Context,
    content: str,
    title: str = "",
    lead: str = "",
    flush: bool = False,
    actions: str = "",
    id: str = "",
    cls: str = "",
    level: int = 2,
) -> SafeString:
    """A card with a heading. `flush` lets a table reach its edges; `actions` stand at its right."""
    values = {"title": title, "lead": lead, "flush": flush, "actions": actions}
    return _component(context, "_card.html", content, id=id, cls=cls, level=level, **values)


@register.simple_block_tag(takes_context=True)
def empty(
    context: Context, content: str, title: str, text: str = "", icon: str = "inbox"
) -> SafeString:
    """What stands in place of nothing: an icon, a sentence, and (the content) what to do next."""
    return _component(context, "_empty.html", content, title=title, text=text, icon=icon)


@register.simple_block_tag(takes_context=True)
def table(
    context: Context, content: str, label: str, sticky: bool = False, id: str = "", cls: str = ""
) -> SafeString:
    """A dense table around `<thead>` and `<tbody>`; `sticky` keeps the head while rows scroll."""
    return _component(context, "_table.html", content, label=label, sticky=sticky, id=id, cls=cls)


@register.simple_block_tag(takes_context=True)
def modal(context: Context, content: str, title: str, size: str = "", lead: str = "") -> SafeString:
    """The content of the dialog `#modal`, as an htmx answer. Sizes: "", sm, lg."""
    return _component(context, "_modal.html", content, title=title, size=size, lead=lead)


@register.simple_block_tag(takes_context=True)
def notice(
    context: Context, content: str, tone: str = "info", title: str = "", icon: str = ""
) -> SafeString:
    """A message within the page. Tones: info, success, warning, danger."""
    usual = {"success": "circle-check", "warning": "alert-triangle", "danger": "alert-circle"}
    icon = icon or usual.get(tone, "info-circle")
    return _component(context, "_notice.html", content, tone=tone, title=title, icon=icon)


def _component(context: Context, name: str, content: str, **values: Any) -> SafeString:
    with context.push(content=content, **values):
        return SafeString(select_template([name]).template.render(context))


class CaptureNode(template.Node):
    """Renders its content into a variable."""

    child_nodelists = ("nodelist",)

    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist = nodelist
        self.name = name

    def render(self, context: Context) -> str:
        """Nothing here; the text goes into the context."""
        context[self.name] = SafeString(self.nodelist.render(context).strip())
        return ""


@register.tag
def capture(parser: Parser, token: Token) -> CaptureNode:
    """`{% capture name %}…{% endcapture %}`: show one block's text in two places."""
    name = token.split_contents()[1]
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(nodelist, name)


def html_attrs(attrs: Mapping[str, Any]) -> SafeString:
    """`hx_get="/x"` → `hx-get="/x"`, escaped; None and False leave an attribute out."""
    parts = [
        format_html(" {}" if value is True else ' {}="{}"', name.replace("_", "-"), value)
        for name, value in attrs.items()
        if value is not None and value is not False
    ]
    return SafeString("".join(parts))


def with_query(params: QueryDict, **changes: Any) -> str:
    """`?…` of `params` with `changes`; None takes a parameter out. Never empty."""
    changed = params.copy()
    for name, value in changes.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = str(value)
    return f"?{changed.urlencode()}"
