"""L-6: the lead list: filter sidebar, order, pages, news."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context
from leads.listing import queries
from leads.records.models import Lead
from leads.records.queries import address_of_job
from tests import cast
from tests.leads.conftest import member

HTMX = {"HX-Request": "true"}


def names(response) -> list[str]:
    return [row.lead.first_name for row in response.context["rows"]]


def panel(response, name: str):
    sections = response.context["sections"]
    return next(one for section in sections for one in section.panels if one.name == name)


def chips(response) -> list[str]:
    return [chip.text for chip in response.context["chips"]]


def test_an_empty_list_says_what_to_do_next(alice):
    answer = alice.get("/leads/")
    assert answer.status_code == 200
    assert b"No leads yet" in answer.content and b"/segments/new/" in answer.content


def test_the_list_shows_only_our_living_leads(acme, alice):
    rival, _ = cast.rival()
    cast.lead(acme, first_name="Grace")
    cast.lead(rival, first_name="Stranger")
    gone = cast.lead(acme, first_name="Gone")
    alice.post(f"/leads/{gone.id}/deletion/")
    assert names(alice.get("/leads/")) == ["Grace"]


def test_the_filters_can_be_skipped(acme, alice):
    """With sixty controls before the list, by one key."""
    cast.lead(acme)
    text = alice.get("/leads/").content.decode()
    skip = text.index('<a class="skip-to" href="#results">Skip the filters</a>')
    assert skip < text.index('id="filter-sheet"') < text.index('id="results"')


def test_the_sidebar_has_the_fields_of_leads(acme, alice):
    """L-6: what is the workspace's own comes first."""
    answer = alice.get("/leads/")
    sections = answer.context["sections"]
    shown = [one.name for section in sections for one in section.panels]
    assert sections[0].label == "In your workspace"
    assert {
        *("source", "status", "score", "tags", "owner", "verification_status", "seniority"),
        *("department", "industry", "country", "state", "city", "title", "company_name"),
        *("email_verified", "created_at", "last_seen_at"),
    } <= set(shown)
    owners = {option.label for option in panel(answer, "owner").options}
    assert owners == {"Alice"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status.in=won", ["Grace"]),
        ("status.not_in=won", ["Renée"]),
        ("source.in=upload", ["Grace"]),
        ("score.gte=80&score.lte=100", ["Grace"]),
        ("tags.has_any=Navy", ["Grace"]),
        ("tags.has_none=navy", ["Renée"]),
        ("verification_status.in=valid", ["Grace"]),
        ("seniority.in=vp", ["Grace"]),
        ("country.in=US&state.in=TX", ["Grace"]),
        ("city.in=austin", ["Grace"]),
        ("title.contains=admiral", ["Grace"]),
        ("company_name.in=Navy", ["Grace"]),
        ("email.contains=navy.example", ["Grace"]),
        ("email_verified.eq=true", ["Grace"]),
        ("last_seen_at.within_days=7", ["Grace"]),
        ("created_at.within_days=7", ["Grace", "Renée"]),
        ("q=renee", ["Renée"]),
        ("q=grace+navy", ["Grace"]),
        ("q=", ["Grace", "Renée"]),
        ("sort=newest", ["Renée", "Grace"]),
        ("sort=name&status.in=won&status.in=new", ["Grace", "Renée"]),
        ("f=status.in.new", ["Renée"]),
        ("f=status.in.new;any(title.contains.x;department.in.engineering)", []),
    ],
)
def test_what_the_controls_find(acme, alice, query, found):
    cast.lead(
        acme,
        first_name="Grace",
        last_name="A",
        email="grace@navy.example",
        status="won",
        source="upload",
        score=85,
        tags=["navy"],
        verification_status="valid",
        seniority="vp",
        country="US",
        state="TX",
        city="Austin",
        title="Rear Admiral",
        company_name="Navy",
        email_verified=True,
        last_seen_at=timezone.now(),
    )
    cast.lead(acme, first_name="Renée", last_name="B", status="new", score=40)
    assert names(alice.get(f"/leads/?{query}")) == found


