"""How a Django form field becomes HTML: label, control, help and errors, wired together.

What was typed stays, the error says what to do, and a screen reader hears both with the control
(aria-describedby, aria-invalid).
"""

from typing import Any

from django.forms import BaseForm, BoundField, widgets
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

CHOICE_GROUPS = (widgets.RadioSelect, widgets.CheckboxSelectMultiple)


def kind_of(bound: BoundField) -> str:
    """Which template the field takes: hidden, check, group or control."""
    widget = bound.field.widget
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, CHOICE_GROUPS):
        return "group"
    if isinstance(widget, widgets.CheckboxInput):
        return "check"
    return "control"


def control_class(bound: BoundField) -> str:
    """Tabler's class for the control."""
    widget = bound.field.widget
    if isinstance(widget, widgets.Select) and not isinstance(widget, CHOICE_GROUPS):
        return "form-select"
    if isinstance(widget, widgets.CheckboxInput):
        return "form-check-input"
    return "form-control"


def control_attrs(bound: BoundField, *, help_text: str, extra: dict[str, Any]) -> dict[str, Any]:
    """The control's attributes: class, what describes it, whether it is wrong."""
    own = bound.field.widget.attrs
    classes = [own.get("class", ""), control_class(bound), extra.pop("class", "")]
    attrs = {name.replace("_", "-"): value for name, value in extra.items()}
    if bound.errors:
        classes.append("is-invalid")
        attrs["aria-invalid"] = "true"
    described = [own.get("aria-describedby", ""), extra.get("aria_describedby", "")]
    if help_text:
        described.append(f"{bound.auto_id}_help")
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
    attrs["class"] = " ".join(filter(None, classes))
    if any(described):
        attrs["aria-describedby"] = " ".join(filter(None, described))
    return attrs


def render_field(
    bound: BoundField,
    *,
    label: str | None = None,
    help_text: str | None = None,
    hide_label: bool = False,
    prefix: str = "",
    suffix: str = "",
    switch: bool = False,
    inline: bool = False,
    wrap: str = "",
    mark_optional: bool = True,
    **extra: Any,
) -> SafeString:
    """One field of a form. `extra` become the control's attributes, `_` written as `-`.

    Where nothing is required, as in a filter, `mark_optional=False` leaves the word out.
    """
    kind = kind_of(bound)
    if kind == "hidden":
        return bound.as_widget()
    shown_help = str(bound.help_text) if help_text is None else help_text
    attrs = control_attrs(bound, help_text=shown_help, extra=extra)
    return render_to_string(
        f"_field_{kind}.html",
        {
            "field": bound,
            "control": bound.as_widget(attrs=attrs) if kind != "group" else "",
            "label": bound.label if label is None else label,
            "help_text": shown_help,
            "hide_label": hide_label,
            "optional": mark_optional and not (bound.field.required or bound.field.disabled),
            "password": isinstance(bound.field.widget, widgets.PasswordInput),
            "described_by": attrs.get("aria-describedby", ""),
            "prefix": prefix,
            "suffix": suffix,
            "switch": switch,
            "inline": inline,
            "wrap": wrap,
        },
    )


def render_form_errors(form: BaseForm) -> SafeString:
    """What is wrong with the form as a whole, and links to its wrong fields where several are."""
    hidden = [(field.label, error) for field in form.hidden_fields() for error in field.errors]
    wrong = [field for field in form.visible_fields() if field.errors]
    if not (form.non_field_errors() or hidden or len(wrong) > 1):
        return SafeString("")
    return render_to_string(
        "_form_errors.html",
        {"general": form.non_field_errors(), "hidden": hidden, "wrong": wrong},
    )
