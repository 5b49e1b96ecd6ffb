"""Reading what was counted and recorded. Days are days of UTC, as the plans' periods are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.keys.models import ApiKey
from credits.plans.queries import Terms, current_terms
from cursive.lib import tenancy
from cursive.lib.slots.models import Slot

from .counting import Period, total_of

DAYS_KEPT = 90
# A forecast goes by the last days, as far as there are any.
FORECAST_DAYS = 7
# Each run of the daily task takes a slot named after the day; all days before that are summed.
AGGREGATION = "aggregate-usage"

# The sums of days that are over, and the calls since: together every day once.
COUNTED = """
count(*) FILTER (WHERE counted) AS calls,
count(*) FILTER (WHERE counted AND status >= 400) AS errors,
count(*) FILTER (WHERE NOT counted) AS refused
"""
_SUMMED = "workspace_id = %(workspace)s AND day >= %(since)s AND day < %(summed)s"
_LIVE = "workspace_id = %(workspace)s AND created_at >= %(live)s AND created_at < %(end)s"
DAYS = f"""
SELECT day, sum(calls)::bigint, sum(errors)::bigint, sum(refused)::bigint FROM (
    SELECT day, calls, errors, refused FROM usage_daily WHERE {_SUMMED}
    UNION ALL
    SELECT (created_at AT TIME ZONE 'UTC')::date, {COUNTED}
    FROM credits_apicall WHERE {_LIVE} GROUP BY 1
) both_parts GROUP BY day
"""
# Medians of days can't be added up: the mean, each day by its calls, says about the same.
ENDPOINTS = f"""
SELECT endpoint, sum(calls)::bigint, sum(errors)::bigint, sum(refused)::bigint,
    sum(p50_ms * calls) / nullif(sum(calls), 0), sum(p95_ms * calls) / nullif(sum(calls), 0)
FROM (
    SELECT endpoint, calls, errors, refused, p50_ms, p95_ms FROM usage_daily WHERE {_SUMMED}
    UNION ALL
    SELECT endpoint, {COUNTED},
        percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE counted),
        percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE counted)
    FROM credits_apicall WHERE {_LIVE} GROUP BY 1
) both_parts GROUP BY endpoint ORDER BY 2 DESC, 1
"""
KEYS = f"""
SELECT key_id, sum(calls)::bigint, sum(errors)::bigint, sum(refused)::bigint FROM (
    SELECT key_id, calls, errors, refused FROM credits_dailykeyusage WHERE {_SUMMED}
    UNION ALL
    SELECT key_id, {COUNTED} FROM credits_apicall WHERE {_LIVE} GROUP BY 1
) both_parts GROUP BY key_id ORDER BY 2 DESC, 1
"""


def calls_in_period(workspace_id: UUID, period_start: datetime) -> int:
    """The API calls that count in the workspace's period: what limits and bills use.

    Refused ones are not among them. Exact at any time; one query and one round trip to Redis.
    Without Redis it may lack the last seconds of a process that was just killed.
    """
    return total_of(Period(workspace_id, period_start))


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls, those of them that were answered with 400 or more, and what a limit refused."""

    calls: int = 0
    errors: int = 0
    refused: int = 0

    @property
    def error_percent(self) -> float:
        """Errors in percent of the calls."""
        return 100 * self.errors / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Day:
    """The calls of one day."""

    day: date
    tally: Tally


@dataclass(frozen=True, slots=True)
class EndpointUsage:
    """The calls of one route. `path` is its address with the names of what varies."""

    endpoint: str
    path: str
    tally: Tally
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """The calls with one API key; without one those of people who are signed in."""

    key_id: UUID | None
    name: str
    prefix: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Summary:
    """Where a workspace stands in its period. Money is in US$, as of now and as forecast."""

    terms: Terms
    today: int
    calls: int
    forecast: int

    @property
    def limit(self) -> int | None:
        """Calls that the plan includes, None where it has no limit."""
        return self.terms.calls

    @property
    def remaining(self) -> int | None:
        """How many of them are left."""
        return None if self.limit is None else max(0, self.limit - self.calls)

    @property
    def charged(self) -> bool:
        """Whether calls past the limit are charged, and not refused."""
        return self.terms.call_price_usd is not None

    @property
    def overage_calls(self) -> int:
        """Calls past the limit so far."""
        return self._past(self.calls)

    @property
    def overage_usd(self) -> Decimal:
        """What they cost."""
        return self._price(self.overage_calls)

    @property
    def forecast_overage_usd(self) -> Decimal:
        """What they will cost at the period's end, if it goes on like this."""
        return self._price(self._past(self.forecast))

    @property
    def last_day(self) -> date:
        """The period's last day."""
        return (self.terms.period_end - timedelta(seconds=1)).astimezone(UTC).date()

    def _past(self, calls: int) -> int:
        return max(0, calls - self.limit) if self.charged and self.limit is not None else 0

    def _price(self, calls: int) -> Decimal:
        price = (self.terms.call_price_usd or Decimal(0)) * calls
        return price.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def summary_of(workspace_id: UUID, days: Sequence[Day]) -> Summary:
    """Where the workspace stands now; `days` are the last days up to today, at least a week."""
    now = timezone.now()
    terms = current_terms(workspace_id, now)
    calls = calls_in_period(workspace_id, terms.period_start)
    left = max(timedelta(0), terms.period_end - now) / timedelta(days=1)
    return Summary(
        terms,
        today=days[-1].tally.calls,
        calls=calls,
        forecast=calls + round(_calls_a_day(days) * left),
    )


