"""S-1: the JSON Schema of filter documents is published, and is what documents are checked by."""

import jsonschema
import pytest
from django.test import Client

GOOD = {"version": 1, "all": [{"field": "country", "op": "in", "value": ["US"]}]}


@pytest.mark.parametrize("scope", ["catalogue", "leads", "listings"])
def test_the_schema_takes_what_we_take(scope, db):
    answer = Client().get(f"/api/filters/schema?scope={scope}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/schema+json"
    schema = answer.json()
    assert schema["$id"].endswith(f"/api/filters/schema?scope={scope}")
    jsonschema.validate(GOOD, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": 1, "all": [{"field": "shoe", "op": "eq"}]}, schema)


def test_each_scope_has_its_fields(db):
    leads = Client().get("/api/filters/schema?scope=leads").json()["$defs"]
    people = Client().get("/api/filters/schema").json()["$defs"]
    assert "status" in leads and "status" not in people
    sale = Client().get("/api/filters/schema?scope=listings").json()["$defs"]
    assert "price_cents" in sale and "last_name" not in sale
    assert "price_cents" not in leads and "price_cents" not in people


def test_another_scope_is_refused(db):
    answer = Client().get("/api/filters/schema?scope=shoes")
    assert answer.status_code == 400
    assert answer.json()["errors"]["scope"] == "One of catalogue, leads, listings."
