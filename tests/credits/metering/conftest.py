"""Acme with a key, and the means to use it up."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from accounts.keys.models import ApiKey
from accounts.keys.operations import create_key
from accounts.workspaces.models import User, Workspace
from credits.metering.counting import Period, own_unwritten, write_counts
from credits.metering.models import ApiCall, UsageCount
from credits.metering.operations import CountedCall, forget_terms, known_terms
from credits.metering.queries import calls_in_period
from credits.metering.recording import write_now
from credits.prices.models import Plan
from cursive.lib import meters
from cursive.lib.tenancy import atomic, system_context, tenant_context
from tests import cast


@dataclass
class Usage:
    """One workspace that calls the API."""

    workspace: Workspace
    owner: User
    key: ApiKey
    token: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    @property
    def id(self):
        return self.workspace.id

    def get(self, path: str = "/api/credits/balance", **headers: str):
        """A call with the key."""
        headers = {"Authorization": f"Bearer {self.token}"} | headers
        return self.client.get(path, headers=headers)

    def browser(self) -> Client:
        """Alice, signed in."""
        client = Client(raise_request_exception=False)
        client.force_login(self.owner)
        return client

    @property
    def period(self) -> Period:
        return Period(self.id, known_terms(self.id).period_start)

    def count(self, times: int = 1):
        """Calls that are only counted; the last decision."""
        decision = None
        for _ in range(times):
            decision = CountedCall(workspace_id=self.id).decision()
        return decision

    def total(self) -> int:
        """The calls of the period, as bills see them."""
        with system_context():
            return calls_in_period(self.id, self.period.start)

    def written(self) -> int:
        """What PostgreSQL has of them."""
        with system_context():
            rows = UsageCount.objects.filter(workspace_id=self.id)
            return sum(rows.values_list("calls", flat=True))

    def used_before(self, calls: int) -> None:
        """As if a process that is gone had counted so many in this period."""
        with system_context():
            write_counts([(self.period, "earlier", calls)])

    def plan(self, **terms: Any) -> None:
        """Other terms for the plan that it has."""
        with system_context():
            Plan.objects.filter(code="free").update(**terms)
        forget_terms(self.id)

    def calls(self) -> list[ApiCall]:
        """What is recorded, after all was written."""
        write_now()
        with system_context():
            return list(ApiCall.objects.filter(workspace_id=self.id).order_by("id"))


def write_own() -> None:
    """What this process's thread does every 5 s, for the counts."""
    with system_context(), own_unwritten() as counts, atomic():
        write_counts(counts)


def usage_of(workspace: Workspace, owner: User) -> Usage:
    with tenant_context(workspace.id):
        key, token = create_key(
            workspace_id=workspace.id,
            actor=cast.actor_for(owner),
            name="CRM",
            scopes=["read", "write", "billing"],
        )
    return Usage(workspace, owner, key, token)


@pytest.fixture
def acme(db) -> Usage:
    """Acme's."""
    return usage_of(*cast.acme())


@pytest.fixture
def rival(db) -> Usage:
    """Rival's."""
    return usage_of(*cast.rival())


@pytest.fixture
def quick(settings) -> None:
    """No minute limit that a test could reach."""
    settings.API_RATE = "1000000/minute"


@pytest.fixture
def store_down(settings):
    """A Redis that isn't there."""
    there = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    meters.wake()
    yield
    settings.REDIS_URL = there
    meters.wake()
