"""What staff see of leads, by room."""

from leads.duplicates.admin import CatalogueLookAdmin

__all__ = ["CatalogueLookAdmin"]
