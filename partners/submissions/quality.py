"""The quality of leads, 0 to 100, in four parts (P-4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cursive.lib import tenancy
from partners.commission.scores import freshness_sql

from .models import MOST

#: What a lead is complete with: each is worth the same.
COMPLETE = ("phone", "company", "title", "linkedin")

# The same formula as `points_of`, for many listings at once. Shares add up before they are rounded.
# Locked in the order of ids, as everywhere: who buys may name drafts, too.
_PARTS = f"""
    CASE WHEN verification_status = 'valid' THEN 1.0 ELSE 0.0 END AS verified,
    (has_phone::int + (company_name <> '')::int + (title <> '')::int + has_linkedin::int) / 4.0
        AS completeness,
    {freshness_sql("%(today)s::date - collected_on")} / 100.0 AS freshness
"""
_UPDATE = f"""
    UPDATE marketplace_listing l SET quality = round(
        {MOST["verified"]} * p.verified + {MOST["completeness"]} * p.completeness
        + {MOST["freshness"]} * p.freshness + {MOST["uniqueness"]} * p.uniqueness)
"""
_GRADE = f"""
    {_UPDATE} FROM (
        SELECT id, {_PARTS}, %(unique)s::numeric AS uniqueness FROM marketplace_listing
        WHERE submission_id = %(submission)s AND line > %(after)s AND line <= %(until)s
            AND status = 'draft'
        ORDER BY id FOR UPDATE
    ) p WHERE l.id = p.id
"""
# The share of a file's rows that aren't duplicates is kept with its submission.
_GRADE_AGAIN = f"""
    {_UPDATE} FROM (
        SELECT id, {_PARTS}, coalesce((
            SELECT 1 - (s.doubles_in_file + s.doubles_own + s.doubles_others + s.doubles_market)
                / nullif(s.rows, 0)::numeric
            FROM partners_submission s WHERE s.workspace_id = seller_id AND s.id = submission_id
        ), 0) AS uniqueness
        FROM marketplace_listing WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE
    ) p WHERE l.id = p.id
"""
_MEANS = f"""
    SELECT avg(verified), avg(completeness), avg(freshness)
    FROM (
        SELECT {_PARTS} FROM marketplace_listing
        WHERE submission_id = %(submission)s AND status = 'draft'
    ) p
"""


@dataclass(frozen=True, slots=True)
class Shares:
    """How good leads are in each part, 0 to 1: of one lead, or the mean of many."""

    verified: float
    completeness: float
    freshness: float
    uniqueness: float


def uniqueness(rows: int, duplicates: int) -> float:
    """The share of a file's rows that aren't duplicates; 0 of an empty file."""
    return (rows - duplicates) / rows if rows else 0.0


def points_of(shares: Shares) -> dict[str, int]:
    """Points by part, each rounded: verified share 40, completeness (phone, company, title,
    LinkedIn) 30, freshness 20, uniqueness 10. A submission's quality is their sum."""
    return {name: round(most * getattr(shares, name)) for name, most in MOST.items()}


def grade_listings(
    *, submission_id: UUID, unique: float, today: date, after: int, until: int
) -> int:
    """Write the quality of a submission's drafts of lines after `after` up to `until`; how many.

    `unique` is the share of its file's rows that aren't duplicates, which all of them get.
    """
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            _GRADE,
            {
                "submission": submission_id,
                "unique": unique,
                "today": today,
                "after": after,
                "until": until,
            },
        )
        return cursor.rowcount


def grade_again(*, listing_ids: Sequence[int], today: date) -> int:
    """Write the quality that listings have by now, after their addresses were asked about; how
    many. In the caller's transaction."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(_GRADE_AGAIN, {"ids": sorted(listing_ids), "today": today})
        return cursor.rowcount


def grade_submission(*, submission_id: UUID, unique: float, today: date) -> Mapping[str, int]:
    """The points by part of a submission's drafts taken together."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(_MEANS, {"submission": submission_id, "today": today})
        verified, completeness, fresh = (float(value or 0) for value in cursor.fetchone())
    return points_of(Shares(verified, completeness, fresh, unique))
