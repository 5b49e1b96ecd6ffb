"""L-17: scores of many leads, computed again by the rule in force."""

from tests import cast
from tests.leads.bulk.bulking import counts, do, values


def test_scores_are_computed_again_and_only_other_ones_count(acme):
    leads = [cast.lead(acme, first_name=name, email_verified=True) for name in "AB"]
    first = do(acme, "score", ids=leads)
    assert all(score and score >= 20 for score in values(acme, "score"))
    assert counts(first)[1] == 2
    assert counts(do(acme, "score", filter=""))[1] == 0
