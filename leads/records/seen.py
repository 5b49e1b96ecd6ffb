"""Forms over rows that others write too: only what was changed against what was shown is written.

The page carries a digest of each value that it shows. A field that wasn't touched is as the row is
now; one that somebody else has changed meanwhile, and this user too, is refused with both values.
"""

from hashlib import blake2s
from typing import Any, cast

from django import forms
from django.http import QueryDict

LONGEST = 500  # characters of the other one's value
CHANGED = "Changed meanwhile to “{}”. What you typed is kept: save again to replace it."
EMPTIED = "Emptied meanwhile. What you typed is kept: save again to write it."


class SeenForm(forms.Form):
    """A form whose `initial` is the row as it is now, in texts; `seen` goes into the page.

    Posts without `seen` are judged against the row as it is now. `conflicts` are the fields that
    two have changed: {name: what it is now}. `changed_data` is what this user changed.
    """

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.conflicts: dict[str, str] = {}
        if data is not None:
            self.data = self._rebased(data)

    def plain(self, name: str, text: str) -> str:
        """A field's text as it is compared: how it is written down doesn't count."""
        return text.replace("\r\n", "\n").strip()

    def seen(self) -> list[tuple[str, str]]:
        """(name, value) of the hidden inputs that say what the page shows."""
        return [(f"seen-{name}", self._digest(name, self.initial[name])) for name in self.fields]

    def clean(self) -> dict[str, Any] | None:
        """Refuse what two have changed; a choice is said by its label."""
        data = super().clean()
        for name, now in self.conflicts.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                labels = dict(cast(list[tuple[str, str]], field.choices))
                now = labels.get(now, now) if now else ""
            shown = f"{now[:LONGEST]}…" if len(now) > LONGEST else now
            self.add_error(name, CHANGED.format(shown) if shown else EMPTIED)
        return data

    def _rebased(self, posted: QueryDict) -> QueryDict:
        """What was posted, with the row's values in fields that the user left alone."""
        data = posted.copy()
        for name in self.fields:
            seen = posted.get(f"seen-{name}")
            if seen is None:
                continue
            typed, now = posted.get(name, ""), self.initial[name]
            if self._digest(name, typed) == seen:
                data[name] = now
            elif self._digest(name, now) not in (seen, self._digest(name, typed)):
                self.conflicts[name] = now
        return data

    def _digest(self, name: str, text: str) -> str:
        plain = self.plain(name, text).encode("utf-8", "replace")
        return blake2s(plain, digest_size=8).hexdigest()
