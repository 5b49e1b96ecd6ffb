"""N-10: staff see all workspaces' jobs, with log and figures, try them again, cancel, export."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from analytics.jobs import admin
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import enqueue_job
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast

JOBS = "/admin/cursive/job/"


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.staff())
    return client


def job(workspace, title: str, **fields) -> Job:
    with tenant_context(workspace.id):
        made, _ = enqueue_job(
            workspace_id=workspace.id,
            kind="export",
            title=title,
            params={"columns": ["email"], "ids": [], "filter": None},
            actor=Actor.system("=test"),
        )
        Job.objects.filter(id=made.id).update(**fields)
    return again(made)


def again(made: Job) -> Job:
    with system_context():
        return Job.objects.get(id=made.id)


def workspace_of(made: Job):
    with system_context():
        return Job.objects.select_related("workspace").get(id=made.id).workspace


@pytest.fixture
def world(sam):
    """Acme's failed job and finished one, and Rival's running one."""
    now = timezone.now()
    acme, rival = cast.acme()[0], cast.rival()[0]
    hour = {"started_at": now - timedelta(hours=1)}
    failed = job(
        *(acme, "Acme's failed"),
        **hour,
        status="failed",
        error="It broke <b>.",
        errors=["First.", "It broke <b>."],
        finished_at=now,
    )
    done = job(acme, "=Acme's done", **hour, status="completed", processed=9, finished_at=now)
    held = {"lease_until": now + timedelta(hours=1)}
    running = job(
        *(rival, "Rival's running"), **hour, **held, status="processing", total=10, processed=4
    )
    return failed, done, running


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, action: str, *jobs: Job, **more: str):
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page(client, JOBS))
    sent = {
        "action": action,
        "_selected_action": [str(one.id) for one in jobs],
        "csrfmiddlewaretoken": token.group(1),
        **more,
    }
    return client.post(JOBS, sent, follow=True)


def test_the_list_has_all_workspaces_progress_filters_and_figures(sam, world):
    html = page(sam, JOBS)
    assert all(title in html for title in ("Acme&#x27;s failed", "Rival&#x27;s running"))
    assert "40 %, 4 of 10, about" in html
    assert "50%" in html.replace(" %", "%") and "1 h" in html.replace("hour", "h")
    assert "Rival&#x27;s" not in page(sam, f"{JOBS}?status__exact=failed")
    assert "Acme&#x27;s" not in page(sam, f"{JOBS}?workspace={world[2].workspace_id}")
    assert "Rival&#x27;s" in page(sam, f"{JOBS}?kind=export")
    assert "Rival&#x27;s" not in page(sam, f"{JOBS}?kind=verification")


def test_pages_with_running_jobs_load_anew_and_others_stay(sam, world):
    failed, _, running = world
    assert 'data-reload-after="10"' in page(sam, JOBS)
    assert 'data-reload-after="3"' in page(sam, f"{JOBS}{running.id}/change/")
    assert "data-reload-after" not in page(sam, f"{JOBS}{failed.id}/change/")
    with tenant_context(running.workspace_id):
        Job.objects.filter(id=running.id).update(status="completed")
    assert "data-reload-after" not in page(sam, JOBS)


def test_a_jobs_page_has_its_log(sam, world):
    html = page(sam, f"{JOBS}{world[0].id}/change/")
    assert "First." in html and "It broke &lt;b&gt;." in html and "&quot;columns&quot;" in html
    assert "(&#x27;" not in html  # the status in words, not as Python has it
    assert "Nothing went wrong." in page(sam, f"{JOBS}{world[2].id}/change/")


def test_a_failed_job_is_tried_again_and_others_are_refused(sam, world):
    failed, done, _ = world
    told = press(sam, "try_again", failed, done).content.decode()
    assert "Back in the queue: 1." in told and "Only a failed job" in told
    assert (again(failed).status, again(done).status) == ("pending", "completed")
    with system_context():
        (noted,) = AuditEntry.objects.filter(action="retry", resource="job")
    assert noted.actor_label == "sam@cast.example" and noted.workspace_id == failed.workspace_id


def test_a_running_job_is_asked_to_end(sam, world):
    failed, _, running = world
    told = press(sam, "cancel", running, failed).content.decode()
    assert "Asked to end: 1." in told and "already failed" in told
    assert again(running).cancel_requested and not again(failed).cancel_requested
    assert "Stopping" in page(sam, JOBS)


def test_what_was_refused_is_summed_up_in_one_line(sam, world):
    _, done, _ = world
    others = [job(workspace_of(done), f"Done {n}", status="completed") for n in range(3)]
    told = press(sam, "try_again", done, *others).content.decode()
    assert told.count("Only a failed job can be tried again.") == 1
    assert "Left alone: 4." in told and "Back in the queue" not in told


def test_all_that_match_has_no_made_up_number_and_means_those_that_can(sam, world, monkeypatch):
    failed, done, running = world
    html = page(sam, JOBS)
    assert "9,999,999,999" not in html and "9999999999" not in html
    assert "Select all jobs that match" in html
    told = press(sam, "try_again", done, select_across="1").content.decode()
    assert "Back in the queue: 1." in told and "Left alone" not in told
    assert [again(one).status for one in world] == ["pending", "completed", "processing"]
    told = press(sam, "cancel", done, select_across="1").content.decode()
    assert "Asked to end: 2." in told and again(failed).cancel_requested
    monkeypatch.setattr(admin, "MOST_AT_ONCE", 2)
    for n in range(3):
        job(workspace_of(running), f"More {n}", status="failed")
    told = press(sam, "try_again", done, select_across="1").content.decode()
    assert "Back in the queue: 2." in told and "There are more: do it again." in told
    told = press(sam, "try_again", done, select_across="1").content.decode()
    assert "Back in the queue: 1." in told and "There are more" not in told


def submit(client: Client, one: Job, noun: str):
    address = f"{JOBS}{one.id}/{noun}/"
    html = page(client, f"{JOBS}{one.id}/change/")
    assert f'action="{address}"' in html
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    return client.post(address, {"csrfmiddlewaretoken": token.group(1)}, follow=True)


def test_a_jobs_own_page_tries_it_again_and_cancels_it(sam, world):
    failed, done, running = world
    assert b"The job is back in the queue." in submit(sam, failed, "retry").content
    assert again(failed).status == "pending"
    assert b"The job is asked to end." in submit(sam, running, "cancellation").content
    assert again(running).cancel_requested
    html = page(sam, f"{JOBS}{done.id}/change/")
    assert "/retry/" not in html and "/cancellation/" not in html
    with system_context():
        nouns = AuditEntry.objects.filter(resource="job").exclude(action="create")
        assert sorted(nouns.values_list("action", flat=True)) == ["cancel", "retry"]
    plain = Client()
    plain.force_login(cast.staff("Sue"))
    refused = plain.post(f"{JOBS}{done.id}/retry/", follow=True).content
    assert b"Only a failed job" in refused and again(done).status == "completed"


def test_who_may_only_look_changes_nothing(world, settings):
    settings.STAFF_MFA_REQUIRED = False
    failed, _, running = world
    eve = cast.user("Eve", is_staff=True)
    with system_context():
        eve.user_permissions.add(Permission.objects.get(codename="view_job"))
    client = Client()
    client.force_login(eve)
    assert "/retry/" not in page(client, f"{JOBS}{failed.id}/change/")
    for one, noun in ((failed, "retry"), (running, "cancellation")):
        assert client.post(f"{JOBS}{one.id}/{noun}/").status_code == 403
        assert client.get(f"{JOBS}{one.id}/{noun}/").status_code == 405
    assert again(failed).status == "failed" and not again(running).cancel_requested


def test_the_history_as_csv(sam, world):
    answer = press(sam, "export_csv", *world)
    assert "attachment" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["title"] for row in rows] == [
        *("Rival's running", "'=Acme's done", "Acme's failed")
    ]
    assert (rows[2]["workspace_name"], rows[2]["status"], rows[2]["seconds"]) == (
        *("Acme", "failed", "3600.0"),
    )
    with system_context():
        assert AuditEntry.objects.filter(action="export", resource="jobs").count() == 1


def test_nobody_else_gets_there(world):
    bob = Client()
    bob.force_login(cast.user("Bob"))
    assert bob.get(JOBS).status_code in (302, 403, 404)
    assert Client().get(JOBS).status_code in (302, 403, 404)
