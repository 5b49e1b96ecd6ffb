"""Leads by API: which ones are asked for, and with which kind of key."""

import json

import pytest
from django.test import Client

from accounts.keys.operations import create_key
from cursive.lib.tenancy import tenant_context
from leads.records.models import Lead
from tests import cast

FRENCH = {"version": 1, "all": [{"field": "country", "op": "in", "value": ["FR"]}]}


@pytest.fixture
def people(acme):
    cast.lead(acme, first_name="Amélie", country="FR")
    cast.lead(acme, first_name="Bob", country="US")


def names(answer):
    assert answer.status_code == 200, answer.content
    return sorted(row["first_name"] for row in answer.json()["data"])


def test_the_filter_document_and_its_short_form_are_the_same(acme, alice, people):
    """S-1: one document says who is meant, here as everywhere."""
    assert names(alice.get("/api/leads")) == ["Amélie", "Bob"]
    assert names(alice.get("/api/leads", {"filter": json.dumps(FRENCH)})) == ["Amélie"]
    assert names(alice.get("/api/leads", {"f": "country.in.FR"})) == ["Amélie"]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"fliter": "x"}, "fliter"),
        ({"status": "won"}, "status"),
        ({"filter": "{"}, "filter"),
        ({"filter": "[" * 100_000}, "filter"),
        ({"filter": "[]"}, "filter"),
        ({"filter": json.dumps(FRENCH), "f": "country.in.FR"}, "filter"),
        (
            {"filter": json.dumps({"version": 1, "all": [{"field": "x", "op": "in"}]})},
            "all[0].field",
        ),
    ],
)
def test_what_isnt_understood_is_refused(acme, alice, people, params, field):
    """S-3: everybody's leads must not pass for the answer to a filter with a typing error."""
    answer = alice.get("/api/leads", params)
    assert answer.status_code == 400
    assert field in answer.json()["errors"], answer.json()


@pytest.mark.parametrize(("scopes", "status"), [(["read", "write"], 204), (["read"], 403)])
def test_a_key_with_the_scope_write_deletes(acme, scopes, status):
    """A-6: owners and admins make keys, so that what writes may delete."""
    lead = cast.lead(acme)
    with tenant_context(acme.id):
        _, token = create_key(
            workspace_id=acme.id, actor=cast.actor_for(acme.alice), name="Sync", scopes=scopes
        )
    answer = Client().delete(f"/api/leads/{lead.id}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status
    with tenant_context(acme.id):
        assert Lead.objects.living().filter(id=lead.id).exists() == (status == 403)
