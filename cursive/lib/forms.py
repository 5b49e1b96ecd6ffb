"""What forms of several rooms have in common."""

import re
from typing import Any

from django import forms
from django.http import QueryDict

from .ui.form_tags import WORKSPACE_FIELD

# What a form sends beside its fields: Django's proof that it is ours, and for which workspace.
EXTRA = {"csrfmiddlewaretoken", WORKSPACE_FIELD}


class ClosedForm(forms.Form):
    """A form about money: what it costs is said by the server alone, so nothing else is taken."""

    def clean(self) -> dict[str, Any]:
        """No field that isn't asked for: not a price, not an amount; and none of them twice."""
        sent = self.data.lists() if isinstance(self.data, QueryDict) else ()
        is_doubled = any(len(values) > 1 for _, values in sent)
        if is_doubled or set(self.data) - set(self.fields) - EXTRA:
            raise forms.ValidationError("This form was changed. Open it anew.")
        return super().clean() or self.cleaned_data


class LinesField(forms.CharField):
    """A list of words, one a line; commas part them too."""

    def __init__(self, *, placeholder: str = "", **kwargs: Any) -> None:
        attrs = {"rows": 3, "placeholder": placeholder}
        super().__init__(
            required=False, max_length=9_000, widget=forms.Textarea(attrs=attrs), **kwargs
        )

    def clean(self, value: Any) -> list[str]:
        """The words one by one."""
        text: str = super().clean(value)
        return [word for part in re.split(r"[\n,]", text) if (word := part.strip())]

    def prepare_value(self, value: Any) -> Any:
        """A stored list as lines; what was typed as it was typed."""
        return "\n".join(value) if isinstance(value, list) else value
