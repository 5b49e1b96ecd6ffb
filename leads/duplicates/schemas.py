"""The words in which a kind of record is described to the matcher, and SQL they share.

A schema is used as far as a table has its roles: a comparison, a level or a key that needs a role
which no column plays is left out.
"""

import re
from dataclasses import dataclass

from .roles import Role

_SIDES = re.compile(r"\b([a-z_]+)_[lr]\b")
_TEXT = re.compile(r"'[^']*'")
_WORD = re.compile(r"[a-z_]+")


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of likeness: true where one of `conditions`, SQL over `<role>_l` and `_r`, is.

    `m` is how often a value of true duplicates falls into it. Where `rare` names a role, the same
    rare value says more than the same frequent one.
    """

    label: str
    conditions: tuple[str, ...]
    m: float
    rare: str = ""
    #: Strangers fall into it at least so often, once what it follows from is the same.
    least_u: float = 0.0

    def usable(self, roles: frozenset[str]) -> tuple[str, ...]:
        """The conditions that a table with these roles can answer."""
        return tuple(sql for sql in self.conditions if sides_of(sql) <= roles)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Levels of one role from the closest to the loosest; what fits none is different."""

    role: str
    levels: tuple[Level, ...]
    #: The `m` of what fits no level.
    different: float

    #: Where nothing can be said, SQL; empty: where the role is unknown on a side.
    nothing: str = ""

    @property
    def unknown(self) -> str:
        """Where nothing can be said, SQL."""
        return self.nothing or f"{self.role}_l IS NULL OR {self.role}_r IS NULL"


@dataclass(frozen=True, slots=True)
class Derived:
    """A role that is made from others where no column plays it."""

    role: str
    needs: tuple[str, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A kind of record. A pair is looked at where one of `keys`, SQL over roles, is the same.

    Of each role in `words`, a list, any two rare words together are a key too.
    """

    name: str
    roles: tuple[Role, ...]
    derived: tuple[Derived, ...]
    comparisons: tuple[Comparison, ...]
    keys: tuple[str, ...]
    words: tuple[str, ...] = ()

    def usable_keys(self, roles: frozenset[str]) -> tuple[str, ...]:
        """The keys that a table with these roles has."""
        known = {role.name for role in self.roles} | {one.role for one in self.derived}
        return tuple(
            key for key in self.keys if set(_WORD.findall(_TEXT.sub("", key))) & known <= roles
        )


def sides_of(sql: str) -> frozenset[str]:
    """The roles that a condition over two sides asks for."""
    return frozenset(_SIDES.findall(_TEXT.sub("", sql)))


def same(role: str) -> str:
    """Both sides are equal."""
    return f"{role}_l = {role}_r"


def alike(role: str, least: float) -> str:
    """Jaro-Winkler similarity, 0 to 1."""
    return f"jaro_winkler_similarity({role}_l, {role}_r) >= {least}"


def slips(role: str, most: int) -> str:
    """At most so many letters mistaken, left out, added or swapped."""
    near = f"abs(len({role}_l) - len({role}_r)) <= {most}"  # cheap, and most pairs end here
    # A swap is two steps of Levenshtein's, so this loses none, and is six times as fast.
    nearer = f"levenshtein({role}_l, {role}_r) <= {2 * most}"
    return f"{near} AND {nearer} AND damerau_levenshtein({role}_l, {role}_r) <= {most}"


def within(role: str) -> tuple[str, str]:
    """One text has the other in it, word for word."""
    left, right = f"' ' || {role}_l || ' '", f"' ' || {role}_r || ' '"
    return f"contains({left}, {right})", f"contains({right}, {left})"


def shared(words: str, least: float) -> str:
    """This share of the words of the shorter side is on the other."""
    common = f"len(list_intersect({words}_l, {words}_r))"
    return f"{common} >= {least} * greatest(1, least(len({words}_l), len({words}_r)))"


def overlap(words: str, least: float) -> str:
    """This share of the words of both sides is common (Jaccard)."""
    common = f"len(list_intersect({words}_l, {words}_r))"
    return f"{common} >= {least} * (len({words}_l) + len({words}_r) - {common})"


def simple(role: str, exact: float, close: float, different: float) -> Comparison:
    """The same, nearly so, or different: for what needs no words of its own."""
    return Comparison(
        role,
        (
            Level("same", (same(role),), exact, role),
            Level("similar", (alike(role, 0.88), *within(role)), close),
        ),
        different,
    )


def words_of(role: str) -> str:
    """The distinct words of a role's text, SQL."""
    return f"list_distinct(string_split({role}, ' '))"
