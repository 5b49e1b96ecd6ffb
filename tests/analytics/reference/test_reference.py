"""The API's schema is valid and names every route; its reference obeys the strict policy (X-6)."""

import json

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from analytics.reference.queries import METHODS, groups

# For machines that watch us, for Stripe, for staff, and the reference itself.
NOT_CUSTOMERS = ("/api/health", "/api/admin/", "/api/schema", "/api/docs/", "/api/webhooks/")


def api_paths(resolver: URLResolver, prefix: str = "/") -> set[str]:
    found = set()
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= api_paths(pattern, path)
        elif isinstance(pattern, URLPattern) and path.startswith("/api/"):
            found.add(path)
    return found


def in_schema(path: str) -> str:
    """'/api/leads/<uuid:lead_id>' → '/api/leads/{lead_id}'."""
    parts = path.split("<")
    named = [part.partition(">") for part in parts[1:]]
    return parts[0] + "".join(f"{{{name.rpartition(':')[2]}}}{rest}" for name, _, rest in named)


@pytest.fixture(scope="module")
def schema() -> dict:
    reset_generator_stats()
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_schema_is_valid(schema):
    validate_schema(schema)
    assert not GENERATOR_STATS._error_cache


def test_every_route_is_in_the_schema(schema):
    routes = {in_schema(path) for path in api_paths(get_resolver())}
    missing = {path for path in routes if not path.startswith(NOT_CUSTOMERS)} - set(schema["paths"])
    assert missing == set()
    assert "/api/usage/current" in schema["paths"] and "/api/leads/{lead_id}" in schema["paths"]


def test_the_schema_tells_of_limits(schema):
    """C-19."""
    responses = schema["paths"]["/api/leads"]["get"]["responses"]
    assert "X-RateLimit-Remaining" in responses["200"]["headers"]
    assert responses["429"] == {"$ref": "#/components/responses/TooManyCalls"}
    assert "429" not in schema["paths"]["/api/credits/packages"]["get"]["responses"]


def test_the_schema_is_served_to_everybody(db):
    answer = Client().get("/api/schema")
    assert answer.status_code == 200
    assert json.loads(answer.content)["openapi"].startswith("3.")
    assert "max-age" in answer["Cache-Control"]


def test_the_reference_shows_every_route(db, schema):
    answer = Client().get("/api/docs/")
    page = answer.content.decode()
    assert "unsafe" not in answer["Content-Security-Policy"]
    for path in schema["paths"]:
        assert f"<code>{path}</code>" in page
    assert page.count("<details") == sum(
        len(set(methods) & set(METHODS)) for methods in schema["paths"].values()
    )


def test_the_reference_tells_what_goes_in_and_out():
    routes = {(one.method, one.path): one for group in groups() for one in group.operations}
    saved = routes["POST", "/api/segments"]
    assert any(one.name == "name" and one.required for one in saved.body)
    history = routes["GET", "/api/usage/history"]
    asked = {one.name: one.kind for one in history.parameters}
    assert asked == {"days": "integer", "page": "integer", "pageSize": "integer"}
    fields = {one.name: one.kind for one in history.answers[0].fields}
    assert fields["data[].day"] == "string (date)" and fields["data"].startswith("array of")
    assert [answer.status for answer in history.answers] == ["200", "429"]
    current = {one.name: one.kind for one in routes["GET", "/api/usage/current"].answers[0].fields}
    assert current["limit"] == "integer or null"
    assert "blocked, charged" in current["past_limit"]
    assert routes["GET", "/api/credits/packages"].public
