"""Lists that are enriched, and who their rows are."""

import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from pyroaring import BitMap

from cursive.lib.tenancy import TenantModel
from leads.imports.uploads.models import Upload
from leads.records.mapping import Mapping

# As long as the file that was uploaded.
KEPT = datetime.timedelta(days=30)


class Enrichment(TenantModel):
    """One list: how it is read, what was found in the catalogue, and the jobs at work on it.

    `reading`, `columns` and `mapping` are the upload's as they were when matching began: what was
    promised is delivered, whatever is said of the upload later. Counts are of rows, but `people`.
    `found` and `ambiguous` are told to nobody before it is paid (ADR 0024).
    """

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200)
    reading = models.JSONField(help_text="delimiter, encoding, header, header_line, as said.")
    columns = models.JSONField(help_text="The names of the file's columns.")
    mapping = models.JSONField(help_text="As leads.records.mapping.Mapping has it.")
    country = models.CharField(max_length=2, help_text="Where phones without + are from.")

    preview_job_id = models.UUIDField(null=True)
    delivery_job_id = models.UUIDField(null=True)
    # What matching found; unset until it is over.
    matched_at = models.DateTimeField(null=True)
    rows = models.IntegerField(default=0)
    found = models.IntegerField(default=0)
    ambiguous = models.IntegerField(default=0)
    without_key = models.IntegerField(default=0, help_text="Rows that don't say who they are.")
    unreadable = models.IntegerField(default=0, help_text="Rows that aren't in the output.")
    people = models.IntegerField(default=0, help_text="Different people who were found.")
    people_ids = models.BinaryField(default=b"", help_text="Their ids, a Roaring bitmap.")
    sample = models.JSONField(default=list, help_text="Some of them, masked.")

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="enrichment_recent"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "id"], name="enrichment_of_workspace"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def columns_mapped(self) -> Mapping:
        """What the columns mean."""
        return Mapping.from_dict(self.mapping)

    def as_read(self) -> Upload:
        """The upload as it was read when matching began; not to be saved."""
        return Upload(id=self.upload_id, workspace_id=self.workspace_id, **self.reading)

    @property
    def is_matched(self) -> bool:
        """Whether it is known who was found, and so what it costs."""
        return self.matched_at is not None

    @property
    def is_expired(self) -> bool:
        """Whether its file, and who its rows are, are no longer kept."""
        return self.created_at + KEPT < timezone.now()

    def found_ids(self) -> BitMap:
        """The catalogue's ids of the people who were found."""
        stored = bytes(self.people_ids)
        return BitMap.deserialize(stored) if stored else BitMap()


class MatchPart(TenantModel):
    """Who some consecutive rows of a list are: five bytes a row, see `matches`.

    `start` is where reading the file begins for the first of them.
    """

    enrichment = models.ForeignKey(Enrichment, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    start = models.JSONField(null=True)
    rows = models.IntegerField()
    matches = models.BinaryField()

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "enrichment", "number"], name="match_part_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Part {self.number}"
