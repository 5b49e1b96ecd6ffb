"""A logistic regression on the parts of the rule (L-10), and how well scores tell won from lost.

The parts have few values each, so thousands of leads fall into at most some hundred patterns:
what is fitted is counts by pattern, which plain Python does in well under a second.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .rule import MOST

# Recency is left out: how old a decided lead is today says when it was decided, not why.
PARTS = tuple(part for part in MOST if part != "recency")
FOLDS = 5
# A weak pull towards zero, so that a part that only winners have gets no endless weight.
RIDGE = 1.0
STEPS = 50


@dataclass(frozen=True, slots=True)
class Pattern:
    """Decided leads of one fold whose factors are the same: how many were won, how many lost."""

    fold: int
    factors: Mapping[str, int]
    won: int
    lost: int

    @property
    def features(self) -> tuple[float, ...]:
        """1, then each part's points as a share of the most that it gives."""
        return (1.0, *(self.factors.get(part, 0) / MOST[part] for part in PARTS))


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights by part for each of its points, and `base`; measured areas under the ROC curve."""

    weights: dict[str, float]
    auc: float
    rule_auc: float
    won: int
    lost: int


def fit(patterns: Sequence[Pattern]) -> Fit:
    """The regression on all patterns. Its AUC is that of predictions for leads that the
    predicting regression hasn't seen (five folds); the rule's needs no such care.

    Raises `ValueError` without both won and lost leads.
    """
    won, lost = sum(one.won for one in patterns), sum(one.lost for one in patterns)
    if not won or not lost:
        raise ValueError("there must be leads that were won and such that were lost")
    unseen = []
    for fold in sorted({one.fold for one in patterns}):
        weights = solve([one for one in patterns if one.fold != fold])
        unseen += [
            (_dot(weights, one.features), one.won, one.lost) for one in patterns if one.fold == fold
        ]
    base, *weights = solve(patterns)
    by_point = {part: weight / MOST[part] for part, weight in zip(PARTS, weights, strict=True)}
    by_rule = [(float(sum(one.factors.values())), one.won, one.lost) for one in patterns]
    return Fit({"base": base, **by_point}, area(unseen), area(by_rule), won, lost)


def solve(patterns: Iterable[Pattern]) -> list[float]:
    """The weights of `Pattern.features` that make won and lost likeliest, by Newton's steps."""
    counts: dict[tuple[float, ...], list[int]] = defaultdict(lambda: [0, 0])
    for one in patterns:
        counts[one.features][0] += one.won
        counts[one.features][1] += one.lost
    size = len(PARTS) + 1
    weights = [0.0] * size
    for _ in range(STEPS):
        # The base isn't pulled: how many leads are won at all is no part's merit.
        gradient = [0.0, *(-RIDGE * weight for weight in weights[1:])]
        curve = [[RIDGE * (i == j and i > 0) for j in range(size)] for i in range(size)]
        curve[0][0] = 1e-9
        for features, (won, lost) in counts.items():
            chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, _dot(weights, features)))))
            surprise = won - (won + lost) * chance
            spread = (won + lost) * chance * (1 - chance)
            for i, share in enumerate(features):
                if share:
                    gradient[i] += surprise * share
                    for j, other in enumerate(features):
                        curve[i][j] += spread * share * other
        step = _eliminate(curve, gradient)
        weights = [
            weight + max(-5.0, min(5.0, by)) for weight, by in zip(weights, step, strict=True)
        ]
        if max(map(abs, step)) < 1e-8:
            break
    return weights


def area(scored: Iterable[tuple[float, int, int]]) -> float:
    """The area under the ROC curve of (score, won, lost): how often a won lead scores higher than
    a lost one, a tie counted half. 0.5 is chance, 1 is perfect.
    """
    counts: dict[float, list[int]] = defaultdict(lambda: [0, 0])
    for score, won, lost in scored:
        counts[score][0] += won
        counts[score][1] += lost
    above = below = pairs = 0.0
    for _, (won, lost) in sorted(counts.items()):
        pairs += won * (below + lost / 2)
        above, below = above + won, below + lost
    return pairs / (above * below) if above and below else 0.5


def _dot(weights: Sequence[float], features: Sequence[float]) -> float:
    return sum(weight * one for weight, one in zip(weights, features, strict=True))


def _eliminate(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a symmetric positive system of a few equations."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for at in range(size):
        pivot = max(range(at, size), key=lambda one: abs(rows[one][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for below in range(at + 1, size):
            share = rows[below][at] / rows[at][at]
            if share:
                rows[below] = [a - share * b for a, b in zip(rows[below], rows[at], strict=True)]
    solution = [0.0] * size
    for at in reversed(range(size)):
        known = sum(rows[at][other] * solution[other] for other in range(at + 1, size))
        solution[at] = (rows[at][size] - known) / rows[at][at]
    return solution
