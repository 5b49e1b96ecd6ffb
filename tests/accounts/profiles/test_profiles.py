"""A-5: business profiles, by page and by REST."""

import json
import uuid

import pytest
from django.urls import reverse

from accounts.profiles.models import BusinessProfile
from accounts.profiles.operations import MOST_PROFILES, change_profile, create_profile
from accounts.profiles.queries import default_profile
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.accounts.conftest import audit, browser, race

API = "/api/business-profiles"
PAGE = "/settings/profile/"
NEW = "/settings/profile/new/"
FULL = {
    "name": "Widgets",
    "sells": "Widgets for plumbers",
    "description": "Long\nlasting",
    "website": "https://acme.example/widgets",
    "industries": ["construction", "software"],
    "employee_bands": ["11-50", "51-200"],
    "titles": ["Head of Plumbing", "CTO"],
    "seniorities": ["c_suite", "vp"],
    "countries": ["US", "DE"],
    "states": ["TX", "Bavaria"],
    "intent_topics": ["pipes"],
    "tone": "friendly",
}
FORM = {
    **FULL,
    "titles": "Head of Plumbing\nCTO,  CTO ",
    "states": "TX\n\nBavaria",
    "intent_topics": "pipes",
}


def profiles():
    with system_context():
        return list(BusinessProfile.objects.order_by("created_at"))


def send(client, path, body, method="post"):
    return getattr(client, method)(path, json.dumps(body), content_type="application/json")


def made(acme, **values):
    with tenant_context(acme.workspace.id):
        return create_profile(
            workspace_id=acme.workspace.id,
            actor=cast.actor_for(acme.owner),
            values=FULL | values,
        )


@pytest.mark.parametrize("who", ["owner", "admin", "member"])
def test_everybody_in_it_writes_profiles(acme, who):
    client = browser(getattr(acme, who))
    assert b"Say what you sell" in client.get(PAGE).content
    assert client.get(NEW).status_code == 200
    assert client.post(NEW, FORM).url == PAGE
    [profile] = profiles()
    assert profile.is_default
    assert profile.titles == ["Head of Plumbing", "CTO"]
    assert profile.countries == ["DE", "US"]  # in the order of their names
    assert profile.website == FULL["website"]
    page = client.get(PAGE).content.decode()
    assert "Software, Texas" not in page
    assert "Construction, Software" in page
    path = reverse("accounts:profile_edit", args=[profile.id])
    form = client.get(path)
    assert b"Head of Plumbing\nCTO" in form.content
    assert client.post(path, FORM | {"name": "Gadgets", "titles": ""}).url == PAGE
    [profile] = profiles()
    assert (profile.name, profile.titles, profile.is_default) == ("Gadgets", [], True)
    assert len(audit(action="create", resource="business_profile")) == 1
    [entry] = audit(action="update", resource="business_profile")
    assert entry.old == {"name": "Widgets", "titles": ["Head of Plumbing", "CTO"]}


def test_strangers_and_anonymous_stay_out(acme):
    profile = made(acme)
    path = reverse("accounts:profile_edit", args=[profile.id])
    stranger = browser(acme.stranger)
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, FORM | {"name": "Mine"}).status_code == 404
    assert b"Widgets" not in stranger.get(PAGE).content
    for answer in (browser().get(PAGE), browser().post(NEW, FORM), browser().post(path, FORM)):
        assert answer.url.startswith(reverse("account_login"))
    assert browser(acme.owner).get(f"{PAGE}{uuid.uuid4()}/").status_code == 404
    assert browser(acme.owner).get(f"{PAGE}x/").status_code == 404
    assert [one.name for one in profiles()] == ["Widgets"]


BAD = [
    ("name", "x"),
    ("name", "x" * 10_000),
    ("name", "a\x00b"),
    ("sells", ""),
    ("sells", "x" * 301),
    ("description", "x" * 5_000),
    ("website", "javascript:alert(1)"),
    ("website", "ftp://acme.example"),
    ("industries", ["astrology"]),
    ("employee_bands", ["1-1"]),
    ("seniorities", ["king"]),
    ("countries", ["ZZ"]),
    ("tone", "rude"),
]


@pytest.mark.parametrize(("field", "value"), [*BAD, ("titles", "x" * 81), ("states", "\x00")])
def test_a_form_that_cannot_be_keeps_what_was_typed(acme, field, value):
    client = browser(acme.owner)
    answer = client.post(NEW, FORM | {field: value})
    assert answer.status_code == 400
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert form["titles"].value() == (value if field == "titles" else FORM["titles"])
    assert profiles() == []
    profile = made(acme)
    path = reverse("accounts:profile_edit", args=[profile.id])
    assert client.post(path, FORM | {"name": "Changed", field: value}).status_code == 400
    assert [one.name for one in profiles()] == ["Widgets"]