def test_the_owner_is_shown_by_name(acme, alice):
    cast.lead(acme, first_name="Grace", owner=acme.alice)
    cast.lead(acme, first_name="Ada")
    answer = alice.get(f"/leads/?owner.in={acme.alice.id}")
    assert names(answer) == ["Grace"]
    assert chips(answer) == ["Owner: Alice"]


def test_the_address_holds_the_filter_and_chips_take_it_back(acme, alice):
    """S-1, L-6: back, reload and share: one filter document, in its short form."""
    cast.lead(acme, first_name="Grace", status="won", score=85)
    answer = alice.get(
        "/leads/?arranged=1&open=status&status.in=won&score.gte=80&q=gra&sort=name", headers=HTMX
    )
    address = answer["HX-Push-Url"]
    assert address.startswith("/leads/?f=status.in.won;") and address.endswith("&sort=name")
    assert "arranged" not in address and "q=" not in address
    again = alice.get(address)
    assert names(again) == names(answer) == ["Grace"]
    assert again.context["form"].words == "gra"
    assert chips(again) == ["Status: Won", "Score at least 80", "Anywhere: “gra”"]
    left = again.context["chips"][2].remove
    assert chips(alice.get(f"/leads/{left}")) == ["Status: Won", "Score at least 80"]
    # What is typed takes the place of what was typed before.
    more = alice.get(f"{address}&q=grace+ace")
    assert more.context["form"].words == "grace ace"
    cleared = alice.get("/leads/?f=&arranged=1", headers=HTMX)
    assert cleared["HX-Push-Url"] == "/leads/"


def test_bands_of_the_score_are_one_click(acme, alice):
    """L-9."""
    for score in (90, 65, 45, 10, None):
        cast.lead(acme, first_name=f"S{score}", score=score)
    bands = {band.label: band.href for band in panel(alice.get("/leads/"), "score").bands}
    assert list(bands) == ["80–100", "60–79", "40–59", "Under 40"]
    found = {label: names(alice.get(f"/leads/{href}")) for label, href in bands.items()}
    assert found == {"80–100": ["S90"], "60–79": ["S65"], "40–59": ["S45"], "Under 40": ["S10"]}
    chosen = panel(alice.get(f"/leads/{bands['60–79']}"), "score").bands[1]
    assert chosen.is_chosen and chosen.href == "?f="


@pytest.mark.parametrize(
    "query",
    [
        *("sort=best", "cursor=abc", "f=nofield.in.x", "f=quality.eq.x", "f=((((", "f=%00"),
        *("owner.in=x", "status.in=maybe", "score.gte=abc", "score.gte=9&score.lte=1", "q=%00"),
        *("created_at.gte=yesterday", "created_at.gte=9999-99-99", "f=" + "x" * 9_000),
    ],
)
def test_bad_parameters_are_named(acme, alice, query):
    """X-5."""
    cast.lead(acme)
    assert alice.get(f"/leads/?{query}").status_code == 400
    assert alice.get(f"/leads/?{query}", headers=HTMX).status_code == 400


@pytest.mark.parametrize("sort", ["newest", "oldest", "score", "name", "company"])
def test_paging_by_cursor_shows_everybody_once(acme, alice, sort):
    made = {
        cast.lead(acme, first_name=f"P{n}", score=n % 7 or None, company_name=f"C{n % 5}").id
        for n in range(120)
    }
    seen, cursor = [], ""
    while True:
        answer = alice.get(f"/leads/?sort={sort}&cursor={cursor}")
        page = answer.context["page"]
        seen += [lead.id for lead in page.items]
        if not page.next_cursor:
            break
        cursor = page.next_cursor
    assert len(seen) == 120 and set(seen) == made