def _calls_a_day(days: Sequence[Day]) -> float:
    """The mean of the last whole days since the first call; of today where there is no other."""
    *before, today = [day.tally.calls for day in days]
    first = next((at for at, calls in enumerate(before) if calls), len(before))
    recent = before[first:][-FORECAST_DAYS:]
    return sum(recent) / len(recent) if recent else today


def days_of(workspace_id: UUID, days: int) -> list[Day]:
    """The last `days` days, oldest first, today last; also those without a call."""
    span = _last(days)
    found = {row[0]: Tally(*row[1:]) for row in _ask(DAYS, workspace_id, span)}
    each = [span[0] + timedelta(days=more) for more in range(days)]
    return [Day(day, found.get(day, Tally())) for day in each]


def endpoints_of(workspace_id: UUID, days: int) -> list[EndpointUsage]:
    """Usage by endpoint in the last `days` days, most called first."""
    return _endpoints(workspace_id, _last(days))


def endpoints_on(workspace_id: UUID, day: date) -> list[EndpointUsage]:
    """Usage by endpoint on one day, most called first."""
    return _endpoints(workspace_id, (day, day + timedelta(days=1)))


def _endpoints(workspace_id: UUID, span: tuple[date, date]) -> list[EndpointUsage]:
    return [
        EndpointUsage(name, path_of(name), Tally(calls, errors, refused), p50, p95)
        for name, calls, errors, refused, p50, p95 in _ask(ENDPOINTS, workspace_id, span)
    ]


def keys_of_usage(workspace_id: UUID, days: int) -> list[KeyUsage]:
    """Usage by key in the last `days` days, most used first."""
    rows = _ask(KEYS, workspace_id, _last(days))
    known = {
        key_id: (name, prefix)
        for key_id, name, prefix in ApiKey.objects.filter(
            workspace_id=workspace_id, id__in=[row[0] for row in rows if row[0]]
        ).values_list("id", "name", "prefix")
    }
    return [KeyUsage(row[0], *_key_words(row[0], known), Tally(*row[1:])) for row in rows]


def _key_words(key_id: UUID | None, known: dict[UUID, tuple[str, str]]) -> tuple[str, str]:
    if key_id is None:
        return "Signed in", ""
    return known.get(key_id, ("A key that is gone", ""))


def _last(days: int) -> tuple[date, date]:
    """[from, to) of the last `days` days, today among them."""
    tomorrow = timezone.now().astimezone(UTC).date() + timedelta(days=1)
    return tomorrow - timedelta(days=days), tomorrow


def _ask(statement: str, workspace_id: UUID, span: tuple[date, date]) -> list[tuple[Any, ...]]:
    since, until = span
    summed = min(max(since, summed_until() or since), until)
    values: dict[str, Any] = {
        "workspace": workspace_id,
        "since": since,
        "summed": summed,
        "live": datetime.combine(summed, time.min, tzinfo=UTC),
        "end": datetime.combine(until, time.min, tzinfo=UTC),
    }
    with tenancy.connection().cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def summed_until() -> date | None:
    """The first day whose calls the daily task has not summed up."""
    latest = Slot.objects.filter(name=AGGREGATION).aggregate(latest=Max("slot"))["latest"]
    return date.fromisoformat(latest) if latest else None


def path_of(endpoint: str) -> str:
    """A route's address as people read it: '/api/leads/{lead_id}'; its name where it is gone."""
    return _paths().get(endpoint, endpoint)


@cache
def _paths() -> dict[str, str]:
    return dict(_walk(get_resolver(), "/", ()))


def _walk(resolver: URLResolver, prefix: str, spaces: tuple[str, ...]) -> list[tuple[str, str]]:
    found = []
    for pattern in resolver.url_patterns:
        path = prefix + _readable(pattern)
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            found += _walk(pattern, path, inner)
        elif isinstance(pattern, URLPattern) and pattern.name and path.startswith("/api/"):
            found.append((":".join((*spaces, pattern.name)), path))
    return found


def _readable(pattern: URLPattern | URLResolver) -> str:
    """'leads/<uuid:lead_id>' → 'leads/{lead_id}'."""
    parts = str(pattern.pattern).split("<")
    named = [part.partition(">") for part in parts[1:]]
    return parts[0] + "".join(f"{{{name.rpartition(':')[2]}}}{rest}" for name, _, rest in named)
