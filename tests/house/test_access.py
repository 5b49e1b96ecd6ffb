"""X-2: every route with every kind of visitor; another workspace's things are a 404."""

import pytest
from django.test import override_settings
from django.urls import reverse

from tests.catalogue import catalogue
from tests.house import access, world
from tests.house.access import RANK, ROUTES, Route

__all__ = ["catalogue"]


def test_every_route_is_listed():
    assert access.unlisted(access.names()) == []


def test_the_table_lists_no_route_that_is_gone():
    assert sorted(set(ROUTES) - set(access.names())) == []


def test_the_rule_bites_on_an_unlisted_route():
    assert access.unlisted(["home", "leads:secret"]) == ["leads:secret"]


def ask(here: world.World, visitor: str, name: str, route: Route, **headers: str):
    """The answer to this visitor's request of the route, with Acme's ids."""
    arguments = {**here.ids, **route.kwargs}
    url = reverse(name, kwargs={arg: arguments[arg] for arg in route.args})
    client = here.clients[visitor]
    if route.method == "get":
        return client.get(f"{url}?{route.query}", headers=headers)
    content = {"content_type": "application/json"} if is_api(name) else {}
    return getattr(client, route.method)(url, route.data, headers=headers, **content)


def is_api(name: str) -> bool:
    return name.startswith(("api-", "api_"))


def refusal(name: str, route: Route, visitor: str) -> set[int] | None:
    """The statuses that this visitor may get; None where the visitor is let in."""
    if route.who == "public":
        return None
    if route.who == "staff":
        return None if visitor == "staff" else {404}
    if visitor == "anonymous":
        return {401} if is_api(name) else {302}
    if route.who == "signed in":
        return None
    if visitor == "staff":  # no workspace of their own
        return {403} if is_api(name) else {302}
    if visitor == "stranger" or (visitor == "partner" and route.who != "partner"):
        return {404} if set(route.args) & IDS else None
    if route.who == "partner":
        return None if visitor == "partner" else {403} if is_api(name) else {302}
    return {403} if RANK[visitor] < RANK[route.who] else None


IDS = {
    "enrichment_id",
    "lead_id",
    "list_id",
    "job_id",
    "key_id",
    "invitation_id",
    "profile_id",
    "segment_id",
    "membership_id",
    "purchase_id",
    "search_id",
    "note_id",
    "run_id",
    "candidate_id",
    "merge_id",
    "order_id",
    "line_id",
    "submission_id",
}
VISITORS = ("anonymous", "partner", "staff", "stranger", "member", "admin", "owner")


def accessible(visitor: str, route: Route) -> bool:
    if route.who == "staff":
        return visitor == "staff"
    if route.who == "partner":
        return visitor == "partner"
    return route.who in {"public", "signed in"} or visitor in RANK


def check_refusals(here: world.World, name: str, route: Route) -> None:
    """Whoever may not gets no, sees nothing of Acme's, and changes nothing."""
    before = here.fingerprint()
    for visitor in VISITORS:
        expected = refusal(name, route, visitor)
        if expected is None:
            continue
        answer = ask(here, visitor, name, route)
        assert answer.status_code in expected, f"{visitor} got {answer.status_code}"
        assert b"Acme" not in getattr(answer, "content", b"") or visitor in RANK
    assert here.fingerprint() == before, "a refused request changed something"


def welcome(name: str, route: Route) -> list[str]:
    """The visitors who may."""
    return [v for v in VISITORS if accessible(v, route) and refusal(name, route, v) is None]


# Looking changes nothing, so many routes that are looked at share one world, which takes as long
# to build as several requests.
LOOKED_AT = sorted(name for name, route in ROUTES.items() if route.method == "get")
DONE = sorted(set(ROUTES) - set(LOOKED_AT))
SHARES = 6


@pytest.mark.parametrize("share", range(SHARES))
@override_settings(STAFF_MFA_REQUIRED=False)
def test_who_may_look(catalogue, subtests, share):
    here = world.build()
    for name in LOOKED_AT[share::SHARES]:
        with subtests.test(name):
            route = ROUTES[name]
            check_refusals(here, name, route)
            for visitor in welcome(name, route):
                answer = ask(here, visitor, name, route)
                assert answer.status_code in route.ok, f"{visitor} got {answer.status_code}"


@pytest.mark.parametrize("name", DONE)
@override_settings(STAFF_MFA_REQUIRED=False)
def test_who_may_do(catalogue, name):
    here, route = world.build(), ROUTES[name]
    check_refusals(here, name, route)
    for visitor in welcome(name, route)[:1]:
        answer = ask(here, visitor, name, route)
        assert answer.status_code in route.ok, f"{visitor} got {answer.status_code}"


API = sorted(
    name for name in ROUTES if is_api(name) and ROUTES[name].who not in {"public", "staff"}
)


@pytest.mark.parametrize("share", range(2))
def test_another_workspaces_key_finds_nothing(catalogue, subtests, share):
    here = world.build()
    for name in API[share::2]:
        with subtests.test(name):
            check_keys(here, name, ROUTES[name])


def check_keys(here: world.World, name: str, route: Route) -> None:
    """Acme's things are a 404 for Rival's key, and nothing is to be had without a good one."""
    before = here.fingerprint()
    bearer = {"Authorization": f"Bearer {here.rival_key}"}
    if set(route.args) & IDS:
        assert ask(here, "anonymous", name, route, **bearer).status_code == 404
    for token in ("Bearer cur_live_nonsense", "Bearer ", "Basic eDp5"):
        answer = ask(here, "anonymous", name, route, Authorization=token)
        assert answer.status_code == 401
    assert here.fingerprint() == before
    if route.keys and route.method == "get" and route.who != "partner":
        bearer = {"Authorization": f"Bearer {here.key}"}
        assert ask(here, "anonymous", name, route, **bearer).status_code in route.ok


@pytest.mark.parametrize("visitor", ["anonymous", "partner", "stranger", "owner"])
def test_django_admin_is_for_staff(db, visitor):
    here = world.build()
    for path in ("/admin/", "/admin/accounts/user/", "/admin/leads/", "/admin/nothing/"):
        answer = here.clients[visitor].get(path)
        assert answer.status_code in {302, 403, 404}
        assert b"Acme" not in answer.content


def test_staff_need_a_second_factor(db):
    """A-1."""
    here = world.build()
    assert here.clients["staff"].get("/admin/").status_code == 302
    with override_settings(STAFF_MFA_REQUIRED=False):
        assert here.clients["staff"].get("/admin/").status_code == 200
