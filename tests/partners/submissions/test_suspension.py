"""P-1, M-1: nothing of a suspended partner's comes on sale, by whatever way, and only what the
suspension itself took off sale comes back."""

from collections import Counter
from threading import Thread

import pytest

from cursive.lib.errors import Forbidden
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.filters.tree import EVERYBODY
from marketplace.listings.operations import record_checks
from marketplace.listings.search import count
from marketplace.listings.sellers import hold_sellers, suspend_seller
from marketplace.purchases.cart import add_listings
from marketplace.purchases.operations import NothingToBuy
from marketplace.purchases.paying import reserve_listings
from marketplace.purchases.queries import cart_of
from partners.program.models import Partner
from partners.program.operations import reinstate_partner, suspend_partner
from partners.submissions import changing
from partners.submissions.models import Submission
from partners.submissions.operations import change_price, withdraw_submission
from partners.submissions.review import approve_submission, reject_submission
from tests.credits.books import at_once, start_and_wait
from tests.marketplace.purchases.buying import buyer
from tests.partners.submissions.handing import (
    STAFF,
    again,
    approve,
    in_review,
    listings,
    on_sale,
    people,
    work,
)


def statuses(found: Submission) -> Counter[str]:
    return Counter(str(each.status) for each in listings(found))


def partner(petra) -> Partner:
    with system_context():
        return Partner.objects.get(workspace_id=petra.id)


def suspend(petra) -> None:
    suspend_partner(partner_id=partner(petra).id, reason="Complaints.", actor=STAFF)


def reinstate(petra) -> None:
    reinstate_partner(partner_id=partner(petra).id, actor=STAFF)
    with tenant_context(petra.id):
        job = Job.objects.filter(title=changing.TITLES["relist"]).latest("created_at")
    work(petra, job)


def approval(petra, found: Submission) -> Job:
    with system_context():
        return approve_submission(workspace_id=petra.id, actor=STAFF, submission_id=found.id)


def test_who_is_suspended_before_publication_is_not_published(petra, mailoutbox):
    found = in_review(petra, people(50))
    job = approval(petra, found)
    suspend(petra)
    work(petra, job)
    found = again(petra, found)
    assert (found.status, found.approved) == ("review", 0)
    assert statuses(found) == {"draft": 50}
    with tenant_context(petra.id):
        job = Job.objects.get(id=job.id)
    assert job.status == "failed" and "Suspended. Complaints." in job.error
    reinstate(petra)
    assert statuses(found) == {"draft": 50}
    assert statuses(approve(petra, found)) == {"listed": 50}


def test_who_is_suspended_amid_publication_has_nothing_on_sale(petra, monkeypatch):
    monkeypatch.setattr(changing, "BATCH", 20)
    found = in_review(petra, people(50))
    job = approval(petra, found)

    def stop(self, job):
        if job.cursor and partner(petra).may_sell:
            suspend(petra)

    with monkeypatch.context() as patched:
        patched.setattr(changing.ChangeHandler, "prepare", stop)
        work(petra, job)
    assert again(petra, found).status == "review"
    assert statuses(found) == {"withdrawn": 20, "draft": 30}
    reinstate(petra)
    assert statuses(found) == {"listed": 20, "draft": 30}
    found = approve(petra, found)
    assert (found.status, found.approved, statuses(found)) == ("approved", 50, {"listed": 50})


@pytest.mark.faults
@pytest.mark.parametrize("way", ["publish", "relist"])
def test_what_comes_on_sale_while_a_suspension_is_under_way_waits_for_it(petra, way):
    if way == "publish":
        found = in_review(petra, people(50))
        job = approval(petra, found)
    else:
        found = on_sale(petra, people(50))
        suspend(petra)
        reinstate_partner(partner_id=partner(petra).id, actor=STAFF)
        with tenant_context(petra.id):
            job = Job.objects.get(title=changing.TITLES["relist"])
    done: list[object] = []
    working = Thread(target=lambda: done.extend(at_once(1, lambda _: work(petra, job))))
    with system_context(), atomic():
        Partner.objects.select_for_update().get(workspace_id=petra.id)
        assert start_and_wait(working)
        Partner.objects.filter(workspace_id=petra.id).update(status="suspended")
        changing.suspend_all(petra.id, "Complaints.")
    working.join()
    assert done == [None]
    assert statuses(found) == {"draft" if way == "publish" else "withdrawn": 50}


