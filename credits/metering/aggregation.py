"""The sums of days: what the usage page and the API read instead of every call (C-18)."""

from datetime import UTC, date, datetime, time, timedelta

from cursive.lib import tenancy
from cursive.lib.slots.models import Slot
from cursive.lib.slots.operations import take_slot
from cursive.lib.tenancy import atomic, system_context

from .queries import AGGREGATION, COUNTED, DAYS_KEPT

# The last days are summed up again, for calls that were written late.
AGAIN = timedelta(days=2)
_DAY = "created_at >= %(start)s AND created_at < %(end)s"
BY_ENDPOINT = f"""
INSERT INTO usage_daily
    (id, workspace_id, day, endpoint, calls, errors, refused, p50_ms, p95_ms)
SELECT gen_random_uuid(), workspace_id, %(day)s, endpoint, {COUNTED},
    percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE counted),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE counted)
FROM credits_apicall WHERE {_DAY} GROUP BY workspace_id, endpoint
ON CONFLICT (workspace_id, day, endpoint) DO UPDATE SET calls = EXCLUDED.calls,
    errors = EXCLUDED.errors, refused = EXCLUDED.refused, p50_ms = EXCLUDED.p50_ms,
    p95_ms = EXCLUDED.p95_ms
"""
BY_KEY = f"""
INSERT INTO credits_dailykeyusage (id, workspace_id, day, key_id, calls, errors, refused)
SELECT gen_random_uuid(), workspace_id, %(day)s, key_id, {COUNTED}
FROM credits_apicall WHERE {_DAY} GROUP BY workspace_id, key_id
ON CONFLICT (workspace_id, day, key_id) DO UPDATE SET calls = EXCLUDED.calls,
    errors = EXCLUDED.errors, refused = EXCLUDED.refused
"""


def aggregate_usage(today: date) -> list[date]:
    """Sum up all days before `today` that aren't yet, once for each `today`; the days summed.

    Whatever was missed meanwhile is caught up, as far back as calls are kept.
    """
    with system_context(), atomic():
        before = Slot.objects.filter(name=AGGREGATION, slot__lt=today.isoformat())
        latest = before.order_by("-slot").values_list("slot", flat=True).first()
        if not take_slot(AGGREGATION, today.isoformat()):
            return []
        oldest = today - timedelta(days=DAYS_KEPT)
        first = max(oldest, date.fromisoformat(latest) - AGAIN) if latest else oldest
        days = [first + timedelta(days=more) for more in range((today - first).days)]
        for day in days:
            _sum_up(day)
    return days


def _sum_up(day: date) -> None:
    start = datetime.combine(day, time.min, tzinfo=UTC)
    values = {"day": day, "start": start, "end": start + timedelta(days=1)}
    with tenancy.connection().cursor() as cursor:
        cursor.execute(BY_ENDPOINT, values)
        cursor.execute(BY_KEY, values)
