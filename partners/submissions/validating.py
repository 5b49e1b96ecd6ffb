"""The job that validates a submission: reads the file, writes who can be sold as drafts, checks
their addresses, a sample first, and grades them (P-3, P-4)."""

import datetime
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.errors import Conflict
from cursive.lib.garbage import collector_resting
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step
from leads.imports.judging import Judge
from leads.imports.planning import Part
from leads.imports.reading import SHOWN, FileReader, PartRead, estimate, noted
from leads.imports.staging import DOUBLE, INVALID, NEW, SUPPRESSED, LeftOut, Parts, Planned
from leads.imports.uploads.models import Upload
from marketplace.listings.known import MARKET, OTHERS, OWN, lock_offering, offered_among
from marketplace.listings.models import Listing
from marketplace.listings.operations import Draft, draft_listings, reject_listings
from partners.program.guards import lock_partner, require_partner

from . import changing, checking
from .allowance import counted_before, require_allowance, take_allowance
from .judging import SubmissionJudge, collected, found
from .models import MOST, Submission
from .operations import KIND
from .quality import grade_listings, grade_submission, uniqueness
from .queries import samples_after_checking

PART_ROWS = 5_000
GRADED_AT_A_TIME = 20_000
LEAST_VALID, MOST_ROWS = 50, 1_000_000
# So many are asked for first; where more of them than so many percent take no mail, that is all.
SAMPLE, MOST_INVALID_PERCENT = 200, 20
NOT_CHECKED = "Its e-mail address could not be checked, however often we tried. Upload it again."
TAKES_NO_MAIL = "The check of its e-mail address says that it takes no mail."
_NEW_SINCE = "SELECT coalesce(max(id), 0) FROM marketplace_listing"


@dataclass(frozen=True, slots=True)
class Read:
    """A part of the file: who is in it, and the last listing there was before it was judged."""

    part: Part
    read: PartRead
    last_listing: int


def _judge(job: Job, upload: Upload) -> Judge:
    return SubmissionJudge(
        seller_id=job.workspace_id,
        submission_id=UUID(job.params["submission"]),
        collected_on=datetime.date.fromisoformat(job.params["collected_on"]),
    )


