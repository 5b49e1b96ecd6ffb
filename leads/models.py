"""The tables of this app, by room."""

from leads.bulk.models import BulkChange, BulkFailure, BulkRun
from leads.catalogue.models import CatalogueMerge, CatalogueTombstone
from leads.duplicates.models import CatalogueLook, DuplicateCandidate, LeadMerge, PeopleApart
from leads.enrichment.models import Enrichment, MatchPart
from leads.imports.models import Import
from leads.imports.uploads.models import RememberedMapping, Upload
from leads.listing.models import ListColumns, SavedFilter
from leads.records.models import (
    Lead,
    LeadActivity,
    LeadContact,
    LeadNote,
    LeadTag,
    OwnedPeople,
)
from leads.scoring.models import FittedScore, ScoreDay
from leads.suppression.models import SuppressedContact
from leads.verification.models import Check, KnownAddress

__all__ = [
    "BulkChange",
    "BulkFailure",
    "BulkRun",
    "CatalogueLook",
    "CatalogueMerge",
    "CatalogueTombstone",
    "Check",
    "DuplicateCandidate",
    "Enrichment",
    "FittedScore",
    "Import",
    "KnownAddress",
    "Lead",
    "LeadActivity",
    "LeadContact",
    "LeadMerge",
    "LeadNote",
    "LeadTag",
    "ListColumns",
    "MatchPart",
    "OwnedPeople",
    "PeopleApart",
    "RememberedMapping",
    "SavedFilter",
    "ScoreDay",
    "SuppressedContact",
    "Upload",
]