def test_the_way_to_the_next_page_keeps_the_filter_and_drops_the_form(acme, alice):
    for n in range(60):
        cast.lead(acme, first_name=f"P{n}", status="won")
    cast.lead(acme, status="new")
    answer = alice.get("/leads/?arranged=1&status.in=won&sort=name", headers=HTMX)
    found = re.search(r'href="(\?[^"]*cursor=[^"]*)" rel="next"', answer.content.decode())
    link = found[1].replace("&amp;", "&")
    assert "arranged" not in link
    assert "f=status.in.won" in link and "sort=name" in link
    following = alice.get(f"/leads/{link}", headers=HTMX)
    assert len(names(following)) == 10
    assert "cursor=" in following["HX-Push-Url"]


def test_page_and_fragment_share_one_address(acme, alice):
    cast.lead(acme, first_name="Grace")
    answer = alice.get("/leads/", headers=HTMX)
    assert b"<html" not in answer.content and b"Grace" in answer.content
    assert b'hx-partial hx-target="#filters"' in answer.content
    assert "HX-Request" in answer["Vary"]


def test_the_list_costs_a_fixed_number_of_queries(acme, alice, django_assert_max_num_queries):
    for n in range(30):
        cast.lead(acme, first_name=f"P{n}", owner=acme.alice)
    with django_assert_max_num_queries(14):
        alice.get("/leads/?f=status.in.new")


def test_suggestions_come_from_our_own_leads(acme, alice):
    rival, _ = cast.rival()
    cast.lead(acme, city="San José", tags=["key account"], state="TX", intent_topics=["cloud_cost"])
    cast.lead(rival, city="San Marino", tags=["key secret"])
    told = {
        ("city", "san"): "San José",
        ("city", "jose"): "San José",
        ("tags", "acc"): "key account",
        ("state", "tx"): "Texas",
        ("intent_topics", "cost"): "Cloud cost",
        ("email", ""): "",
    }
    for (field, typed), label in told.items():
        answer = alice.get(f"/leads/suggestions/{field}/?q={quote(typed)}")
        assert answer.status_code == 200 and label in answer.content.decode()
        assert b"Marino" not in answer.content and b"secret" not in answer.content
    assert 'data-operator="has_any"' in alice.get("/leads/suggestions/tags/?q=k").content.decode()
    assert alice.get("/leads/suggestions/score/?q=k").status_code == 404
    assert alice.get("/leads/suggestions/city/?q=%25_%5C").status_code == 200


def test_choices_are_found_by_their_words(acme, alice):
    answer = alice.get("/leads/options/country/?q.country=germ&arranged=1")
    assert b"Germany" in answer.content and b"France" not in answer.content
    assert alice.get("/leads/options/city/").status_code == 404


def test_new_leads_that_match_are_announced_and_kept_in_place(acme, alice):
    """L-6: without a reload, and filter and order stay."""
    cast.lead(acme, status="won")
    first = alice.get("/leads/?f=status.in.won&sort=name")
    since = quote(first.context["now"].isoformat())
    news = f"/leads/news/?f=status.in.won&sort=name&since={since}"
    assert news.rsplit("since")[0] in first.content.decode().replace("&amp;", "&")
    assert b"show" not in alice.get(news).content
    cast.lead(acme, status="new")
    assert b"show" not in alice.get(news).content
    cast.lead(acme, status="won")
    told = alice.get(news).content.decode()
    assert "1 new lead: show" in told
    assert told.count('"/leads/?f=status.in.won&amp;sort=name"') == 2  # href and hx-get
    assert 'hx-target="#results"' in told


@pytest.mark.parametrize(
    "since",
    [
        *("yesterday", "", "2026-01-01T00:00:00", "9999-12-31T23:59:59-23:59"),
        *("0001-01-01T00:00:00%2B23:59", "2026-13-01T00:00:00Z", "9999-12-31T00:00:00Z"),
    ],
)
def test_news_since_no_moment(acme, alice, since):
    """X-5: dates at the ends of the calendar too."""
    assert alice.get(f"/leads/news/?since={since}").status_code == 400