class ValidationHandler(JobHandler):
    """Goes through five phases: `read`, `admit`, `sample`, `check`, `grade`. Its cursor is that of
    `leads.imports.reading`, with `phase`, the `sample`'s listings, the last `line` that was checked
    or graded, how many addresses were `checked`, were found to take no mail (`undeliverable`) or
    could not be checked (`unanswered`), how many count from an earlier try (`before`), and, while
    some are waited for, the `tries` and up to which line (`until`).
    """

    kind = KIND
    label = "Check of a submission"

    def __init__(self) -> None:
        self._reader = FileReader(_judge)

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The submission."""
        address = reverse("partners:submission", args=[job.params["submission"]])
        return [("See the submission", address)]

    @collector_resting()
    def prepare(self, job: Job) -> Any:
        """Read a part of the file, or ask for addresses."""
        phase = job.cursor.get("phase", "read")
        if phase == "read":
            last = _last_listing()
            part, read = self._reader.read_part(job, PART_ROWS)
            return Read(part, read, last)
        if phase in {"sample", "check"}:
            return checking.ask(job, lambda: _next(job, phase))
        return None

    @collector_resting()
    def step(self, job: Job, prepared: Any) -> Step:
        """Do the next bit of the phase."""
        phase = job.cursor.get("phase", "read")
        if phase == "read":
            return _write(job, prepared)
        if phase == "admit":
            return _admit(job)
        return _grade(job) if phase == "grade" else _check(job, phase, prepared)

    def finish(self, job: Job) -> None:
        """Tell the submission. Of one that was given up, or is refused, no draft stays."""
        self._reader.close()
        asked = checking.forget(job)
        found = Submission.objects.get(workspace_id=job.workspace_id, id=job.params["submission"])
        parts = Parts(job.workspace_id, job.id)
        count = job.cursor.get("part", 0)
        if job.status != Job.Status.COMPLETED:
            changing.drop_leads(found)
            _count_checks(found, job, asked)
            job.cursor = {}
            tenancy.on_commit(lambda: parts.remove(count + 1))
            if found.status == Submission.Status.VALIDATING:
                is_cancelled = job.status == Job.Status.CANCELLED
                found.status = Submission.Status.DRAFT if is_cancelled else Submission.Status.FAILED
                found.refusal = job.error[:300]
                found.save(update_fields=["status", "refusal"])
            return
        _count_checks(found, job, asked)
        _conclude(job, found)
        tenancy.on_commit(lambda: parts.remove_people(count))

    def reopen(self, job: Job) -> None:
        """Begin again from the file's beginning. Raises Conflict where the file was handed in
        again since, TooMany where there is no more checking now."""
        if partner := lock_partner(job.workspace_id):
            require_allowance(partner)
        mine = Submission.objects.filter(workspace_id=job.workspace_id)
        found = mine.get(id=job.params["submission"])
        if other := mine.counted().filter(digest=found.digest).first():
            raise Conflict(f"This file was handed in again, as {other}.")
        found.status, found.refusal = Submission.Status.VALIDATING, ""
        found.save(update_fields=["status", "refusal"])


def _last_listing() -> int:
    """The last listing that is committed. Drafts are written under a lock, so later ones have
    higher ids."""
    with tenancy.system_context(), tenancy.connection().cursor() as cursor:
        cursor.execute(_NEW_SINCE)
        return int(cursor.fetchone()[0])


def _write(job: Job, prepared: Read) -> Step:
    """Write the people of a part as drafts; go on to their addresses after the last part."""
    about = Submission.objects.select_related("upload").get(
        workspace_id=job.workspace_id, id=job.params["submission"]
    )
    cursor = noted({"phase": "read", **job.cursor}, prepared.read)
    lock_offering()
    people = [each for each in prepared.part.people if each.outcome == NEW]
    people = _without_late(job, about, cursor, prepared, people)
    if people:
        draft_listings(
            seller_id=job.workspace_id,
            submission_id=about.id,
            drafts=[
                Draft(
                    each.line,
                    each.candidate,
                    collected(each.candidate.person, about.collected_on),
                )
                for each in people
            ],
            price_cents=about.price_cents,
            max_sales=about.max_sales,
            categories=about.categories,
        )
    rows = estimate(cursor, prepared.read)
    step = Step(
        processed=prepared.read.rows - prepared.read.invalid,
        failed=prepared.read.invalid,
        cursor=cursor,
        total=2 * rows,  # each is read, and then asked about
        note=f"{cursor['rows']:,} rows read",
    )
    if cursor["rows"] > MOST_ROWS:
        return _refuse(step, f"The file has more than {MOST_ROWS:,} rows. Split it.")
    if not prepared.read.is_last:
        return step
    valid = cursor["counts"].get(NEW, 0)
    step.total = rows + valid
    if valid < LEAST_VALID:
        return _refuse(step, _too_few(valid, cursor))
    drafts = Listing.objects.filter(submission_id=about.id, status=Listing.Status.DRAFT)
    cursor["sample"] = list(drafts.order_by("?").values_list("id", flat=True)[:SAMPLE])
    cursor.update(phase="admit", line=0, checked=0, undeliverable=0)
    return step


def _admit(job: Job) -> Step:
    """Ask about nobody before all that are in the file have room in what the partner has of the
    day. By now it is known how many they are."""
    partner = require_partner(lock_partner(job.workspace_id))
    about = Submission.objects.get(workspace_id=job.workspace_id, id=job.params["submission"])
    cursor = {**job.cursor, "phase": "sample", "before": counted_before(about)}
    refusal = take_allowance(partner, about, cursor["counts"].get(NEW, 0))
    step = Step(cursor=cursor)
    if not refusal:
        return step
    del cursor["before"]
    return _refuse(step, refusal)


def _count_checks(about: Submission, job: Job, asked: int) -> None:
    """Of what was to be asked about, only what was counts; `asked` of them without an answer."""
    if (before := job.cursor.get("before")) is not None:
        answered = job.cursor["checked"] + job.cursor.get("unanswered", 0)
        about.checks = before + answered + asked
        about.save(update_fields=["checks"])


def _without_late(
    job: Job,
    about: Submission,
    cursor: dict[str, Any],
    prepared: Read,
    people: list[Planned],
) -> list[Planned]:
    """Those whom nobody else has begun to offer since they were judged; under the lock."""
    if _last_listing() == prepared.last_listing or not people:
        return people
    offered = offered_among(
        [each.candidate for each in people], seller_id=job.workspace_id, but=about.id
    )
    late = {
        each.line: whose for each in people if (whose := offered.as_whose(each.candidate)) != ""
    }
    if not late:
        return people
    left_out = []
    for each in (each for each in people if each.line in late):
        what = found(late[each.line])
        # Its values are still in the file.
        left_out.append(LeftOut(what.outcome, each.line, what.reason, ()))
    Parts(job.workspace_id, job.id).write(
        job.cursor.get("part", 0),
        prepared.part.people,
        sorted([*prepared.part.left_out, *left_out], key=lambda each: each.line),
    )
    counts = Counter(cursor["counts"])
    counts.update(each.outcome for each in left_out)
    counts[NEW] -= len(left_out)
    cursor["counts"] = dict(counts)
    return [each for each in people if each.line not in late]


def _next(job: Job, phase: str) -> Mapping[int, str]:
    """Whom to ask about: the sample, then everybody else in the file's order."""
    unchecked = Listing.objects.filter(
        submission_id=job.params["submission"],
        status=Listing.Status.DRAFT,
        verified_at__isnull=True,
    )
    if phase == "sample":
        wanted = unchecked.filter(id__in=job.cursor["sample"]).order_by("line")
    else:
        after = unchecked.filter(line__gt=job.cursor["line"]).order_by("line")
        if "until" in job.cursor:
            after = after.filter(line__lte=job.cursor["until"])
        wanted = after[: checking.round_size()]
    return checking.addresses_of(job.workspace_id, wanted)


