"""Which column means what: guessed from names and values, or said by the user (L-18)."""

from __future__ import annotations

import csv
import difflib
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from cursive.lib.errors import InvalidInput
from leads.filters.vocabulary import STATUSES

from .column_names import (
    FULL_NAME,
    OWN_TARGETS,
    SEVERAL,
    TARGETS,
    field_of_name,
    is_about_others,
    own_field_of_name,
    reject_columns,
    squash,
)
from .column_values import fits, guess_by_values
from .dates import DayOrder, day_order
from .wordlists import words

_DATE_FIELDS = frozenset({"email_verified_at", "source_date"})
#: Where numeric dates begin with the month.
_MONTH_FIRST = frozenset({"US", "PH", "FM", "PW", "MH", "PR", "GU", "VI"})
_COMPANY_TABLE = words(
    "billingcity billingcountry billingstate annualrevenue numberofemployees accountnumber "
    "tickersymbol companyindustry numemp employeecount"
)
_ENOUGH = 0.5


class MappingError(InvalidInput):
    """A mapping names a column or field that there isn't, or one twice."""

    code = "invalid_mapping"

    @classmethod
    def saying(cls, sentence: str) -> MappingError:
        """The refusal, with the same sentence beside the field."""
        return cls(sentence, fields={"mapping": sentence})


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column of a file and the field that its values go to (None: left out).

    `confidence` is from 0 to 1; `why` says in a few words how it was found. `order` is how
    numeric dates are written, for date fields.
    """

    column: str
    field: str | None = None
    confidence: float = 0.0
    why: str = ""
    order: DayOrder | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """What each column of a file means, in the file's order."""

    columns: tuple[MappedColumn, ...]

    @property
    def fields(self) -> dict[str, list[int]]:
        """The columns' indexes by field."""
        found: dict[str, list[int]] = {}
        for index, each in enumerate(self.columns):
            if each.field:
                found.setdefault(each.field, []).append(index)
        return found

    @property
    def header_key(self) -> str:
        """The same for files with the same header, so that a mapping can be remembered."""
        return header_key(each.column for each in self.columns)

    def as_dict(self) -> dict[str, Any]:
        """A form that JSON can hold; `from_dict` reads it."""
        return {"columns": [asdict(each) for each in self.columns]}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Mapping:
        """Bring back what `as_dict` gave. Raises MappingError for anything else."""
        try:
            columns = tuple(MappedColumn(**each) for each in stored["columns"])
        except (KeyError, TypeError) as error:
            raise MappingError("This is not a stored mapping.") from error
        mapping = cls(columns)
        _check(mapping)
        return mapping

    def with_fields(
        self, chosen: dict[str, str | None], known: Sequence[str] = (*TARGETS, *OWN_TARGETS)
    ) -> Mapping:
        """Return the mapping with other fields for some columns (column → field, None: none).

        Raises MappingError for a column that there isn't, a field that isn't among `known`, and
        two columns for a field that takes one.
        """
        names = {each.column for each in self.columns}
        for column in chosen:
            if column not in names:
                raise _no_column(column, [each.column for each in self.columns])
        changed = tuple(
            replace(
                each,
                field=_field(chosen[each.column], known),
                confidence=1.0,
                why="chosen",
            )
            if each.column in chosen
            else each
            for each in self.columns
        )
        mapping = Mapping(changed)
        _check(mapping)
        return mapping


def header_key(columns: Iterable[str]) -> str:
    """Return a stable key of a list of column names."""
    text = "\x1f".join(" ".join(name.casefold().split()) for name in columns)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def guess_mapping(
    columns: Sequence[str],
    sample: Sequence[Sequence[str]],
    *,
    default_country: str | None = None,
    own: bool = False,
) -> Mapping:
    """Guess from names and from the values of some rows what each column means.

    A field is given to the column that fits best; only those in SEVERAL may have several. With
    `own`, what a workspace says of its leads itself (OWN_TARGETS) is recognised, too.
    """
    values = [
        [row[index] for row in sample if index < len(row) and row[index].strip()]
        for index in range(len(columns))
    ]
    squashed = {squash(name) for name in columns}
    ours = reject_columns(columns)
    guesses = [
        (name in ours and MappedColumn(name, why="added by us"))
        or (own and _guess_own(name, column_values))
        or _guess(name, column_values, default_country, squashed)
        for name, column_values in zip(columns, values, strict=True)
    ]
    _keep_best(guesses)
    return _with_orders(guesses, values, default_country)


def parse_mapping(
    text: str,
    columns: Sequence[str],
    sample: Sequence[Sequence[str]] = (),
    *,
    default_country: str | None = None,
    guess_rest: bool = True,
) -> Mapping:
    """Read a mapping such as 'First=first_name,"Mail, private"=email,#3=-'.

    A column is given by its name or as #number; `-` leaves it out. Columns that aren't named are
    guessed (`guess_rest`). Raises MappingError.
    """
    chosen: dict[int, str | None] = {}
    for entry in next(csv.reader([text], skipinitialspace=True), []):
        name, equals, field = entry.rpartition("=")
        if not entry.strip():
            continue
        if not equals or not name.strip():
            raise MappingError(f"'{entry.strip()}' is not of the form column=field.")
        index = _column_index(name.strip().strip('"'), columns)
        if index in chosen:
            raise MappingError(f"The column '{columns[index]}' is mapped twice.")
        chosen[index] = _field(field.strip())
    if not chosen:
        raise MappingError("The mapping is empty. Write it as column=field, with commas between.")
    taken = {field for field in chosen.values() if field} - SEVERAL
    rest = guess_mapping(columns, sample, default_country=default_country) if guess_rest else None
    result = []
    for index, name in enumerate(columns):
        if index in chosen:
            result.append(MappedColumn(name, chosen[index], 1.0, "said so"))
        elif rest is None or rest.columns[index].field in taken:
            result.append(MappedColumn(name))
        else:
            result.append(rest.columns[index])
    mapping = Mapping(tuple(result))
    _check(mapping)
    values = [[row[index] for row in sample if index < len(row)] for index in range(len(columns))]
    return _with_orders(list(mapping.columns), values, default_country)


