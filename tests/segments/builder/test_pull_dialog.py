"""S-8, X-2: the pull dialog; and that no route shows another workspace's segment."""

import pytest
from django.test import Client

from accounts.workspaces.models import Workspace
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context, uuid7
from segments.saved.models import Segment
from tests import cast
from tests.leads.records.pulling import balance
from tests.segments.conftest import HTMX, client_of, save, stored, text_of


def jobs_of(workspace: Workspace) -> list[Job]:
    with tenant_context(workspace.id):
        return list(Job.objects.filter(workspace_id=workspace.id))


def test_the_pull_dialog_offers_what_the_balance_pays(alice, funded, catalogue):
    """S-5, S-8: how many by default, the price, and the balance after."""
    dialog = alice.get("/segments/new/pull/", headers=HTMX)
    assert b"<html" not in dialog.content
    assert b'value="1000"' in dialog.content  # Enter alone doesn't spend all there is
    assert "Balance after 500.00" in text_of(dialog)
    price = alice.get("/segments/new/pull/price/?limit=100", headers=HTMX)
    assert "50.00" in text_of(price)
    assert "Balance after 950.00" in text_of(price)
    short = alice.get("/segments/new/pull/price/?limit=2500", headers=HTMX)
    assert "Missing 250.00" in text_of(short)
    for nonsense in ("", "abc", "-4", "99999999999999"):
        nothing = alice.get(f"/segments/new/pull/price/?limit={nonsense}")
        assert nothing.status_code == 200
        assert "Your balance 1,000.00" in text_of(nothing) and "×" not in text_of(nothing)


def test_pulling_from_a_search_saves_it(alice, funded, catalogue):
    """S-8: one step from the search to the job; the leads know their segment."""
    workspace, _ = funded
    answer = alice.post(
        "/segments/new/pull/?f=country.in.US",
        {"name": "Americans", "limit": 7, "order": "score", "key": "k"},
        headers=HTMX,
    )
    (job,) = jobs_of(workspace)
    assert answer.headers["HX-Redirect"] == f"/jobs/{job.id}/"
    assert (job.total, job.params["sentence"]) == (7, "People in the United States")
    with tenant_context(workspace.id):
        segment = Segment.objects.get()
    assert (segment.name, str(segment.id)) == ("Americans", job.params["segment"])
    assert segment.last_job_id == job.id


def test_what_is_shown_is_what_is_pulled(alice, funded, catalogue):
    """S-7: a change that autosave hasn't kept yet is saved with the pull."""
    workspace, _ = funded
    segment = save(*funded, "country.in.US")
    alice.post(
        f"/segments/{segment.id}/pull/?f=country.in.CA",
        {"limit": 3, "order": "fresh", "key": "k"},
    )
    (job,) = jobs_of(workspace)
    assert job.params["sentence"] == "People in Canada"
    assert job.title.startswith("Pull 3 leads")
    assert stored(workspace, segment).sentence == "People in Canada"


def test_the_same_dialog_sent_twice_is_one_pull(alice, funded, catalogue):
    """C-3: a double click."""
    workspace, _ = funded
    segment = save(*funded, "country.in.US")
    body = {"limit": 3, "order": "score", "key": "dialog-1"}
    first = alice.post(f"/segments/{segment.id}/pull/", body)
    second = alice.post(f"/segments/{segment.id}/pull/", body)
    assert first["Location"] == second["Location"]
    assert len(jobs_of(workspace)) == 1


def test_one_lead_is_one(alice, funded, catalogue):
    alice.post(
        "/segments/new/pull/",
        {"name": "One", "limit": 1, "order": "score", "key": "k"},
    )
    assert [job.title for job in jobs_of(funded[0])] == ["Pull 1 lead: One"]


