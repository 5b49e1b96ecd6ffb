"""What forms of several rooms have in common."""

from typing import Any

from django import forms
from django.http import QueryDict

# What a form sends beside its fields: Django's proof that it is ours.
EXTRA = {"csrfmiddlewaretoken"}


class ClosedForm(forms.Form):
    """A form about money: what it costs is said by the server alone, so nothing else is taken."""

    def clean(self) -> dict[str, Any]:
        """No field that isn't asked for: not a price, not an amount; and none of them twice."""
        sent = self.data.lists() if isinstance(self.data, QueryDict) else ()
        is_doubled = any(len(values) > 1 for _, values in sent)
        if is_doubled or set(self.data) - set(self.fields) - EXTRA:
            raise forms.ValidationError("This form was changed. Open it anew.")
        return super().clean() or self.cleaned_data
