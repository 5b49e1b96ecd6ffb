"""L-9: how scores are spread, and what another ideal customer would do to them."""

import html
import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts.profiles.models import BusinessProfile
from cursive.lib.tenancy import tenant_context
from leads.records.models import Lead
from leads.scoring import queries
from leads.scoring.charts import said
from leads.scoring.models import ScoreDay
from leads.scoring.operations import score_everything, score_leads
from leads.scoring.queries import Distribution, Effect, distribution_of
from leads.scoring.rule import MOST, today
from leads.scoring.wording import NAMES, explain
from tests import cast
from tests.leads.scoring.test_scores_kept import (
    acme,
    events,
    fitting,
    fresh,
    profile,
    versions,
    work,
)

__all__ = ["acme"]

PAGE = "/settings/scoring/"
HTMX = {"HX-Request": "true"}
COOKS = {"titles": "Cook", "intent_topics": "", "industries": ["restaurants"], "employee_bands": []}


@pytest.fixture
def alice(acme) -> Client:
    client = Client()
    with cast.system_context():
        client.force_login(cast.User.objects.get(id=acme.actor.user_id))
    return client


def text_of(answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def crowd(workspace) -> None:
    """Leads of many kinds, all scored."""
    for n in range(12):
        fitting(
            workspace,
            title=("Head of Sales", "Sous Cook", "Owner")[n % 3],
            industry=("software", "restaurants")[n % 2],
            employee_band=("11-50", "201-500", "")[n % 3],
            email_verified=n % 4 == 0,
            source="pixel" if n == 11 else "upload",
        )
    with tenant_context(workspace.id):
        score_leads(workspace_id=workspace.id, ids=Lead.objects.values_list("id", flat=True))


def test_a_workspace_without_leads_or_profile_is_told_what_to_do(alice):
    said = text_of(alice.get(PAGE))
    assert "No leads to score yet" in said and "Write a profile" in said
    assert "The first night is still to come" in said


def test_the_page_shows_how_scores_are_spread(acme, alice):
    crowd(acme)
    cast.lead(acme)  # not scored yet
    answer = alice.get(PAGE)
    with tenant_context(acme.id):
        now = distribution_of(acme.id)
    assert now.leads == 12 and now.unscored == 1
    assert f"12 leads, {now.average} on average; 1 not scored yet" in text_of(answer)
    bands = {band.label: (band.now, address) for band, address in answer.context["bands"]}
    assert sum(leads for leads, _ in bands.values()) == 12
    for leads, address in bands.values():  # each band leads to just its leads
        assert len(alice.get(address).context["rows"]) == leads


def test_saving_gives_what_was_tried(acme, alice):
    profile(acme)
    crowd(acme)
    tried = alice.post(PAGE, {**COOKS, "try": "1"}, headers=HTMX)
    effect = tried.context["effect"]
    assert "<html" not in tried.content.decode()
    assert effect.rising and effect.falling and not effect.sampled
    before = {lead.id: lead.score for lead in _all(acme)}
    assert alice.post(PAGE, COOKS).status_code == 302
    assert "Scores are being brought up to date" in text_of(alice.get(PAGE))
    work(acme)
    with tenant_context(acme.id):
        assert distribution_of(acme.id) == effect.then
        found = BusinessProfile.objects.get()
        assert (found.titles, found.industries, found.sells) == (
            ["Cook"],
            ["restaurants"],
            "Anvils",
        )
    after = {lead.id: lead.score for lead in _all(acme)}
    assert sum(after[one] > before[one] for one in after) == effect.rising
    assert sum(after[one] < before[one] for one in after) == effect.falling


def _all(workspace) -> list[Lead]:
    with tenant_context(workspace.id):
        return list(Lead.objects.all())


def test_trying_writes_nothing(acme, alice):
    profile(acme)
    crowd(acme)
    work(acme)
    before, said = versions(acme), events(acme)
    for headers in ({}, HTMX):
        answer = alice.post(PAGE, {**COOKS, "try": "1"}, headers=headers)
        assert answer.status_code == 200
        assert "After saving" in text_of(answer)
    assert versions(acme) == before and events(acme) == said
    with tenant_context(acme.id):
        assert BusinessProfile.objects.get().titles == ["Head of Sales"]
    assert work(acme) is None


def test_what_can_not_be_used_is_refused(acme, alice):
    profile(acme)
    crowd(acme)
    work(acme)
    before = versions(acme)
    for wrong in ({"industries": ["astrology"]}, {"titles": "x" * 81}):
        answer = alice.post(PAGE, {**COOKS, **wrong})
        assert answer.status_code == 400
        assert next(iter(wrong)) in answer.context["form"].errors
    with tenant_context(acme.id):
        assert BusinessProfile.objects.get().titles == ["Head of Sales"]
    assert versions(acme) == before
    assert work(acme) is None


def test_without_a_profile_there_is_nothing_to_save(acme, alice):
    crowd(acme)
    assert alice.post(PAGE, COOKS).status_code == 200
    with tenant_context(acme.id):
        assert not BusinessProfile.objects.exists()


def test_of_very_many_leads_a_sample_is_tried(acme, alice, monkeypatch):
    monkeypatch.setattr(queries, "TRIED_AT_MOST", 11)
    monkeypatch.setattr(queries, "SAMPLE", 6)
    profile(acme)
    crowd(acme)
    for _ in range(30):  # the ids' last bytes are what they are: try until some are in it
        answer = alice.post(PAGE, {**COOKS, "try": "1"})
        effect = answer.context["effect"]
        if 0 < effect.sampled < 12:
            break
        fitting(acme)
    assert 0 < effect.sampled == effect.then.leads < effect.sampled + 12
    assert f"a sample of {effect.sampled} was tried" in text_of(answer)


def test_the_trend_has_the_kept_days_and_today(acme, alice):
    crowd(acme)
    score_everything()
    with tenant_context(acme.id):
        for n, average in ((2, 10), (1, 20)):
            ScoreDay.objects.create(
                workspace_id=acme.id,
                day=today() - timedelta(days=n),
                histogram=[0, 4, *[0] * 8],
                total=4 * average,
            )
        now = distribution_of(acme.id)
    points = alice.get(PAGE).context["trend"].points
    assert [point.average for point in points] == [10, 20, now.average]
    assert [point.x for point in points] == [0, 50, 100]


def test_the_profile_and_the_list_lead_here(acme, alice):
    profile(acme)
    assert PAGE in alice.get("/settings/profile/").content.decode()


def test_every_part_is_explained(acme, alice):
    assert NAMES.keys() == MOST.keys()
    lead = fitting(acme)
    with tenant_context(acme.id):
        score_leads(workspace_id=acme.id, ids=[lead.id])
    said = text_of(alice.get(f"/leads/{lead.id}/"))
    for factor in explain(fresh(lead).score_factors):
        assert f"{factor.words} {factor.reason} {factor.points} of {factor.most}" in said
    for points, reason in (
        (15, "New today; a point less each day."),
        (14, "1 day old; a point less each day."),
        (3, "12 days old; a point less each day."),
        (0, "15 days old or older."),
    ):
        assert explain({"recency": points})[0].reason == reason
    assert explain(None) == explain({}) == explain({"luck": 5}) == []


def test_the_list_begins_with_the_best(acme, alice):
    """L-9: by default the best score comes first; leads without one come last."""
    unscored, low, high = cast.lead(acme), cast.lead(acme, score=20), cast.lead(acme, score=90)
    rows = alice.get("/leads/").context["rows"]
    assert [row.lead.id for row in rows] == [high.id, low.id, unscored.id]


def test_what_saving_refuses_cannot_be_tried(acme, alice):
    """L-7: the effect of lists that can't be saved would be a promise that isn't kept."""
    profile(acme)
    crowd(acme)
    sent = {**COOKS, "titles": "\n".join(f"Cook {n}" for n in range(500))}
    saved, tried = alice.post(PAGE, sent), alice.post(PAGE, {**sent, "try": "1"})
    said = saved.context["form"].errors["titles"]
    assert "At most" in said[0] and tried.context["form"].errors["titles"] == said
    assert (saved.status_code, tried.status_code) == (400, 400)
    assert tried.context["effect"] is None
    with tenant_context(acme.id):
        assert len(BusinessProfile.objects.get().titles) < 500


def test_one_lead_rises_and_two_fall():
    now = Distribution(bins=(3,), total=15)
    assert said(Effect(now, now, 1, 2, 0)).startswith("1 lead rises, 2 fall.")
    assert said(Effect(now, now, 2, 1, 0)).startswith("2 leads rise, 1 falls.")