@pytest.mark.parametrize("name", ["turned \u202e round", "bell \x07"])
def test_a_name_that_shows_otherwise_than_it_is(alice, funded, catalogue, name):
    """X-5: refused where it is written, by the dialogs and by the API."""
    sent = {"name": name, "limit": 1, "order": "score", "key": "k"}
    assert alice.post("/segments/new/pull/", sent, headers=HTMX).status_code == 400
    assert alice.post("/segments/save/", {"name": name, "f": ""}, headers=HTMX).status_code == 400
    body = {"name": name, "filter": {"version": 1, "all": []}}
    assert alice.post("/api/segments", body, "application/json").status_code == 400
    assert jobs_of(funded[0]) == []
    with tenant_context(funded[0].id):
        assert not Segment.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"limit": 0, "order": "score", "key": "k"},
        {"limit": "abc", "order": "score", "key": "k"},
        {"limit": "٣", "order": "score", "key": "k"},
        {"limit": 50_001, "order": "score", "key": "k"},
        {"limit": 5, "order": "best", "key": "k"},
        {"limit": 5, "order": "score", "key": ""},
        {"limit": 5, "order": "score", "key": "k\x00"},
    ],
)
def test_a_bad_pull_comes_back_as_a_dialog(alice, funded, catalogue, body):
    workspace, _ = funded
    segment = save(*funded, "country.in.US")
    answer = alice.post(f"/segments/{segment.id}/pull/", body, headers=HTMX)
    assert answer.status_code == 400
    assert b"modal-title" in answer.content
    if body.get("order") == "score" and body["limit"] != 5:
        assert "×" not in text_of(answer)  # no bill beside a number that can't be pulled
    assert jobs_of(workspace) == []


def test_too_few_credits_come_back_as_a_dialog(acme, catalogue):
    """C-4: 402 with the reason; neither job nor segment."""
    workspace, user = acme
    client = client_of(user)
    no_credits = client.get("/segments/new/pull/", headers=HTMX)
    assert "You have no credits for this" in text_of(no_credits)
    answer = client.post(
        "/segments/new/pull/?f=country.in.US",
        {"name": "x", "limit": 7, "order": "score", "key": "k"},
        headers=HTMX,
    )
    assert answer.status_code == 402
    assert b'href="/credits/"' in answer.content
    assert jobs_of(workspace) == []
    with tenant_context(workspace.id):
        assert not Segment.objects.exists()
    assert balance(workspace) == (0, 0)


def test_more_than_the_balance_pays_leads_to_credits(alice, funded, catalogue):
    """C-4: 402 with the reason, what is missing, and the way to more."""
    answer = alice.post(
        "/segments/new/pull/",
        {"name": "All", "limit": 2_500, "order": "score", "key": "k"},
        headers=HTMX,
    )
    assert answer.status_code == 402
    assert b'href="/credits/">Get credits' in answer.content
    assert "Missing 250.00" in text_of(answer) and b'value="2500"' in answer.content
    assert jobs_of(funded[0]) == []


ROUTES = [
    ("get", ""),
    ("get", "pull/"),
    ("post", "pull/"),
    ("get", "pull/price/"),
    ("get", "details/"),
    ("post", "details/"),
    ("post", "filter/"),
    ("post", "count/"),
    ("post", "copy/"),
    ("post", "pause/"),
    ("post", "archive/"),
    ("post", "resume/"),
    ("post", "deletion/"),
    ("post", "restore/"),
]


@pytest.mark.parametrize(("method", "tail"), ROUTES)
@pytest.mark.parametrize("deleted", [False, True])
def test_other_workspaces_segments_are_not_there(funded, catalogue, method, tail, deleted):
    """X-2: 404 on every route, for living and deleted segments, and nothing changed."""
    workspace, user = funded
    segment = save(workspace, user, "country.in.US", "Secret plan")
    if deleted:
        client_of(user).post(f"/segments/{segment.id}/deletion/")
    before = stored(workspace, segment)
    _, carol = cast.rival()
    stranger = client_of(carol)
    body = {"name": "Mine", "f": "country.in.CA", "limit": 1, "order": "score", "key": "k"}
    answer = getattr(stranger, method)(f"/segments/{segment.id}/{tail}", body)
    assert answer.status_code == 404
    assert b"Secret" not in answer.content
    unknown = getattr(stranger, method)(f"/segments/{uuid7()}/{tail}", body)
    assert unknown.status_code == 404
    after = stored(workspace, segment)
    assert [getattr(after, f.attname) for f in Segment._meta.concrete_fields] == [
        getattr(before, f.attname) for f in Segment._meta.concrete_fields
    ]
    assert jobs_of(workspace) == []


@pytest.mark.parametrize("path", ["", "new/", "new/pull/", "save/"])
def test_nobody_gets_in_without_signing_in(db, path):
    answer = Client().get(f"/segments/{path}")
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]
