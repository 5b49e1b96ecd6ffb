"""S-7: what a segment's card says once a pull of it has ended."""

import threading

from django.db import connections
from django.utils import timezone

from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job
from cursive.lib.tenancy import tenant_context
from leads.filters.url import decode
from segments.saved.models import Segment
from segments.saved.operations import pull_leads, update_segment
from tests import cast
from tests.leads.records.pulling import give, small_batches, stop_after, work
from tests.segments.conftest import client_of, save, stored, text_of

__all__ = ["small_batches"]


def pull(workspace, user, segment, limit=10) -> Job:
    with tenant_context(workspace.id):
        return pull_leads(
            workspace=workspace, actor=cast.actor_for(user), segment=segment, limit=limit
        )


def counts(workspace, segment) -> tuple[int, int]:
    found = stored(workspace, segment)
    return found.last_count, found.last_net_new


def test_the_card_knows_what_is_left(funded, catalogue):
    """S-7: counted when the pull begins, and again when it ends."""
    workspace, user = funded
    segment = save(workspace, user, "country.in.US")
    job = pull(workspace, user, segment, 25)
    total = catalogue.count(segment.tree()).total
    assert counts(workspace, segment) == (total, total)
    begun = stored(workspace, segment).last_counted_at
    work(workspace, job)
    assert counts(workspace, segment) == (total, total - 25)
    assert begun < stored(workspace, segment).last_counted_at <= timezone.now()
    assert f"{total - 25:,} new to you" in text_of(client_of(user).get("/segments/"))


def test_a_pull_that_is_cancelled_tells_it_too(funded, catalogue, small_batches):
    """S-7: what was delivered until then is no longer new."""
    workspace, user = funded
    segment = save(workspace, user, "country.in.US")
    job = work(workspace, pull(workspace, user, segment, 200), stop=stop_after(2))
    with tenant_context(workspace.id):
        cancel_job(workspace_id=workspace.id, job_id=job.id, actor=cast.actor_for(user))
    job = work(workspace, job)
    assert job.status == Job.Status.CANCELLED
    total, new = counts(workspace, segment)
    assert new == total - job.result["delivered"] < total


def test_another_filter_keeps_its_own_counts(funded, catalogue):
    """S-7: the filter was changed while the pull ran: its count is none of this segment's."""
    workspace, user = funded
    segment = save(workspace, user, "country.in.US")
    job = pull(workspace, user, segment)
    with tenant_context(workspace.id):
        update_segment(
            workspace=workspace,
            actor=cast.actor_for(user),
            segment_id=segment.id,
            filter=decode("country.in.DE", scope="catalogue"),
        )
    assert work(workspace, job).result["delivered"] == 10
    assert counts(workspace, segment) == (None, None)


def test_a_catalogue_that_rests_fails_no_pull(funded, catalogue, settings, tmp_path):
    """S-7: the pull ends; the card keeps what it knew."""
    workspace, user = funded
    segment = save(workspace, user, "country.in.US")
    job = pull(workspace, user, segment)
    with tenant_context(workspace.id):
        cancel_job(workspace_id=workspace.id, job_id=job.id, actor=cast.actor_for(user))
    before = counts(workspace, segment)
    settings.CATALOGUE_DIR = tmp_path / "nothing"
    assert work(workspace, job).status == Job.Status.CANCELLED
    assert counts(workspace, segment) == before


def test_a_segment_that_is_being_changed_is_not_waited_for(funded, catalogue):
    """No deadlock: whoever starts a pull holds the segment and waits for the account."""
    workspace, user = funded
    segment = save(workspace, user, "country.in.US")
    job = pull(workspace, user, segment)
    locked, free = threading.Event(), threading.Event()

    def change() -> None:
        with tenant_context(workspace.id):
            Segment.objects.select_for_update().get(id=segment.id)
            locked.set()
            free.wait(20)
            give(workspace, 1, key="while it is locked")  # the account, after the segment
        connections.close_all()

    thread = threading.Thread(target=change)
    thread.start()
    locked.wait(10)
    try:
        assert work(workspace, job).status == Job.Status.COMPLETED
    finally:
        free.set()
        thread.join()
