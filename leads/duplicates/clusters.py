"""From likely pairs to groups of records that are one thing.

Pairs alone would chain: A is like B, B is like C, and strangers end in one group. Here two groups
come together only where the average over all their pairs speaks for it, those included that
nobody looked at, which speak against it.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable

Pair = tuple[int, int, float]

#: The average evidence (bits) from which two groups are one.
LEAST = -2.0
#: What a pair counts that wasn't looked at, or fell below the floor.
ABSENT = -5.0
#: No pair says more than this, so that one certain pair can't outvote many doubtful ones.
BOUND = 12.0


def group_by_average(pairs: Iterable[Pair]) -> list[list[int]]:
    """The groups of two and more, by average linkage: the most alike come together first."""
    linkage = _Linkage(pairs)
    linkage.run()
    return linkage.groups()


def assign_pairs(pairs: Iterable[Pair], *, least: float = LEAST) -> list[tuple[int, int]]:
    """Pairs of two clean tables, best first; a record that has its match is left out after."""
    taken: set[int] = set()
    kept = []
    for left, right, weight in sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1])):
        if weight >= least and left not in taken and right not in taken:
            taken |= {left, right}
            kept.append((left, right))
    return kept


class _Linkage:
    """Groups that are merged step by step; what lies between two is a sum and a count of pairs."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self.between: dict[int, dict[int, tuple[float, int]]] = defaultdict(dict)
        for left, right, weight in pairs:
            bounded = (max(-BOUND, min(BOUND, weight)), 1)
            self.between[left][right] = self.between[right][left] = bounded
        self.members = {record: [record] for record in self.between}
        # A queued step is out of date once one of its groups has grown.
        self.version = dict.fromkeys(self.between, 0)
        self.queue: list[tuple[float, int, int, int, int]] = []

    def run(self) -> None:
        """Merge until no two groups are alike enough."""
        for left, near in self.between.items():
            for right in near:
                if left < right:
                    self._queue(left, right)
        while self.queue:
            _, left, right, left_version, right_version = heapq.heappop(self.queue)
            current = self.version.get(left), self.version.get(right)
            if current == (left_version, right_version):
                self._merge(left, right)

    def groups(self) -> list[list[int]]:
        """The groups with more than one member, each in order."""
        return sorted(sorted(group) for group in self.members.values() if len(group) > 1)

    def _queue(self, left: int, right: int) -> None:
        total, known = self.between[left][right]
        every = len(self.members[left]) * len(self.members[right])
        average = (total + (every - known) * ABSENT) / every
        if average >= LEAST:
            step = (-average, left, right, self.version[left], self.version[right])
            heapq.heappush(self.queue, step)

    def _merge(self, kept: int, gone: int) -> None:
        if len(self.between[kept]) < len(self.between[gone]):
            kept, gone = gone, kept
        near = self.between.pop(gone)
        del near[kept], self.between[kept][gone], self.version[gone]
        self.members[kept] += self.members.pop(gone)
        self.version[kept] += 1
        ours = self.between[kept]
        for other, (total, known) in near.items():
            del self.between[other][gone]
            our_total, our_known = ours.get(other, (0.0, 0))
            both = (our_total + total, our_known + known)
            ours[other] = self.between[other][kept] = both
        for other in ours:
            self._queue(kept, other)
