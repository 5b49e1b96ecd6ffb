"""Checks a row by its own fields before it is saved."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models

from cursive.lib.errors import InvalidInput
from cursive.lib.texts import UNFIT_SENTENCE, is_fit


def check_fields(instance: models.Model, names: Collection[str]) -> None:
    """Raise `InvalidInput` with a sentence for each field of `names` that its model refuses, and
    for texts that can't be kept as they are.
    """
    others = {field.name for field in instance._meta.fields} - set(names)
    unfit = {name: UNFIT_SENTENCE for name in names if not _is_fit(instance, name)}
    if unfit:
        raise InvalidInput("Some fields can't be used as they are.", fields=unfit)
    try:
        instance.clean_fields(exclude=others)
    except ValidationError as error:
        raise InvalidInput(
            "Some fields can't be used as they are.",
            fields={name: " ".join(said) for name, said in error.message_dict.items()},
        ) from None


def _is_fit(instance: models.Model, name: str) -> bool:
    value = getattr(instance, name)
    lines = isinstance(instance._meta.get_field(name), models.TextField)
    texts = value if isinstance(value, list | tuple) else [value]
    return all(is_fit(text, lines=lines) for text in texts if isinstance(text, str))


def changes(
    instance: models.Model, values: dict[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """Set `values` on `instance`; returns (old, new) of those fields that really change."""
    old = {
        name: getattr(instance, name)
        for name, value in values.items()
        if getattr(instance, name) != value
    }
    for name in old:
        setattr(instance, name, values[name])
    return old, {name: values[name] for name in old}
