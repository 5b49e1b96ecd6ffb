"""L-14: the list of candidates, the merge page, 'not the same', undo; the same by API."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.keys.operations import create_key
from cursive.lib.tenancy import tenant_context
from leads.duplicates.merging import merge_leads
from leads.duplicates.models import DuplicateCandidate, LeadMerge
from leads.records.operations import delete_lead, update_lead
from leads.scoring.operations import score_leads
from tests import cast
from tests.leads.duplicates.twins import GRACE, actor, lead, pair, rows


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def chosen(page: str) -> dict[str, str]:
    """Whose value of each field the merge page shows as kept."""
    radios = re.findall(r'<input[^>]*type="radio"[^>]*>', page)
    return dict(
        re.search(r'name="keep-(\w+)" value="([^"]+)"', each).groups()
        for each in radios
        if " checked" in each
    )


def form_of(candidate, **more) -> dict:
    """What the merge page posts when nothing is changed on it."""
    both = (candidate.first, candidate.second)
    seen = {f"seen-{one.id}": one.updated_at.isoformat() for one in both}
    return {"lead": [str(one.id) for one in both], **seen, **more}


def test_the_list_before_and_after_a_search(acme, alice):
    assert "Not looked for yet" in text_of(alice.get("/leads/duplicates/"))
    answer = alice.post("/leads/duplicates/search/")
    assert answer.status_code == 302 and "/jobs/" in answer["Location"]
    assert "No duplicates" in text_of(alice.get("/leads/duplicates/"))


def test_candidates_by_kind_and_page_by_page(acme, alice):
    for number in range(55):
        first, second = sorted((cast.lead(acme).id, cast.lead(acme).id))
        with tenant_context(acme.id):
            DuplicateCandidate.objects.create(
                workspace=acme,
                first_id=first,
                second_id=second,
                confidence=40 + number,
                is_exact=number % 2 == 0,
                reasons=["Same e-mail"],
            )
    page = text_of(alice.get("/leads/duplicates/"))
    assert "94 %" in page and "44 %" not in page and "55 pairs" in page
    following = re.search(r'href="(\?cursor=[^"]+)"', page)[1].replace("&amp;", "&")
    assert "44 %" in text_of(alice.get(f"/leads/duplicates/{following}"))
    assert "28 pairs" in text_of(alice.get("/leads/duplicates/?kind=exact"))
    assert "27 pairs" in text_of(alice.get("/leads/duplicates/?kind=fuzzy"))
    assert alice.get("/leads/duplicates/?kind=else").status_code == 400


def test_merge_and_undo(acme, alice):
    candidate = pair(acme, {"email_verified": True}, {"title": "Captain", "notes": "b"})
    with tenant_context(acme.id):
        score_leads(workspace_id=acme.id, ids=[candidate.first_id, candidate.second_id])
        candidate = DuplicateCandidate.objects.select_related("first", "second").get()
    before = rows(acme)
    page = text_of(alice.get(f"/leads/duplicates/{candidate.id}/"))
    assert "90 % sure" in page and "Captain" in page and "verified" in page
    answer = alice.post(f"/leads/duplicates/{candidate.id}/", form_of(candidate))
    assert answer.status_code == 302
    page = text_of(alice.get(answer["Location"]))
    assert "2 leads are now one: Grace Hopper" in page
    assert "Merged lately" in text_of(alice.get("/leads/duplicates/"))
    with tenant_context(acme.id):
        done = LeadMerge.objects.get()
    answer = alice.post(f"/leads/merges/{done.id}/undo/")
    assert answer.status_code == 302 and rows(acme) == before
    assert "as they were before it" in text_of(alice.get(f"/leads/merges/{done.id}/"))


def test_in_a_second_tab_and_by_the_back_button_one_learns_what_was_decided(acme, alice):
    """Each page and each refusal says it, with a way to the merge and to the duplicates."""
    candidate = pair(acme)
    url = f"/leads/duplicates/{candidate.id}/"
    form = form_of(candidate)
    merged = alice.post(url, form)["Location"]
    before = rows(acme)
    for answer in (alice.get(url), alice.post(url, form), alice.post(f"{url}dismissal/")):
        assert answer.status_code == (200 if answer.request["REQUEST_METHOD"] == "GET" else 409)
        told = text_of(answer)
        assert "Merged already" in told and f'href="{merged}"' in told
        assert 'href="/leads/duplicates/"' in told
    assert rows(acme) == before
    alice.post(f"{merged}undo/")
    before = rows(acme)
    answer = alice.post(f"{merged}undo/")
    assert answer.status_code == 409 and "This merge was undone already." in text_of(answer)
    assert "To the duplicates" in text_of(answer) and rows(acme) == before
    alice.post(f"{url}dismissal/")
    for answer in (alice.get(url), alice.post(f"{url}dismissal/"), alice.post(url, form)):
        assert "Remembered as two people already" in text_of(answer)
        assert f"{url}reopening/" in text_of(answer)
    for _ in range(2):
        assert alice.post(f"{url}reopening/")["Location"] == url
    assert rows(acme) == before
    with tenant_context(acme.id):
        update = {"deleted_at": timezone.now()}
        type(candidate.first).objects.filter(id=candidate.first_id).update(**update)
    assert "isn't there any more" in alice.get(url).content.decode().replace("&#x27;", "'")


def test_undo_says_what_stays(acme, alice):
    candidate = pair(acme)
    merged = alice.post(f"/leads/duplicates/{candidate.id}/", form_of(candidate))["Location"]
    with tenant_context(acme.id):
        done = LeadMerge.objects.get()
        update_lead(
            workspace_id=acme.id,
            lead_id=done.survivor_id,
            actor=actor(acme),
            changes={"status": "won", "tags": ["late"]},
        )
    answer = alice.post(f"{merged}undo/", follow=True)
    assert "stays with Grace Hopper: status, tags." in text_of(answer)
    kept = lead(acme, done.survivor_id)
    assert (kept.status, kept.tags) == ("won", ["late"])


def test_a_merged_leads_address_leads_to_the_other(acme, alice, api):
    """In the browser by a redirect, in the API by its id; through several merges, and not when
    the other one is gone too."""
    one, two, three = (cast.lead(acme, **GRACE) for _ in range(3))
    for ids in ([two.id, three.id], [one.id, two.id]):
        with tenant_context(acme.id):
            merge_leads(workspace_id=acme.id, actor=actor(acme), lead_ids=ids)
    for gone in (two, three):
        answer = alice.get(f"/leads/{gone.id}/", follow=True)
        assert answer.redirect_chain == [(f"/leads/{one.id}/", 302)]
        assert "was merged into this one" in text_of(answer)
        before = rows(acme)
        answer = alice.post(f"/leads/{gone.id}/", {"status": "won"}, follow=True)
        assert "merged into this one. What you changed wasn" in text_of(answer)
        told = api.get(f"/api/leads/{gone.id}")
        assert (told.status_code, told.json()["merged_into"]) == (404, str(one.id))
        body = {"status": "won"}
        told = api.patch(f"/api/leads/{gone.id}", body, content_type="application/json")
        assert (told.status_code, told.json()["merged_into"]) == (404, str(one.id))
        assert rows(acme) == before
    _, carol = cast.rival()
    stranger = Client()
    stranger.force_login(carol)
    assert stranger.get(f"/leads/{two.id}/").status_code == 404
    with tenant_context(acme.id):
        delete_lead(workspace_id=acme.id, lead_id=one.id, actor=actor(acme))
    assert alice.get(f"/leads/{two.id}/").status_code == 404
    told = api.get(f"/api/leads/{two.id}")
    assert told.status_code == 404 and "merged_into" not in told.json()


def test_a_page_that_is_out_of_date_is_refused(acme, alice):
    candidate = pair(acme)
    form = form_of(candidate)
    with tenant_context(acme.id):
        update_lead(
            workspace_id=acme.id,
            lead_id=candidate.second_id,
            actor=actor(acme),
            changes={"notes": "since"},
        )
    before = rows(acme)
    answer = alice.post(f"/leads/duplicates/{candidate.id}/", form)
    assert answer.status_code == 409 and "was changed after you opened" in text_of(answer)
    assert rows(acme) == before


@pytest.mark.parametrize("ticked", [[], ["first"], ["first", "stranger"]])
def test_less_than_two_of_the_page(acme, alice, ticked):
    candidate = pair(acme)
    stranger = cast.lead(acme)
    before = rows(acme)
    ids = {"first": str(candidate.first_id), "stranger": str(stranger.id)}
    form = form_of(candidate) | {"lead": [ids[one] for one in ticked]}
    answer = alice.post(f"/leads/duplicates/{candidate.id}/", form)
    assert answer.status_code == 400 and "Tick two leads" in text_of(answer)
    assert rows(acme) == before


def test_a_third_lead_stands_beside_and_can_be_ticked(acme, alice):
    candidate = pair(acme)
    third = cast.lead(acme, **GRACE | {"first_name": "Gracie"})
    with tenant_context(acme.id):
        low, high = sorted((candidate.first_id, third.id))
        DuplicateCandidate.objects.create(
            workspace=acme, first_id=low, second_id=high, confidence=70
        )
    url = f"/leads/duplicates/{candidate.id}/"
    page = text_of(alice.get(url))
    assert "Gracie Hopper" in page and chosen(page)["first_name"] != str(third.id)
    form = form_of(candidate)
    form["lead"].append(str(third.id))
    form[f"seen-{third.id}"] = third.updated_at.isoformat()
    form["keep-first_name"] = str(third.id)
    assert alice.post(url, form).status_code == 302
    with tenant_context(acme.id):
        done = LeadMerge.objects.get()
    assert len(done.merged_ids) == 2
    assert lead(acme, done.survivor_id).first_name == "Gracie"


def test_what_the_merge_page_shows_is_what_is_kept(acme, alice):
    """L-14: the best of those that are ticked; another's value only with its tick, never silently;
    and what was chosen stays chosen where it couldn't be merged yet."""
    candidate = pair(acme, {"city": "Graz", "industry": ""}, {"city": "Linz"})
    newer = {"source_date": timezone.now().date(), "city": "Wien", "email_verified": True}
    third = cast.lead(acme, **GRACE | newer | {"title": "Consul"})
    with tenant_context(acme.id):
        low, high = sorted((candidate.first_id, third.id))
        DuplicateCandidate.objects.create(
            workspace=acme, first_id=low, second_id=high, confidence=70
        )
    url = f"/leads/duplicates/{candidate.id}/"
    shown = chosen(text_of(alice.get(url)))
    assert {"city", "email", "title"} <= set(shown) and str(third.id) not in shown.values()
    form = form_of(candidate) | {f"keep-{name}": one for name, one in shown.items()}
    form[f"seen-{third.id}"] = third.updated_at.isoformat()
    before = rows(acme)
    answer = alice.post(url, form | {"keep-city": str(third.id)})
    told = text_of(answer)
    assert answer.status_code == 400 and "City (Grace Hopper)" in told
    assert chosen(told) == shown | {"city": str(third.id)} and rows(acme) == before
    other = next(
        str(x) for x in (candidate.first_id, candidate.second_id) if str(x) != shown["city"]
    )
    stale = form | {"keep-city": other, f"seen-{candidate.first_id}": "2020-01-01T00:00:00Z"}
    answer = alice.post(url, stale)
    assert answer.status_code == 409 and chosen(text_of(answer))["city"] == other
    assert rows(acme) == before
    assert alice.post(url, form).status_code == 302
    with tenant_context(acme.id):
        kept = LeadMerge.objects.get().survivor
    by_id = {str(one["id"]): one for one in before}
    assert {n: getattr(kept, n) for n in shown} == {n: by_id[x][n] for n, x in shown.items()}


