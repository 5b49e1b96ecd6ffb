"""What columns mean: the roles that matching knows, and which column of a table plays which.

A role is found by the column's name, so that any table of people or publications can be matched
without being told. A newcomer adds a name to a role's `names`, or a role to a schema.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Accents and case go; what isn't a letter or digit parts words.
PLAIN = (
    "nullif(trim(regexp_replace(lower(strip_accents(CAST({0} AS VARCHAR))),"
    " '[^\\p{{L}}\\p{{N}}]+', ' ', 'g')), '')"
)
LETTERS = (
    "nullif(regexp_replace(lower(strip_accents(CAST({0} AS VARCHAR))), '[^\\p{{L}}]', '', 'g'), '')"
)
SIGNS = (
    "nullif(regexp_replace(lower(strip_accents(CAST({0} AS VARCHAR))),"
    " '[^\\p{{L}}\\p{{N}}]', '', 'g'), '')"
)
DIGITS = "nullif(regexp_replace(CAST({0} AS VARCHAR), '[^0-9]', '', 'g'), '')"
ADDRESS = "nullif(lower(trim(CAST({0} AS VARCHAR))), '')"
HOST = "nullif(regexp_replace(lower(trim(CAST({0} AS VARCHAR))), '^(https?://)?(www\\.)?', ''), '')"


@dataclass(frozen=True, slots=True)
class Role:
    """What a column can be. `clean` is SQL with the column as {0}; it gives text or NULL."""

    name: str
    clean: str
    names: tuple[str, ...]


def find_roles(columns: Iterable[str], roles: Iterable[Role]) -> dict[str, str]:
    """Which column plays each role, by name: {role: column}. Each column plays one at most."""
    plain = {_plain_name(column): column for column in columns}
    found: dict[str, str] = {}
    taken: set[str] = set()
    for role in roles:
        for name in role.names:
            column = plain.get(name)
            if column is not None and column not in taken:
                found[role.name] = column
                taken.add(column)
                break
    return found


def clean_select(found: Mapping[str, str], roles: Iterable[Role]) -> str:
    """The SQL expressions that give a row's values under the names of their roles."""
    parts = [
        f"{role.clean.format(_quoted(found[role.name]))} AS {role.name}"
        for role in roles
        if role.name in found
    ]
    return ", ".join(parts)


def _plain_name(column: str) -> str:
    # Of a web address that names a property, only what comes last is its name.
    last = re.split(r"[#/]", column)[-1]
    return re.sub(r"[^a-z0-9]+", "_", last.lower()).strip("_")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
