"""Which ids of the catalogue are one person, because staff merged them (L-14)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pyroaring import BitMap


class Standing(NamedTuple):
    """How a version is read: who must not be found in it, and {id: who answers for it} for the
    merged people."""

    dead: BitMap
    answers: Mapping[int, int]


class Aliases:
    """All merges in force, chains followed: A into B and B into C make one person of three.

    Made of pairs (hidden id, kept id). `groups` has a tuple of ids a person: the one who is kept
    in the end, then the others, those that were merged into it directly first. `everyone` is in
    one of them. Read-only.
    """

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        kept_by = dict(pairs)
        members: dict[int, list[tuple[int, int]]] = {}
        for hidden in kept_by:
            at, steps = hidden, 0
            while at in kept_by and steps <= len(kept_by):  # the database lets no circle in
                at, steps = kept_by[at], steps + 1
            members.setdefault(at, []).append((steps, hidden))
        self.groups = tuple(
            (kept, *(hidden for _, hidden in sorted(of_it))) for kept, of_it in members.items()
        )
        self.everyone = BitMap(each for group in self.groups for each in group)
        self._group_of = {each: group for group in self.groups for each in group}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Aliases) and self.groups == other.groups

    def __hash__(self) -> int:
        return hash(self.groups)

    def all_of(self, number: int) -> tuple[int, ...]:
        """All ids of a person, the one who is kept in the end first."""
        return self._group_of.get(number, (number,))

    def kept_for(self, number: int) -> int:
        """Who is kept in the end for this one: itself, where it wasn't merged into another."""
        return self.all_of(number)[0]

    def with_same(self, ids: BitMap) -> BitMap:
        """The set with everybody who is the same person as one of it; a new set where it grows."""
        merged = ids & self.everyone
        if not merged:
            return ids
        return ids | BitMap(each for one in merged for each in self._group_of[one])

    def as_one(self, ids: BitMap) -> BitMap:
        """The set with one id for each person: the one who is kept in the end."""
        merged = ids & self.everyone
        if not merged:
            return ids
        return (ids - merged) | BitMap(self._group_of[one][0] for one in merged)

    def standing(self, gone: BitMap, there: BitMap) -> Standing:
        """How a version is read in which `there` of the merged people are; `gone` left for good.

        Of each person one record is found: the kept one, or the next where that isn't in this
        version, as after starting over or switching back. Whoever is merged is never lost by it.
        """
        hidden = BitMap()
        answers: dict[int, int] = {}
        for group in self.groups:
            living = [each for each in group if each not in gone]
            shown = next((each for each in living if each in there), None)
            if shown is not None:
                answers |= dict.fromkeys(living, shown)
                hidden.update(each for each in living if each != shown)
        return Standing(gone | hidden, answers)
