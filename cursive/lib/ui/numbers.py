"""Form fields for numbers."""

from typing import Any

from django import forms


class WholeNumberField(forms.IntegerField):
    """A whole number in the digits 0 to 9: Python's own reading takes those of every script."""

    def to_python(self, value: Any) -> int | None:
        """The number, None for nothing. Raises ValidationError."""
        if isinstance(value, str) and not value.strip().isascii():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)