@pytest.mark.faults
def test_an_approval_while_a_suspension_is_under_way_is_refused(petra):
    found = in_review(petra, people(50))
    answers: list[object] = []
    deciding = Thread(target=lambda: answers.extend(at_once(1, lambda _: approval(petra, found))))
    with system_context(), atomic():
        Partner.objects.select_for_update().get(workspace_id=petra.id)
        assert start_and_wait(deciding)
        Partner.objects.filter(workspace_id=petra.id).update(status="suspended")
    deciding.join()
    assert isinstance(answers[0], Forbidden)
    assert again(petra, found).status == "review" and statuses(found) == {"draft": 50}


def test_what_was_withdrawn_or_found_invalid_meanwhile_does_not_come_back(petra, monkeypatch):
    """A withdrawal that began before, a rejection, and a check that was under way (P-6b)."""
    monkeypatch.setattr(changing, "AT_ONCE", 10)
    gone, kept = on_sale(petra, people(50)), on_sale(petra, people(50, 100))
    with tenant_context(petra.id):
        withdraw_submission(workspace_id=petra.id, actor=petra.actor, submission_id=gone.id)
    suspend(petra)
    work(petra, job_of(petra, "suspend"))
    work(petra, again(petra, gone).change_job)
    with system_context(), atomic():
        record_checks(checks={listings(kept)[0].id: "invalid"})
    reinstate(petra)
    assert statuses(gone) == {"withdrawn": 50}
    assert statuses(kept) == {"listed": 49, "withdrawn": 1}


@pytest.fixture
def many(petra, monkeypatch) -> Submission:
    """A file on sale whose leads are more than what is changed at once; in three batches."""
    monkeypatch.setattr(changing, "AT_ONCE", 10)
    monkeypatch.setattr(changing, "BATCH", 20)
    return on_sale(petra, people(50))


def job_of(petra, action: str) -> Job:
    with tenant_context(petra.id):
        return Job.objects.filter(title=changing.TITLES[action]).latest("created_at")


def seen(acme) -> int:
    with tenant_context(acme.workspace.id):
        return count(EVERYBODY, buyer_id=acme.workspace.id)


def test_nothing_is_sold_from_the_suspension_on_however_much_is_listed(petra, many):
    """M-1, P-1: at once; the listings follow by a job."""
    acme = buyer()
    ids = [each.id for each in listings(many)]
    with tenant_context(acme.workspace.id):
        add_listings(workspace_id=acme.workspace.id, actor=acme.actor, listing_ids=ids[:1])
    assert seen(acme) == 50
    suspend(petra)
    assert statuses(many) == {"listed": 50} and seen(acme) == 0
    before = acme.snapshot()
    with pytest.raises(NothingToBuy) as refusal:
        acme.buy(ids)
    assert refusal.value.left_out == {"withdrawn": ids}
    with tenant_context(acme.workspace.id):
        (row,) = cart_of(acme.workspace.id, acme.user.id).rows
        assert row.reason == "withdrawn"
        kept = reserve_listings(workspace_id=acme.workspace.id, actor=acme.actor, listing_ids=ids)
        added = add_listings(workspace_id=acme.workspace.id, actor=acme.actor, listing_ids=ids[1:3])
    assert (kept, added.added, added.gone) == (0, 0, 2)
    assert acme.snapshot() == before
    work(petra, job_of(petra, "suspend"))
    assert statuses(many) == {"withdrawn": 50}
    reinstate(petra)
    assert statuses(many) == {"listed": 50} and seen(acme) == 50
    assert acme.buy(ids[:2]).leads == 2


