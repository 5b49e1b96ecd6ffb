"""Reading scores: the rule in force, how scores are spread, and how they would be."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from accounts.profiles.queries import default_profile
from cursive.lib import tenancy
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.queries import jobs_of

from .fitting import FOLDS, Pattern
from .models import FittedScore, ScoreDay
from .rule import ICP_LISTS, Icp, Rule, today

KIND = "scoring"
BINS = 10
TREND_DAYS = 90
# A trial of other settings reads all leads up to so many; of more a sample, for an answer while
# somebody types. Its shares are right to about half a percent.
TRIED_AT_MOST = 200_000
SAMPLE = 50_000
LIVING = "lead.workspace_id = %(workspace)s AND lead.deleted_at IS NULL"


@dataclass(frozen=True, slots=True)
class Distribution:
    """How scores are spread: leads by ten points from 0 up, and all their scores added up."""

    bins: tuple[int, ...]
    total: int
    unscored: int = 0

    @property
    def leads(self) -> int:
        """How many have a score."""
        return sum(self.bins)

    @property
    def average(self) -> float:
        """The mean score; 0 without leads."""
        return round(self.total / self.leads, 1) if self.leads else 0.0

    def between(self, low: int, high: int) -> int:
        """How many score from `low` to `high`, a band whose edges are tens (L-9)."""
        return sum(self.bins[low // 10 : min(high, 99) // 10 + 1])


@dataclass(frozen=True, slots=True)
class Effect:
    """What other settings would make of the scores. `sampled` is of how many leads it is told,
    0 where it is told of all.
    """

    now: Distribution
    then: Distribution
    rising: int
    falling: int
    sampled: int


def icp_of(workspace_id: UUID) -> Icp:
    """Whom the workspace looks for, by its default profile."""
    profile = default_profile(workspace_id)
    return Icp.of({name: getattr(profile, name) for name in ICP_LISTS}) if profile else Icp()


def rule_of(workspace_id: UUID, day: date | None = None) -> Rule:
    """The rule by which the workspace's leads are scored, on `day` (today)."""
    fitted = fitted_of(workspace_id)
    weights = fitted.weights if fitted and fitted.is_on else None
    return Rule(icp_of(workspace_id), day or today(), weights)


def fitted_of(workspace_id: UUID) -> FittedScore | None:
    """The score that was fitted to the workspace's outcomes, whether in use or not."""
    return FittedScore.objects.filter(workspace_id=workspace_id).first()


def outcomes_of(workspace_id: UUID) -> list[Pattern]:
    """The workspace's won and lost leads by what their scores are made of, in five folds."""
    found = _rows(
        f"SELECT mod(get_byte(uuid_send(lead.id), 15), {FOLDS}), lead.score_factors::text,"
        " count(*) FILTER (WHERE lead.status = 'won'), count(*) FILTER (WHERE lead.status = 'lost')"
        f" FROM leads_lead lead WHERE {LIVING} AND lead.status IN ('won', 'lost')"
        " AND lead.score IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
        workspace_id,
    )
    return [Pattern(fold, json.loads(factors), won, lost) for fold, factors, won, lost in found]


def count_outcomes(workspace_id: UUID) -> tuple[int, int]:
    """How many leads were won, and how many lost."""
    found = _rows(
        "SELECT count(*) FILTER (WHERE lead.status = 'won'),"
        " count(*) FILTER (WHERE lead.status = 'lost') FROM leads_lead lead"
        f" WHERE {LIVING} AND lead.status IN ('won', 'lost')",
        workspace_id,
    )
    return found[0][0], found[0][1]


def has_leads(workspace_id: UUID) -> bool:
    """Whether there is anything to score."""
    return bool(_rows(f"SELECT 1 FROM leads_lead lead WHERE {LIVING} LIMIT 1", workspace_id))


def count_leads(workspace_id: UUID, at_most: int | None = None) -> int:
    """How many leads there are, counted no further than `at_most`."""
    found = f"SELECT 1 FROM leads_lead lead WHERE {LIVING} LIMIT %(most)s"
    return _rows(f"SELECT count(*) FROM ({found}) found", workspace_id, most=at_most)[0][0]


