"""Uploaded files, and what a workspace once said columns with these names mean."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from cursive.lib.tenancy import TenantModel
from leads.records.mapping import Mapping


class Upload(TenantModel):
    """One file, how it is read, and what its columns mean. The bytes are in storage.

    `purpose` is the code of a Purpose. `delimiter`, `encoding`, `header` and `header_line` (from 1)
    hold what somebody chose; empty and NULL mean that it was found out. `sample` holds some of the
    first rows.
    """

    purpose = models.CharField(max_length=20)
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField(help_text="Bytes.")
    kind = models.CharField(max_length=8)
    description = models.CharField(max_length=200)
    delimiter = models.CharField(max_length=1, blank=True, default="")
    encoding = models.CharField(max_length=20, blank=True, default="")
    header = models.BooleanField(null=True)
    header_line = models.IntegerField(null=True)
    has_header = models.BooleanField()
    columns = models.JSONField()
    sample = models.JSONField()
    header_key = models.CharField(max_length=32)
    mapping = models.JSONField(help_text="As leads.records.mapping.Mapping has it.")
    is_remembered = models.BooleanField(default=False, help_text="The mapping is an earlier one.")
    row_count = models.BigIntegerField(null=True, help_text="Unknown until it has been read.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    file_removed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-created_at"], name="upload_recent"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "id"], name="upload_of_workspace"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def storage_name(self) -> str:
        """Where the bytes are."""
        return f"uploads/{self.workspace_id}/{self.id}"

    @property
    def columns_mapped(self) -> Mapping:
        """What the columns mean."""
        return Mapping.from_dict(self.mapping)


class RememberedMapping(TenantModel):
    """What somebody said the columns of files with one header mean, for the next such file."""

    purpose = models.CharField(max_length=20)
    header_key = models.CharField(max_length=32)
    fields = models.JSONField(help_text="Column name → field, or null where it is left out.")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "purpose", "header_key"], name="mapping_remembered_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.header_key}"