def _check(job: Job, phase: str, asked: checking.Asked) -> Step:
    """Note what was answered; who takes no mail is turned down."""
    result = checking.settle(job, asked)
    cursor = {**job.cursor, "checked": job.cursor["checked"] + len(result.answers)}
    if result.invalid:
        cursor["undeliverable"] += reject_listings(
            seller_id=job.workspace_id, listing_ids=result.invalid, reason=TAKES_NO_MAIL
        )
    if result.unanswered:
        cursor["unanswered"] = cursor.get("unanswered", 0) + reject_listings(
            seller_id=job.workspace_id, listing_ids=result.unanswered, reason=NOT_CHECKED
        )
    cursor["tries"] = result.tries
    if phase == "check" and asked.next:
        last = Listing.objects.filter(id__in=list(asked.next)).aggregate(last=Max("line"))
        cursor.pop("until", None)
        # Who has to wait is asked about again before the others have their turn.
        cursor["until" if result.waiting else "line"] = last["last"]
    step = Step(
        processed=len(result.answers) + len(result.unanswered),
        cursor=cursor,
        later=result.later,
        note="Waiting to ask again" if result.later else f"{cursor['checked']:,} addresses checked",
    )
    if not result.is_last:
        return step
    undeliverable, checked = cursor["undeliverable"], cursor["checked"]
    unanswered = cursor.get("unanswered", 0)
    if phase == "sample":
        if undeliverable * 100 > MOST_INVALID_PERCENT * checked:
            return _refuse(
                step,
                f"Of {checked:,} addresses that were tried first, {undeliverable:,} take no mail;"
                f" at most {MOST_INVALID_PERCENT} % may. Clean the list, and upload it again.",
            )
        cursor["phase"] = "check"
        return step
    valid = cursor["counts"].get(NEW, 0) - undeliverable - unanswered
    if valid < LEAST_VALID:
        return _refuse(step, _too_few(valid, cursor))
    cursor.update(phase="grade", line=0)
    return step


