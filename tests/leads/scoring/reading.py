"""L-7's table, read plainly: what a score is made of, one lead at a time, without SQL."""

import re
from datetime import UTC, date
from typing import Any

from leads.filters.text import fold, topic_form


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", fold(text)))


def points(lead: dict[str, Any], icp: dict[str, list[str]], day: date) -> dict[str, int]:
    """The points by part. `lead` has the columns of a lead, `icp` the lists of a profile."""
    found = {"email": 0, "phone": 0, "size": 0, "industry": 0}
    if lead["email_verified"] or lead["verification_status"] == "valid":
        found["email"] = 20
    if lead["phone_verified"]:
        found["phone"] = 10
    if lead["employee_band"] in (icp["employee_bands"] or ["201-500", "501-1000"]):
        found["size"] = 15
    if lead["industry"] in icp["industries"]:
        found["industry"] = 10
    seen = lead["created_at"]
    if lead["source"] == "pixel":
        found["pages"] = min(20, max(0, 3 * (lead["pages_viewed"] or 0)))
        found["minutes"] = min(10, max(0, lead["seconds_on_site"] or 0) // 60)
        seen = max(seen, lead["last_seen_at"] or seen)
    else:
        found["title"] = found["topic"] = 0
        title = words(lead["title"])
        if any(words(wanted) and words(wanted) <= title for wanted in icp["titles"]):
            found["title"] = 15
        topics = {topic_form(topic) for topic in icp["intent_topics"]} - {""}
        if topics & set(lead["intent_topics"]):
            found["topic"] = 15
    days_old = (day - seen.astimezone(UTC).date()).days
    found["recency"] = min(15, max(0, 15 - days_old))
    return found
