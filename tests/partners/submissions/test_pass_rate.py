"""P-6, P-6a: the pass rate is of addresses, each once: the same list again raises nothing."""

from datetime import timedelta

from django.utils import timezone

from cursive.lib.tenancy import atomic, system_context, tenant_context
from marketplace.listings.models import AddressVerdict, Listing
from marketplace.listings.operations import record_checks
from marketplace.listings.verdicts import count_verdicts
from partners.commission.queries import standing_of
from partners.submissions.models import Submission
from partners.submissions.operations import (
    give_up,
    remove_expired_submissions,
    withdraw_submission,
)
from tests import cast, market
from tests.partners.submissions.handing import approve, in_review, listings, people, validated


def rates(petra) -> tuple[tuple[int, int], float | None]:
    """(valid, invalid) as commission counts them, and the rate that the partner is shown."""
    since = timezone.now() - timedelta(days=90)
    with system_context():
        counted = count_verdicts([petra.id], since)[petra.id]
    with tenant_context(petra.id):
        return counted, standing_of(petra.id).pass_rate


def told(found: Submission, invalid: int = 0) -> Submission:
    """The submission, whose last `invalid` addresses take no mail, and all others do."""
    ids = [each.id for each in listings(found)]
    said = dict.fromkeys(ids, "valid") | dict.fromkeys(ids[len(ids) - invalid :], "invalid")
    with system_context(), atomic():
        record_checks(checks=said)
    return found


def drop(petra, found: Submission) -> None:
    with tenant_context(petra.id):
        give_up(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)


def test_a_list_that_is_given_up_and_handed_in_again_counts_once(petra):
    drop(petra, told(validated(petra, people(50, 1000)), invalid=50))
    good = people(50)
    for _ in range(3):
        found = told(validated(petra, good))
        assert rates(petra) == ((50, 50), 50.0)
        drop(petra, found)
    assert not Listing.objects.exists()
    assert rates(petra) == ((50, 50), 50.0)


def test_a_list_that_is_taken_off_sale_and_handed_in_again_counts_once(petra):
    for times in range(2):
        found = approve(petra, told(in_review(petra, people(50) + "\n" * times)))
        with tenant_context(petra.id):
            withdraw_submission(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)
    assert len(listings()) == 100
    assert rates(petra) == ((50, 0), 100.0)


def test_the_newest_verdict_wins_and_none_is_no_verdict(petra):
    one = market.listing(petra, email="ann@fine.example", on_sale=False)
    assert rates(petra)[0] == (1, 0)
    market.listing(petra, email="Ann@fine.example", status="invalid", on_sale=False)
    assert rates(petra)[0] == (0, 1)
    with system_context(), atomic():
        record_checks(checks={one.id: "unknown"})
    assert rates(petra)[0] == (0, 1)


def test_one_mailbox_under_many_names_counts_once(petra):
    """In one file, too: what follows a plus is the owner's to choose."""
    names = ("ann@fine.example", "ann+1@fine.example", "ann+2@fine.example", "a.nn+3@gmail.com")
    market.listings(petra, [market.person(email=each) for each in names], on_sale=False)
    market.listing(petra, email="ann@gmail.com", on_sale=False)
    assert rates(petra)[0] == (2, 0)


def test_each_partner_has_verdicts_of_their_own(petra):
    other, _ = market.partner("Other lists", owner=cast.user("Oscar"))
    for seller, status in ((petra, "valid"), (other, "invalid")):
        market.listing(seller, email="ann@fine.example", status=status, on_sale=False)
    since = timezone.now() - timedelta(days=90)
    with system_context():
        counted = count_verdicts([petra.id, other.id], since)
    assert counted == {petra.id: (1, 0), other.id: (0, 1)}


def test_verdicts_tell_nobody_and_are_kept_for_ninety_days(petra):
    found = told(validated(petra, people(50)), invalid=10)
    days = {True: 89, False: 91}
    with system_context():
        for is_valid, ago in days.items():
            AddressVerdict.objects.filter(is_valid=is_valid).update(
                checked_at=timezone.now() - timedelta(days=ago)
            )
        names = {field.name for field in AddressVerdict._meta.get_fields()}
    assert names == {"id", "workspace", "is_valid", "checked_at"}
    drop(petra, found)
    assert rates(petra) == ((40, 0), 100.0)
    remove_expired_submissions()
    with system_context():
        assert AddressVerdict.objects.count() == 40


def test_what_is_given_up_or_not_taken_does_not_thin_out_duplicates(petra):
    """P-6a: 20 % of the score; a clean file that nothing comes of is no reason for a better one."""

    def unique() -> int | None:
        with tenant_context(petra.id):
            parts = standing_of(petra.id).score.parts
        return next(part.value for part in parts if part.code == "unique")

    validated(petra, people(60) + people(60).split("\n", 1)[1])
    assert unique() == 0  # 60 of 120
    for _ in range(2):
        drop(petra, validated(petra, people(100, 1000)))
    validated(petra, people(40, 2000))  # too few
    assert unique() == 0
    validated(petra, people(120, 3000))
    assert unique() == 50  # 60 of 240