def test_who_came_in_again_is_named_with_a_way_there(acme, alice):
    """L-14: the refusal stays on the page of the merge."""
    one, two = cast.lead(acme, **GRACE), cast.lead(acme, **GRACE, email="two@navy.example")
    with tenant_context(acme.id):
        ids = [one.id, two.id]
        done = merge_leads(workspace_id=acme.id, actor=actor(acme), lead_ids=ids)
    gone = "two@navy.example" if lead(acme, one.id).email == one.email else one.email
    came = cast.lead(acme, first_name="Zed", last_name="Quill", email=gone)
    before = rows(acme)
    answer = alice.post(f"/leads/merges/{done.id}/undo/")
    told = text_of(answer)
    assert answer.status_code == 409 and "Zed Quill" in told and "Not undone" in told
    assert f'href="/leads/{came.id}/"' in told and "then undo the merge" in told
    assert rows(acme) == before


def test_those_told_apart_are_listed_and_can_be_put_right(acme, alice, api):
    """L-14: newest first, with who has said it."""
    page = "/leads/duplicates/?kind=apart"
    assert "Nobody was told apart" in text_of(alice.get(page))
    one, two = pair(acme), pair(acme)
    for each in (one, two):
        alice.post(f"/leads/duplicates/{each.id}/dismissal/")
    told = text_of(alice.get(page))
    assert told.index(f"{two.id}/reopening/") < told.index(f"{one.id}/reopening/")
    assert "alice@cast.example" in told and "2 pairs" in told
    assert len(api.get("/api/leads/duplicates?kind=apart").json()["data"]) == 2
    alice.post(f"/leads/duplicates/{one.id}/reopening/")
    assert f"{one.id}/" not in text_of(alice.get(page))
    assert f"{one.id}/" in text_of(alice.get("/leads/duplicates/"))


