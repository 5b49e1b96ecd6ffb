"""A workspace with credits, and an outside world that can be told how to behave."""

import pytest

from leads.verification import providers as module
from tests import cast
from tests.leads.records.pulling import give
from tests.leads.verification import doubles


@pytest.fixture
def acme(db):
    """Acme with 10 credits, Alice and her actor as attributes."""
    workspace, alice = cast.acme()
    workspace.alice, workspace.actor = alice, cast.actor_for(alice)
    give(workspace, 10)
    return workspace


@pytest.fixture
def outside(settings):
    """Both providers, with keys."""
    with doubles.providers() as running:
        settings.MILLIONVERIFIER_KEY, settings.ZEROBOUNCE_KEY = "million-key", "zero-key"
        settings.MILLIONVERIFIER_URL = settings.ZEROBOUNCE_URL = running.url
        yield running


@pytest.fixture
def names(settings):
    """No keys, and a name server."""
    settings.MILLIONVERIFIER_KEY = settings.ZEROBOUNCE_KEY = ""
    with doubles.name_server() as running:
        settings.VERIFICATION_DNS = running.address
        module._knows_names.cache_clear()
        yield running


@pytest.fixture
def impatient(monkeypatch):
    """Deadlines of half a second, so that silence is over soon."""
    monkeypatch.setattr(module, "DEADLINE", 0.5)
