"""A partner, storage of this test's own, and name servers that never have to be asked."""

import pytest

from leads.verification import providers
from leads.verification.models import Status
from leads.verification.providers import BuiltIn, Verdict
from tests import cast, market


@pytest.fixture
def petra(db):
    """Petra's workspace, which sells, with her and her actor as attributes."""
    workspace, user = market.partner()
    workspace.user, workspace.actor = user, cast.actor_for(user)
    return workspace


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files", "base_url": None},
        },
    }
    return tmp_path / "files"


@pytest.fixture(autouse=True)
def domains(settings, monkeypatch):
    """No provider has a key. Every domain takes mail but dead.example, and `asked` has them all."""
    settings.MILLIONVERIFIER_KEY = settings.ZEROBOUNCE_KEY = ""
    asked: list[str] = []

    def look_up(address: str) -> Verdict:
        domain = address.rpartition("@")[2]
        asked.append(domain)
        if domain == "dead.example":
            return Verdict(Status.INVALID, "The domain takes no mail.")
        return BuiltIn.NOT_ASKED

    monkeypatch.setattr(providers, "_looked_up", look_up)
    return asked
