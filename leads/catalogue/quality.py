"""How good a record is, 0 to 100, where its source doesn't say.

- completeness, 45 points: what is there, by the weights below;
- verification, 30 points: e-mail verified 22, phone verified 8;
- freshness, 25 points: 25 less 1 for every 30 days since the source date, not under 0; none without
  a date.
"""

import datetime

#: Field → points when it is known; they add up to 45.
COMPLETENESS: dict[str, int] = {
    "first_name": 2,
    "last_name": 3,
    "email": 10,
    "phone": 6,
    "linkedin_url": 3,
    "title": 5,
    "seniority": 2,
    "department": 2,
    "company_name": 3,
    "company_domain": 2,
    "industry": 2,
    "employee_band": 2,
    "country": 1,
    "city": 1,
    "intent_topics": 1,
}


def quality_sql(as_of: datetime.date) -> str:
    """Return the score as SQL over a record's columns, on the day `as_of`."""
    complete = " + ".join(
        f"CASE WHEN {field} IS NOT NULL THEN {points} ELSE 0 END"
        for field, points in COMPLETENESS.items()
    )
    age = f"(DATE '{as_of.isoformat()}' - source_date)"
    return (
        f"CAST(({complete}) + CASE WHEN email_verified THEN 22 ELSE 0 END"
        " + CASE WHEN phone_verified THEN 8 ELSE 0 END"
        f" + CASE WHEN source_date IS NULL THEN 0 ELSE greatest(0, 25 - greatest(0, {age}) // 30)"
        " END AS INTEGER)"
    )