def _grade(job: Job) -> Step:
    """Write the quality of the next leads."""
    about, after = UUID(job.params["submission"]), job.cursor["line"]
    until = after + GRADED_AT_A_TIME
    grade_listings(
        submission_id=about,
        unique=_unique(job.cursor),
        today=timezone.localdate(),
        after=after,
        until=until,
    )
    drafts = Listing.objects.filter(submission_id=about, status=Listing.Status.DRAFT)
    is_last = not drafts.filter(line__gt=until).exists()
    return Step(cursor={**job.cursor, "line": until}, done=is_last, note="Grading")


def _unique(cursor: Mapping[str, Any]) -> float:
    counts = cursor["counts"]
    doubles = sum(counts.get(kind, 0) for kind in (DOUBLE, OWN, OTHERS, MARKET))
    return uniqueness(cursor["rows"], doubles)


def _too_few(valid: int, cursor: Mapping[str, Any]) -> str:
    counts = cursor["counts"]
    fix = "Upload the file again with more people."
    if counts.get(INVALID) or cursor.get("undeliverable"):
        fix = "Mend the rows of the file below, and upload all of them again."
    elif valid < cursor["rows"]:
        fix = "The others are offered already, or twice in the file: add people who aren't."
    return (
        f"Only {valid:,} {'lead is' if valid == 1 else 'leads are'} valid, and a submission needs"
        f" {LEAST_VALID}. {fix}"
    )


def _refuse(step: Step, sentence: str) -> Step:
    step.cursor["refusal"] = sentence
    step.done, step.note = True, sentence[:200]
    return step


def _conclude(job: Job, about: Submission) -> None:
    """Write down what validation came to."""
    cursor = job.cursor
    counts, refusal = cursor["counts"], cursor.get("refusal", "")
    undeliverable, unanswered = cursor.get("undeliverable", 0), cursor.get("unanswered", 0)
    about.plan = {name: cursor[name] for name in SHOWN}
    about.plan["counts"], about.plan["undeliverable"] = counts, undeliverable
    about.plan["unanswered"] = unanswered
    about.plan["samples"] = cursor["samples"] | samples_after_checking(about)
    about.rows = cursor["rows"]
    about.valid = counts.get(NEW, 0) - undeliverable - unanswered
    about.doubles_in_file = counts.get(DOUBLE, 0)
    about.doubles_own = counts.get(OWN, 0)
    about.doubles_others = counts.get(OTHERS, 0)
    about.doubles_market = counts.get(MARKET, 0)
    about.invalid = counts.get(INVALID, 0) + counts.get(SUPPRESSED, 0) + undeliverable + unanswered
    about.refusal = refusal
    if about.status == Submission.Status.VALIDATING:
        about.status = Submission.Status.REFUSED if refusal else Submission.Status.READY
    if refusal:
        changing.drop_leads(about, [Listing.Status.DRAFT])
    else:
        points = grade_submission(
            submission_id=about.id, unique=_unique(cursor), today=timezone.localdate()
        )
        for name in MOST:
            setattr(about, f"{name}_points", points[name])
        about.quality = sum(points.values())
    about.save()
    Upload.objects.filter(workspace_id=job.workspace_id, id=about.upload_id).update(
        row_count=about.rows
    )
    job.result = {
        "submission": str(about.id),
        "rows": about.rows,
        "valid": about.valid,
        "duplicates": about.duplicates,
        "invalid": about.invalid,
        **({"refusal": refusal} if refusal else {}),
    }
    job.cursor = {"part": cursor["part"]}