def _guess(
    name: str, values: list[str], default_country: str | None, squashed: set[str]
) -> MappedColumn:
    by_name = field_of_name(name)
    if by_name is not None and not is_about_others(name):
        field, confidence = by_name
        if _is_of_companies(squashed):
            if field == "phone":
                # A switchboard is nobody's number, and would make everyone there the same person.
                return MappedColumn(name)
            field = "company_name" if field == FULL_NAME else field
        fitting = fits(field, values, default_country)
        if fitting is None:
            return MappedColumn(name, field, confidence, f"called '{name}'")
        if fitting >= 0.3:
            return MappedColumn(
                name, field, confidence * (0.7 + 0.3 * fitting), f"called '{name}', values fit"
            )
        by_name = None
    if not is_about_others(name):
        found = guess_by_values(values)
        if found is not None:
            field, share = found
            return MappedColumn(name, field, 0.8 * share, "by its values")
    return MappedColumn(name)


def _guess_own(name: str, values: list[str]) -> MappedColumn | None:
    """What a column of a workspace's own means; a status only where most values are ours."""
    field = own_field_of_name(name)
    if field is None or field_of_name(name) is not None:
        return None
    if field == "status":
        known = {word.casefold() for pair in STATUSES.items() for word in pair}
        fitting = sum(value.strip().casefold() in known for value in values)
        if fitting * 2 < len(values) or not fitting:
            return None
    return MappedColumn(name, field, 0.9, f"called '{name}'")


def _is_of_companies(squashed: set[str]) -> bool:
    """Whether a table with a column 'Name' lists companies: nothing in it is about a person."""
    personal = {"firstname", "lastname", "email", "jobtitle", "title", "company", "companyname"}
    return bool(squashed & _COMPANY_TABLE) and not squashed & personal


def _keep_best(guesses: list[MappedColumn]) -> None:
    """Leave out the less likely ones of several columns for a field that takes one."""
    best: dict[str, int] = {}
    for index, guess in enumerate(guesses):
        if not guess.field:
            continue
        if guess.confidence < _ENOUGH:
            guesses[index] = MappedColumn(guess.column)
        elif guess.field not in SEVERAL:
            other = best.get(guess.field)
            if other is None or guess.confidence > guesses[other].confidence:
                best[guess.field] = index
    for index, guess in enumerate(guesses):
        if guess.field and guess.field not in SEVERAL and best[guess.field] != index:
            guesses[index] = MappedColumn(guess.column)
    fields = {guess.field for guess in guesses}
    if {"first_name", "last_name"} <= fields and FULL_NAME in fields:
        # A full name beside its parts adds nothing.
        index = best[FULL_NAME]
        guesses[index] = MappedColumn(guesses[index].column)


def _with_orders(
    columns: list[MappedColumn], values: list[list[str]], default_country: str | None
) -> Mapping:
    month_first = default_country is None or default_country.upper() in _MONTH_FIRST
    usual: DayOrder = "mdy" if month_first else "dmy"
    return Mapping(
        tuple(
            replace(each, order=day_order(column_values, usual))
            if each.field in _DATE_FIELDS
            else each
            for each, column_values in zip(columns, values, strict=True)
        )
    )


def _check(mapping: Mapping) -> None:
    for field, indexes in mapping.fields.items():
        if field not in TARGETS and field not in OWN_TARGETS:
            raise _no_field(field)
        if len(indexes) > 1 and field not in SEVERAL:
            names = " and ".join(f"'{mapping.columns[index].column}'" for index in indexes[:2])
            raise MappingError.saying(f"Two columns can't both be {field}: {names}.")


def _field(text: str | None, known: Sequence[str] = TARGETS) -> str | None:
    if text is None or text in {"", "-"}:
        return None
    name = text.strip().lower().replace(" ", "_").replace("-", "_")
    if name in known:
        return name
    raise _no_field(text, known)


def _no_field(text: str, known: Sequence[str] = TARGETS) -> MappingError:
    named = field_of_name(text)
    close = difflib.get_close_matches(text.lower(), known, n=1, cutoff=0.5)
    hint = named[0] if named and named[0] in known else close[0] if close else ""
    advice = f" Did you mean '{hint}'?" if hint else f" Fields are: {', '.join(known)}."
    return MappingError.saying(f"There is no field '{text}'.{advice}")


def _no_column(name: str, columns: Sequence[str]) -> MappingError:
    close = difflib.get_close_matches(name, columns, n=1, cutoff=0.5)
    listed = ", ".join(columns[:20]) + (" …" if len(columns) > 20 else "")
    advice = f" Did you mean '{close[0]}'?" if close else f" The file has: {listed}."
    return MappingError.saying(f"The file has no column '{name}'.{advice}")


def _column_index(name: str, columns: Sequence[str]) -> int:
    if name in columns:
        return list(columns).index(name)
    if name.startswith("#") and name[1:].isascii() and name[1:].isdecimal():
        index = int(name[1:6]) - 1
        if 0 <= index < len(columns):
            return index
    alike = [at for at, each in enumerate(columns) if squash(each) == squash(name) and squash(name)]
    if len(alike) == 1:
        return alike[0]
    raise _no_column(name, columns)
