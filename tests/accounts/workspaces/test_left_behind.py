"""A page that was shown for one workspace changes nothing in another (A-2, X-1)."""

import re

import pytest
from django.urls import reverse

from accounts.access.middleware import SESSION_KEY
from accounts.profiles.models import BusinessProfile
from accounts.workspaces.models import Membership
from cursive.lib.tenancy import system_context
from tests.accounts.conftest import browser

NAME = {"name": "Left behind", "sells": "Spare parts for printers", "tone": "professional"}


def profiles():
    with system_context():
        return list(BusinessProfile.objects.values_list("workspace__name", "name"))


@pytest.fixture
def carol(acme):
    """The browser of Rival's Carol, at Rival; she is an admin of Acme as well."""
    with system_context():
        Membership.objects.create(workspace=acme.workspace, user=acme.stranger, role="admin")
    client = browser(acme.stranger)
    switch(client, acme.rival)
    return client


def switch(client, workspace):
    session = client.session
    session[SESSION_KEY] = str(workspace.id)
    session.save()


def hidden_fields(client, url):
    page = client.get(url).content.decode()
    form = page[page.index("<main") :]
    return dict(re.findall(r'<input type="hidden" name="(_workspace)" value="([^"]+)">', form))


def test_a_form_from_before_the_switch_is_refused(acme, carol):
    url = reverse("accounts:profile_new")
    shown = hidden_fields(carol, url)
    assert shown == {"_workspace": str(acme.rival.id)}
    switch(carol, acme.workspace)
    answer = carol.post(url, NAME | shown)
    assert answer.status_code == 409
    assert f"You have switched to {acme.workspace.name}" in answer.content.decode()
    assert profiles() == []
    switch(carol, acme.rival)
    assert carol.post(url, NAME | shown).status_code == 302
    assert profiles() == [(acme.rival.name, "Left behind")]


def test_so_is_a_button_from_before_the_switch(acme, carol):
    page = carol.get(reverse("accounts:profile_new")).content.decode()
    assert f'"X-Workspace": "{acme.rival.id}"' in page
    switch(carol, acme.workspace)
    url = reverse("accounts:profile_new")
    answer = carol.post(
        url, NAME, headers={"X-Workspace": str(acme.rival.id), "HX-Request": "true"}
    )
    assert answer.status_code == 409
    assert profiles() == []


def test_switching_itself_works_from_any_page(acme, carol):
    shown = {"_workspace": str(acme.rival.id)}
    switch(carol, acme.workspace)
    url = reverse("accounts:workspace_switch", args=[acme.rival.id])
    assert carol.post(url, shown).status_code == 302
    assert carol.session[SESSION_KEY] == str(acme.rival.id)
