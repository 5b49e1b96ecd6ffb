"""What the tests of submissions do again and again."""

import csv
import io
from collections import Counter
from typing import Any

from django.core.files.base import ContentFile
from django.test import Client

from accounts.keys.operations import create_key
from cursive.lib.jobs import runner
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import system_context, tenant_context
from marketplace.listings.models import Listing
from partners.submissions.models import Submission
from partners.submissions.operations import submit_for_review, upload_submission
from partners.submissions.queries import rejects_file, submissions_of
from partners.submissions.review import EVERYTHING, Selection, approve_submission
from tests import cast, market

HEAD = "First,Last,Mail,Phone,Company,Title,LinkedIn,Source date\n"
STAFF = cast.Actor(kind="user", label="sam@cast.example")


def client_of(workspace, actor) -> Client:
    """The API as a workspace uses it."""
    with tenant_context(workspace.id):
        _, token = create_key(
            workspace_id=workspace.id, actor=actor, name="Key", scopes=["read", "write"]
        )
    return Client(headers={"Authorization": f"Bearer {token}"})


def row(number: int, **fields: str) -> str:
    """Somebody who has an address and a company, and by `fields` more."""
    one = {"first": "Ann", "last": f"Lee{number}", "mail": f"p{number}@fine.example"} | fields
    names = ("first", "last", "mail", "phone", "company", "title", "linkedin", "date")
    return ",".join(one.get(name, "") for name in names) + "\n"


def people(count: int, start: int = 0, **fields: str) -> str:
    """A file of so many people."""
    return HEAD + "".join(row(number, **fields) for number in range(start, start + count))


def hand_in(petra, content: str | bytes, *, name: str = "a.csv", **details: Any) -> Submission:
    """A file of Petra's, whose validation is asked for."""
    raw = content.encode() if isinstance(content, str) else content
    with tenant_context(petra.id):
        return upload_submission(
            workspace=petra,
            actor=petra.actor,
            file=ContentFile(raw, name=name),
            details=market.DETAILS | details,
            validate=True,
        )


def again(petra, found: Submission) -> Submission:
    """The submission as it is now."""
    with tenant_context(petra.id):
        return submissions_of(petra.id).get(id=found.id)


def work(petra, job: Job | None) -> None:
    """Let a worker do a job."""
    assert job is not None
    runner.run_job(workspace_id=petra.id, job_id=job.id)


def validated(petra, content: str | bytes, **options: Any) -> Submission:
    """A file of Petra's that is validated."""
    found = hand_in(petra, content, **options)
    work(petra, found.job)
    return again(petra, found)


def in_review(petra, content: str | bytes, **options: Any) -> Submission:
    """A file of Petra's that waits for staff."""
    found = validated(petra, content, **options)
    assert found.status == "ready", found.refusal or found.job.error
    with tenant_context(petra.id):
        submit_for_review(workspace_id=petra.id, actor=petra.actor, submission_id=found.id)
    return again(petra, found)


def approve(petra, found: Submission, selection: Selection = EVERYTHING) -> Submission:
    """Staff approve it, and a worker publishes."""
    with system_context():
        job = approve_submission(
            workspace_id=petra.id, actor=STAFF, submission_id=found.id, selection=selection
        )
    work(petra, job)
    return again(petra, found)


def on_sale(petra, content: str | bytes, **options: Any) -> Submission:
    """A file of Petra's whose leads are on sale."""
    return approve(petra, in_review(petra, content, **options))


def listings(found: Submission | None = None) -> list[Listing]:
    """Listings in the order of their lines."""
    with system_context():
        every = Listing.objects.order_by("seller_id", "line")
        return list(every.filter(submission_id=found.id) if found else every)


def counts(found: Submission) -> dict[str, int]:
    """What validation counted, without what is 0."""
    names = ("rows", "valid", "invalid")
    kinds = ("doubles_in_file", "doubles_own", "doubles_others", "doubles_market")
    every = {name: getattr(found, name) for name in (*names, *kinds)}
    return {name: value for name, value in every.items() if value}


def rejects(petra, found: Submission) -> list[list[str]]:
    """The file of rejects, without its head."""
    with tenant_context(petra.id):
        text = "".join(rejects_file(found)).removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text)))[1:]


def statuses(found: Submission) -> Counter[str]:
    return Counter(str(each.status) for each in listings(found))
