"""Fixtures of the pages of leads."""

import pytest
from django.test import Client

from accounts.workspaces.models import Role
from tests import cast


@pytest.fixture
def acme(db):
    """Acme, with Alice as an attribute."""
    workspace, alice = cast.acme()
    workspace.alice = alice
    return workspace


@pytest.fixture
def alice(acme) -> Client:
    """Alice's browser."""
    client = Client()
    client.force_login(acme.alice)
    return client


def member(acme, name: str = "Bob", role: str = Role.MEMBER) -> Client:
    """The browser of another member of Acme."""
    user = cast.user(name)
    with cast.system_context():
        cast.Membership.objects.create(workspace=acme, user=user, role=role)
    client = Client()
    client.force_login(user)
    client.user = user
    session = client.session
    session["workspace"] = str(acme.id)
    session.save()
    return client