def distribution_of(workspace_id: UUID) -> Distribution:
    """How the workspace's scores are spread now."""
    return _distribution(
        _rows(
            f"SELECT {_bin('lead.score')}, count(*), sum(lead.score) FROM leads_lead lead"
            f" WHERE {LIVING} GROUP BY 1",
            workspace_id,
        )
    )


def effect_of(workspace_id: UUID, icp: Icp) -> Effect:
    """How the scores would be spread with another ideal customer; nothing is written.

    Computed by the rule itself on today's leads, so that saving gives just that. Where there are
    over 200,000 leads, a sample of about 50,000 is told of.
    """
    rule = replace(rule_of(workspace_id), icp=icp)
    leads = count_leads(workspace_id, TRIED_AT_MOST + 1)
    sampled, which = 0, "true"
    if leads > TRIED_AT_MOST:
        # The last bytes of an id are random, whatever its version; the same leads each time.
        share = SAMPLE / count_leads(workspace_id)
        last = "get_byte(uuid_send(lead.id), 14) * 256 + get_byte(uuid_send(lead.id), 15)"
        which = f"{last} < {round(share * 65_536)}"
    found = _rows(
        f"SELECT {_bin('old')}, {_bin('new')}, count(*), sum(old), sum(new),"
        " count(*) FILTER (WHERE new > coalesce(old, 0)), count(*) FILTER (WHERE new < old)"
        f" FROM (SELECT lead.score AS old, {rule.score} AS new FROM leads_lead lead"
        f" WHERE {LIVING} AND {which} OFFSET 0) tried GROUP BY 1, 2",
        workspace_id,
        **rule.params,
    )
    if leads > TRIED_AT_MOST:
        sampled = sum(row[2] for row in found)
    return Effect(
        now=_distribution([(old, n, total) for old, _, n, total, *_ in found]),
        then=_distribution([(new, n, total) for _, new, n, _, total, *_ in found]),
        rising=sum(row[5] for row in found),
        falling=sum(row[6] for row in found),
        sampled=sampled,
    )


def trend_of(workspace_id: UUID) -> list[ScoreDay]:
    """The last 90 days as the nightly runs left them, the oldest first."""
    since = today() - timedelta(days=TREND_DAYS)
    days = ScoreDay.objects.filter(workspace_id=workspace_id, day__gt=since)
    return list(days.order_by("day"))


def running_job(workspace_id: UUID) -> Job | None:
    """The job that scores the workspace's leads now, if any; the newest."""
    jobs = jobs_of(workspace_id, kind=KIND).filter(status__in=Job.ACTIVE)
    return jobs.order_by("-created_at").first()


def workspaces_to_score(day: date) -> list[UUID]:
    """The workspaces with leads that no run of `day` has finished yet. In a system context."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_workspace w"
            " WHERE EXISTS (SELECT 1 FROM leads_lead lead"
            "  WHERE lead.workspace_id = w.id AND lead.deleted_at IS NULL)"
            " AND NOT EXISTS (SELECT 1 FROM leads_scoreday d"
            "  WHERE d.workspace_id = w.id AND d.day = %s) ORDER BY id",
            [day],
        )
        return [row[0] for row in cursor.fetchall()]


def _bin(score: str) -> str:
    """An SQL expression for the ten points that a score is in; NULL (which least() skips) stays."""
    return f"CASE WHEN {score} IS NOT NULL THEN least({score} / 10, 9) END"


def _distribution(rows: Sequence[tuple[int | None, int, int | None]]) -> Distribution:
    """From (bin, leads, their scores added up), a bin as often as it comes; None is unscored."""
    bins = [0] * BINS
    total = unscored = 0
    for at, leads, scores in rows:
        if at is None:
            unscored += leads
        else:
            bins[at] += leads
            total += int(scores or 0)
    return Distribution(tuple(bins), total, unscored)


def _rows(statement: str, workspace_id: UUID, **params: Any) -> list[tuple[Any, ...]]:
    values: Mapping[str, Any] = {"workspace": workspace_id, **params}
    with tenancy.connection().cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