def test_not_the_same_and_after_all(acme, alice):
    candidate = pair(acme)
    answer = alice.post(f"/leads/duplicates/{candidate.id}/dismissal/")
    assert "Remembered as two people" in text_of(answer)
    assert alice.post(f"/leads/duplicates/{candidate.id}/dismissal/").status_code == 409
    answer = alice.post(f"/leads/duplicates/{candidate.id}/reopening/")
    assert answer.status_code == 302
    assert alice.get(answer["Location"]).status_code == 200


@pytest.fixture
def api(acme) -> Client:
    with tenant_context(acme.id):
        _, token = create_key(
            workspace_id=acme.id, actor=actor(acme), name="Key", scopes=["read", "write"]
        )
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_the_api(acme, api):
    """`GET /api/leads/duplicates`, `POST …/merge`, `POST …/dismissal`."""
    one, two = pair(acme), pair(acme)
    body = api.get("/api/leads/duplicates?kind=fuzzy").json()
    assert body["total"] == 2 and {row["id"] for row in body["data"]} == {str(one.id), str(two.id)}
    assert {x["id"] for row in body["data"] for x in row["leads"]} >= {str(one.first_id)}
    assert api.get("/api/leads/duplicates?kind=odd").status_code == 400
    answer = api.post(
        f"/api/leads/duplicates/{one.id}/merge",
        {"choices": {"title": str(one.second_id)}},
        content_type="application/json",
    )
    assert answer.status_code == 200
    merged = answer.json()
    assert {merged["lead"], *merged["merged"]} == {str(one.first_id), str(one.second_id)}
    assert api.post(f"/api/leads/duplicates/{two.id}/dismissal").status_code == 204
    before = rows(acme)
    again = api.post(f"/api/leads/duplicates/{two.id}/merge", {}, content_type="application/json")
    assert again.status_code == 404
    assert api.post(f"/api/leads/duplicates/{two.id}/dismissal").status_code == 409
    assert rows(acme) == before and api.get("/api/leads/duplicates").json()["total"] == 0


def test_odd_bodies_are_refused(acme, api):
    candidate = pair(acme)
    before = rows(acme)
    for body in (
        {"leads": ["x"]},
        {"leads": [str(candidate.first_id)]},
        {"choices": {"dedup_hash": str(candidate.first_id)}},
        {"choices": []},
    ):
        answer = api.post(
            f"/api/leads/duplicates/{candidate.id}/merge", body, content_type="application/json"
        )
        assert answer.status_code == 400, body
    assert rows(acme) == before
