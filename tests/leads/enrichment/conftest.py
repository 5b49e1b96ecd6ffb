"""Acme with credits and the small catalogue, and storage of the test's own."""

import pytest

from tests import cast
from tests.catalogue import catalogue
from tests.leads.records.pulling import give

__all__ = ["catalogue"]


@pytest.fixture
def acme(catalogue):
    """Acme with 100 credits, Alice, and her actor as attributes."""
    workspace, alice = cast.acme()
    workspace.alice, workspace.actor = alice, cast.actor_for(alice)
    give(workspace, 100)
    return workspace


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """Storage of this test's own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files", "base_url": None},
        },
    }
    return tmp_path / "files"


@pytest.fixture
def small_parts(monkeypatch):
    """Several steps a list."""
    from leads.enrichment import previews

    monkeypatch.setattr(previews, "PART", 25)