def test_a_suspension_that_is_lifted_half_way_ends_there(petra, many, monkeypatch):
    acme = buyer()
    suspend(petra)

    def stop(self, job):
        if job.cursor and not partner(petra).may_sell:
            reinstate_partner(partner_id=partner(petra).id, actor=STAFF)

    with monkeypatch.context() as patched:
        patched.setattr(changing.ChangeHandler, "prepare", stop)
        work(petra, job_of(petra, "suspend"))
    assert statuses(many) == {"withdrawn": 20, "listed": 30} and seen(acme) == 30
    assert acme.buy([listings(many)[-1].id]).leads == 1
    work(petra, job_of(petra, "relist"))
    assert statuses(many) == {"listed": 49, "sold_out": 1} and seen(acme) == 49


@pytest.mark.faults
def test_a_sale_during_the_suspension_waits_for_it_and_is_refused(petra, many):
    acme = buyer()
    answers: list[object] = []
    ids = [each.id for each in listings(many)]
    buying = Thread(target=lambda: answers.extend(at_once(1, lambda _: acme.buy(ids))))
    before = acme.snapshot()
    with system_context(), atomic():
        suspend_seller(petra.id)
        assert start_and_wait(buying)
    buying.join()
    assert isinstance(answers[0], NothingToBuy)
    assert acme.snapshot() == before


@pytest.mark.faults
def test_a_suspension_during_a_sale_waits_for_it_and_not_for_ever(petra, many):
    """While it waits later sales wait behind it: many buyers can't keep it off."""
    acme = buyer()
    suspended: list[object] = []
    bought: list[object] = []
    ids = [each.id for each in listings(many)]
    suspending = Thread(target=lambda: suspended.extend(at_once(1, lambda _: suspend(petra))))
    late = Thread(target=lambda: bought.extend(at_once(1, lambda _: acme.buy(ids[1:]))))
    with system_context(), atomic():
        assert hold_sellers([petra.id]) == frozenset()
        assert start_and_wait(suspending)
        assert partner(petra).may_sell
        assert start_and_wait(late, waiting=2)
    suspending.join()
    late.join()
    assert suspended == [None] and isinstance(bought[0], NothingToBuy)
    assert not partner(petra).may_sell


def test_what_is_rejected_after_half_a_publication_does_not_come_back(petra, monkeypatch):
    monkeypatch.setattr(changing, "BATCH", 20)
    found = in_review(petra, people(50))
    job = approval(petra, found)

    def stop(self, job):
        if job.cursor and partner(petra).may_sell:
            suspend(petra)

    with monkeypatch.context() as patched:
        patched.setattr(changing.ChangeHandler, "prepare", stop)
        work(petra, job)
    with system_context():
        reject_submission(
            workspace_id=petra.id, actor=STAFF, submission_id=found.id, code="duplicate"
        )
    reinstate(petra)
    assert statuses(found) == {"withdrawn": 20, "rejected": 30}


def test_a_change_of_the_price_reaches_what_a_suspension_took_off_sale(petra, monkeypatch):
    """P-5: else some come back at the old price, and nobody could change it."""
    monkeypatch.setattr(changing, "AT_ONCE", 10)
    found = on_sale(petra, people(50))

    def reprice() -> Job:
        with tenant_context(petra.id):
            change_price(
                workspace_id=petra.id, actor=petra.actor, submission_id=found.id, price="2.50"
            )
        job = again(petra, found).change_job
        assert job is not None
        return job

    ended = reprice()
    with tenant_context(petra.id):
        cancel_job(workspace_id=petra.id, job_id=ended.id, actor=petra.actor)
    work(petra, ended)
    assert {each.price_cents for each in listings(found)} == {120}
    job = reprice()  # the same price again
    assert job.id != ended.id
    suspend(petra)
    with tenant_context(petra.id):
        suspension = Job.objects.filter(title=changing.TITLES["suspend"]).latest("created_at")
    work(petra, suspension)
    work(petra, job)
    reinstate(petra)
    assert {(each.status, each.price_cents) for each in listings(found)} == {("listed", 250)}
