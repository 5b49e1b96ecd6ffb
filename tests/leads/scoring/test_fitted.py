"""L-10: a score that is fitted to won and lost leads, measured beside the rule's."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursive.lib.errors import Conflict, NotFound
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context, uuid7
from leads.records.models import Lead
from leads.scoring.fitting import PARTS, RIDGE, Pattern, area, fit, solve
from leads.scoring.models import FittedScore
from leads.scoring.operations import score_everything, score_leads
from leads.scoring.outcomes import fit_score, use_fitted
from leads.scoring.rule import MOST, Icp, Rule, today
from tests import cast
from tests.leads.scoring.test_rule import NOBODY, by_sql, leads
from tests.leads.scoring.test_scores_kept import acme, events, profile, versions, work
from tests.leads.scoring.test_scoring_page import PAGE, alice, text_of

__all__ = ["acme", "alice"]

factors = st.fixed_dictionaries(
    {}, optional={part: st.sampled_from([0, most // 2, most]) for part, most in MOST.items()}
)
patterns = st.lists(
    st.builds(Pattern, st.integers(0, 4), factors, st.integers(0, 30), st.integers(0, 30)),
    min_size=1,
    max_size=12,
)


@given(
    st.lists(
        st.tuples(st.integers(0, 3).map(float), st.integers(0, 4), st.integers(0, 4)), max_size=8
    )
)
def test_the_area_is_how_often_the_won_one_is_ahead(scored):
    won = [score for score, n, _ in scored for _ in range(n)]
    lost = [score for score, _, n in scored for _ in range(n)]
    pairs = [(a > b) + (a == b) / 2 for a in won for b in lost]
    assert area(scored) == pytest.approx(sum(pairs) / len(pairs) if pairs else 0.5)


@settings(max_examples=60)
@given(patterns.filter(lambda some: any(p.won for p in some) and any(p.lost for p in some)))
def test_no_small_change_of_the_weights_would_fit_better(some):
    """At the best fit the likelihood's slope is zero in every direction."""
    weights = solve(some)
    for at in range(len(PARTS) + 1):
        slope = -RIDGE * weights[at] if at else 0.0
        for one in some:
            logit = sum(w * x for w, x in zip(weights, one.features, strict=True))
            chance = 1 / (1 + math.exp(-logit))
            slope += (one.won - (one.won + one.lost) * chance) * one.features[at]
        assert abs(slope) < 1e-4


def test_without_both_kinds_there_is_nothing_to_learn():
    with pytest.raises(ValueError, match="won and such that were lost"):
        fit([Pattern(0, {"email": 20}, 5, 0)])


@settings(
    max_examples=30,
)
@given(
    row=leads,
    weights=st.fixed_dictionaries(
        {"base": st.floats(-3, 3), **{part: st.floats(-9, 9) for part in PARTS}}
    ),
)
def test_the_fitted_score_is_the_chance_in_a_hundred(db, row, weights):
    ((score, found),) = by_sql([row], NOBODY, weights)
    logit = weights["base"] + sum(weights[p] * n for p, n in found.items() if p in weights)
    chance = 100 / (1 + math.exp(-max(-30, min(30, logit))))
    assert abs(score - chance) <= 0.5 + 1e-6 and 0 <= score <= 100
    assert by_sql([row], NOBODY)[0][1] == found  # what it is made of stays


def test_recency_is_not_learned_from():
    rule = Rule(Icp(), today(), {"base": 0.0, "email": 1.0})
    assert "score_day" not in rule.score


def decided(workspace, *, won: int = 120, lost: int = 120) -> None:
    """Leads whose title tells won from lost, while the rule is misled by verified addresses."""
    wins = [n < won for n in range(won + lost)]
    with tenant_context(workspace.id):
        Lead.objects.bulk_create(
            Lead(
                workspace=workspace,
                source="upload",
                first_name=f"P{n}",
                dedup_hash=uuid7().hex * 2,
                status="won" if is_won else "lost",
                title="Head of Sales" if is_won == (n % 10 > 0) else "Cook",
                email_verified=is_won == (n % 5 == 0),
            )
            for n, is_won in enumerate(wins)
        )
    score_everything()


