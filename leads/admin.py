"""What staff see of leads, by room."""

from leads.duplicates.admin import CatalogueLookAdmin, CatalogueMergeAdmin

__all__ = ["CatalogueLookAdmin", "CatalogueMergeAdmin"]
