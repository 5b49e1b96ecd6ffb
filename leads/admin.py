"""What staff see of leads, by room."""

from leads.duplicates.admin import CatalogueLookAdmin, CatalogueMergeAdmin
from leads.suppression.admin import SuppressedContactAdmin

__all__ = ["CatalogueLookAdmin", "CatalogueMergeAdmin", "SuppressedContactAdmin"]
