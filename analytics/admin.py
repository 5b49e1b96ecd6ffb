"""What staff see of analytics, by room."""

from analytics.jobs.admin import JobAdmin
from analytics.staff.admin import PAGES

__all__ = ["PAGES", "JobAdmin"]
