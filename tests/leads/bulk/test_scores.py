"""L-17: scores of many leads, computed again by the rule in force."""

from cursive.lib.tenancy import tenant_context
from leads.records.models import Lead
from tests import cast
from tests.leads.bulk.bulking import counts, do, undo, values


def test_scores_are_computed_again_and_only_other_ones_count(acme):
    leads = [cast.lead(acme, first_name=name, email_verified=True) for name in "AB"]
    first = do(acme, "score", ids=leads)
    assert all(score and score >= 20 for score in values(acme, "score"))
    assert counts(first)[1] == 2
    assert counts(do(acme, "score", filter=""))[1] == 0


def test_who_comes_back_is_scored_by_todays_rule(acme):
    """L-7: the rule may have changed while they were in the trash."""
    lead = cast.lead(acme, email_verified=True)
    do(acme, "score", ids=[lead])
    (now,) = values(acme, "score")
    for filter in (None, ""):
        run = do(acme, "delete", ids=[lead] if filter is None else (), filter=filter)
        with tenant_context(acme.id):  # as an older rule left it
            Lead.objects.update(score=now + 5, score_factors={})
        undo(acme, run)
        assert values(acme, "score", deleted_at__isnull=True) == [now]
