"""Acme, and files as members send them."""

import pytest

from tests import cast


@pytest.fixture
def acme(db):
    workspace, alice = cast.acme()
    workspace.alice = alice
    workspace.actor = cast.actor_for(alice)
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
