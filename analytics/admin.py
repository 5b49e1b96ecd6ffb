"""What staff see of analytics, by room."""

from analytics.staff.admin import PAGES

__all__ = ["PAGES"]