def scores(workspace) -> dict:
    with tenant_context(workspace.id):
        return dict(Lead.objects.values_list("id", "score"))


def test_a_fitted_score_is_measured_used_and_given_up(acme, alice):
    profile(acme)
    decided(acme)
    by_rule = scores(acme)
    assert "120 won and 120 lost so far" in text_of(alice.get(PAGE))
    assert alice.post(f"{PAGE}fit/").status_code == 302
    with tenant_context(acme.id):
        fitted = FittedScore.objects.get()
    assert fitted.outcomes == 240 and not fitted.is_on
    assert fitted.auc > 0.85 and fitted.rule_auc < 0.6
    said = text_of(alice.get(PAGE))
    assert f"Fitted score {fitted.auc:.2f}" in said
    assert f"Points of the rule In use {fitted.rule_auc:.2f}" in said
    assert scores(acme) == by_rule and work(acme) is None  # measuring changes no score
    alice.post(f"{PAGE}fitted/")
    assert work(acme).status == "completed"
    with tenant_context(acme.id):
        heads = Lead.objects.filter(title="Head of Sales", email_verified=False)
        cooks = Lead.objects.filter(title="Cook", email_verified=True)
        assert min(one.score for one in heads) > 50 > max(one.score for one in cooks)
        lead = heads.first()
        assert score_leads(workspace_id=acme.id, ids=list(by_rule)) == []  # nothing is left to do
    assert "Fitted to your won and lost leads" in text_of(alice.get(f"/leads/{lead.id}/"))
    assert {one["cause"] for one in events(acme)} == {"nightly", "fit"}
    alice.post(f"{PAGE}fitted/removal/")
    work(acme)
    assert scores(acme) == by_rule


def test_what_is_tried_is_tried_by_the_score_in_use(acme, alice):
    profile(acme)
    decided(acme)
    with tenant_context(acme.id):
        fit_score(workspace_id=acme.id, actor=acme.actor)
        use_fitted(workspace_id=acme.id, actor=acme.actor, is_on=True)
    work(acme)
    same = {"titles": "Head of Sales", "intent_topics": "CRM software"}
    same |= {"industries": ["software"], "employee_bands": ["11-50"], "try": "1"}
    effect = alice.post(PAGE, same).context["effect"]
    assert effect.now == effect.then and not effect.rising and not effect.falling


def test_a_fit_in_use_that_is_made_again_scores_again(acme):
    decided(acme)
    with tenant_context(acme.id):
        fit_score(workspace_id=acme.id, actor=acme.actor)
        for _ in range(2):  # the second time it is in use already
            use_fitted(workspace_id=acme.id, actor=acme.actor, is_on=True)
        fit_score(workspace_id=acme.id, actor=acme.actor)
        assert FittedScore.objects.count() == 1
    assert work(acme).params == {"cause": "fit"}
    with tenant_context(acme.id):
        assert Job.objects.filter(kind="scoring").count() == 2


@pytest.mark.parametrize(("won", "lost"), [(100, 99), (181, 19), (19, 400)])
def test_too_few_outcomes_are_refused(acme, alice, won, lost):
    decided(acme, won=won, lost=lost)
    before = versions(acme)
    with tenant_context(acme.id), pytest.raises(Conflict, match=f"{won} won and {lost} lost"):
        fit_score(workspace_id=acme.id, actor=acme.actor)
    with tenant_context(acme.id), pytest.raises(NotFound):
        use_fitted(workspace_id=acme.id, actor=acme.actor, is_on=True)
    page = alice.post(f"{PAGE}fit/", follow=True)
    assert "A score can be fitted from 200" in text_of(page)
    assert "Fit and compare" not in text_of(page)
    with tenant_context(acme.id):
        assert not FittedScore.objects.exists()
    assert versions(acme) == before and work(acme) is None


def test_others_outcomes_are_not_learned_from(acme):
    rival, _ = cast.rival()
    decided(rival)
    with tenant_context(acme.id), pytest.raises(Conflict, match="0 won and 0 lost"):
        fit_score(workspace_id=acme.id, actor=acme.actor)