def test_one_default_at_a_time(acme):
    first, second = made(acme), made(acme, name="Gadgets")
    assert (first.is_default, second.is_default) == (True, False)
    ws, actor = acme.workspace.id, cast.actor_for(acme.owner)
    with tenant_context(ws):
        assert default_profile(ws) == first
        change_profile(
            workspace_id=ws, actor=actor, profile_id=second.id, values={"is_default": True}
        )
        assert default_profile(ws) == second
    with tenant_context(ws), pytest.raises(InvalidInput):
        change_profile(
            workspace_id=ws, actor=actor, profile_id=second.id, values={"is_default": False}
        )
    assert [one.is_default for one in profiles()] == [False, True]
    assert made(acme, name="Third", is_default=True).is_default
    assert [one.is_default for one in profiles()] == [False, False, True]


@pytest.mark.faults
def test_two_first_profiles_at_once_make_one_default(acme):
    outcomes = race(lambda: made(acme, name="One"), lambda: made(acme, name="Two"))
    assert outcomes == [None, None]
    assert sorted(one.is_default for one in profiles()) == [False, True]


def test_operations_refuse_on_their_own(acme):
    ws, actor = acme.workspace.id, cast.actor_for(acme.owner)
    with tenant_context(ws), pytest.raises(InvalidInput) as refusal:
        create_profile(
            workspace_id=ws,
            actor=actor,
            values={"name": "", "industries": ["x"], "titles": ["y" * 81]},
        )
    assert set(refusal.value.fields) == {"industries", "titles"}
    with tenant_context(ws), pytest.raises(InvalidInput) as refusal:
        create_profile(workspace_id=ws, actor=actor, values={"name": "", "tone": "rude"})
    assert set(refusal.value.fields) == {"name", "sells", "tone"}
    with tenant_context(ws), pytest.raises(NotFound):
        change_profile(workspace_id=ws, actor=actor, profile_id=uuid.uuid4(), values={})
    assert profiles() == []
    for number in range(MOST_PROFILES):
        made(acme, name=f"Profile {number}")
    with pytest.raises(Conflict):
        made(acme)


# --- REST -------------------------------------------------------------------------------------


def test_rest_makes_reads_lists_and_replaces(acme):
    client = browser(acme.member)
    answer = send(client, API, FULL)
    assert answer.status_code == 201
    body = answer.json()
    assert {name: body[name] for name in FULL} == FULL | {"countries": ["DE", "US"]}
    assert body["is_default"] is True
    path = f"{API}/{body['id']}"
    assert client.get(path).json() == body
    assert client.get(API).json() == {"page": 1, "pageSize": 50, "total": 1, "data": [body]}
    answer = send(client, path, {"name": "Bare", "sells": "Less"}, "put")
    assert answer.status_code == 200
    bare = answer.json()
    assert (bare["name"], bare["titles"], bare["website"], bare["tone"]) == (
        "Bare",
        [],
        "",
        "professional",
    )
    assert bare["is_default"] is True
    assert (bare["id"], bare["created_at"]) == (body["id"], body["created_at"])
    for method in ("delete", "patch"):
        assert getattr(client, method)(path).status_code == 405
    assert len(profiles()) == 1


def test_rest_pages(acme):
    for number in range(3):
        made(acme, name=f"P{number}")
    client = browser(acme.owner)
    body = client.get(API, {"page": 2, "pageSize": 2}).json()
    assert (body["page"], body["pageSize"], body["total"]) == (2, 2, 3)
    assert [one["name"] for one in body["data"]] == ["P2"]
    for wrong in ("0", "-1", "x", "\x00", "9" * 30):
        assert client.get(API, {"page": wrong}).status_code == 400


REST_BAD = [
    *BAD,
    ("titles", ["x" * 81]),
    ("titles", "CTO"),
    ("titles", ["a\x00"]),
    ("titles", ["x"] * 101),
    ("titles", [["x"]]),
    ("industries", [{"a": 1}]),
    ("industries", ["software"] * 1_000),
    ("name", None),
    ("name", 5 * [1]),
    ("is_default", "maybe"),
]


@pytest.mark.parametrize(("field", "value"), REST_BAD)
def test_rest_names_the_wrong_field(acme, field, value):
    client = browser(acme.owner)
    answer = send(client, API, FULL | {field: value})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [field]
    assert profiles() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800", "sells": "x"}',
        b"[" * 5_000,
    ],
)
def test_rest_bodies_that_cannot_be(acme, body):
    profile = made(acme)
    client = browser(acme.owner)
    for method, path in (("post", API), ("put", f"{API}/{profile.id}")):
        answer = getattr(client, method)(path, body, content_type="application/json")
        assert answer.status_code == 400
    assert [one.name for one in profiles()] == ["Widgets"]


def test_rest_unknown_ids(acme):
    client = browser(acme.owner)
    for ident in (uuid.uuid4(), "x", "0", "%00"):
        assert client.get(f"{API}/{ident}").status_code == 404
    answer = send(client, f"{API}/{uuid.uuid4()}", {"bad": "body"}, "put")
    assert answer.status_code == 404