def test_other_filters_live_on_in_the_address(acme, alice):
    """S-1: what the sidebar can't show stays as it is through a change."""
    nested = "any(status.in.won;all(score.gte.80;tags.has_any.x))"
    answer = alice.get("/leads/", {"f": nested, "seniority.in": "vp", "arranged": 1}, headers=HTMX)
    assert "any(status.in.won;all(score.gte.80;tags.has_any.x))" in answer["HX-Push-Url"]
    assert "seniority.in.vp" in answer["HX-Push-Url"]


def test_a_stranger_finds_nothing(acme, alice):
    cast.lead(acme, first_name="Grace")
    carol = member(cast.rival()[0], name="Dora")
    assert names(carol.get("/leads/?q=grace")) == []


def test_a_member_sees_leads_as_they_are(acme):
    lead = cast.lead(acme, email="a" * 60 + "@longlonglong.example", email_verified=True)
    answer = member(acme).get("/leads/")
    text = answer.content.decode()
    row = text[text.index("<tbody>") : text.index("</tbody>")]
    # The tick stands beside the address that may be cut, not inside it.
    assert re.search(r'<span class="addr" title="a+@[^"]*">a+@[^<]*</span><svg', row)
    with tenant_context(acme.id):
        assert Lead.objects.get(id=lead.id).created_at < timezone.now() + timedelta(seconds=1)


def bringing_job(workspace, title="Import of people.csv", kind="import"):
    with tenant_context(workspace.id):
        return Job.objects.create(workspace_id=workspace.id, kind=kind, title=title)


def test_the_leads_of_one_job(acme, alice):
    """Of one import, one enrichment or one pull: by a link, and by the sidebar."""
    assert "job_id" not in [
        one.name for section in alice.get("/leads/").context["sections"] for one in section.panels
    ]
    jobs = [
        bringing_job(acme, "Import of people.csv"),
        bringing_job(acme, "Pull of 5", "pull"),
        bringing_job(acme, "Enrich list.csv", "enrichment"),
    ]
    bringing_job(acme, "Export of 3 leads", "export")
    for number, job in enumerate(jobs):
        cast.lead(acme, first_name=f"Lead {number}", job_id=job.id)
    cast.lead(acme, first_name="By hand")
    answer = alice.get("/leads/")
    labels = [option.label for option in panel(answer, "job_id").options]
    assert labels == ["Enrich list.csv", "Pull of 5", "Import of people.csv"]
    for number, job in enumerate(jobs):
        answer = alice.get(address_of_job(job.id))
        assert names(answer) == [f"Lead {number}"]
        assert chips(answer) == [f"Came in with: {job.title}"]
    others = alice.get(f"/leads/?job_id.not_in={jobs[0].id}")
    assert set(names(others)) == {"Lead 1", "Lead 2", "By hand"}
    assert chips(others) == ["Came in with: not Import of people.csv"]
    assert alice.get("/leads/?job_id.in=nonsense").status_code == 400


def test_an_old_job_is_named_and_another_workspaces_is_not(acme, alice, monkeypatch):
    monkeypatch.setattr(queries, "MOST_JOBS", 1)
    old, newest = bringing_job(acme, "Import of old.csv"), bringing_job(acme, "Import of new.csv")
    rival, _ = cast.rival()
    theirs = bringing_job(rival, "Import of secrets.csv")
    cast.lead(acme, first_name="Grace", job_id=old.id)
    cast.lead(rival, first_name="Stranger", job_id=theirs.id)
    answer = alice.get(address_of_job(old.id))
    assert names(answer) == ["Grace"] and chips(answer) == ["Came in with: Import of old.csv"]
    labels = {option.label for option in panel(answer, "job_id").options}
    assert labels == {"Import of old.csv", newest.title}
    answer = alice.get(address_of_job(theirs.id))
    assert names(answer) == [] and chips(answer) == ["Came in with: An earlier job"]
    assert b"secrets" not in answer.content
