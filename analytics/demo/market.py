"""A partner of the demo: submissions of theirs, most on sale, one that waits for staff."""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.workspaces.models import User, Workspace
from cursive.lib.actors import Actor
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.catalogue.local import local_source
from leads.records.acquisition import Candidate, candidates_of
from leads.verification.domains import is_role
from marketplace.listings.operations import (
    Draft,
    draft_listings,
    publish_listings,
    record_checks,
)
from partners.program.models import Partner
from partners.submissions.models import MOST, Submission
from partners.submissions.operations import locked, upload_submission
from partners.submissions.quality import grade_listings, grade_submission

from .cast import CATEGORIES, LISTED, SELLER

_COLUMNS = {
    "First name": "first_name",
    "Last name": "last_name",
    "E-mail": "email",
    "Title": "title",
    "Company": "company_name",
    "Company website": "company_domain",
    "Phone": "phone",
    "LinkedIn": "linkedin_url",
    "City": "city",
    "State": "state",
    "Country": "country",
}
_PRICES = {True: 140, False: 60}  # cents, by whether the source has confirmed the addresses


def make_market(workspace: Workspace, petra: User, actor: Actor, *, catalogue: int) -> None:
    """Approve Petra's workspace as a partner, and hand in people of the catalogue as lists by
    department and by whether their addresses are confirmed; the last list stays in review."""
    with tenant_context(workspace.id):
        Partner.objects.get_or_create(
            workspace=workspace,
            defaults={
                "company": SELLER.name,
                "sources": "Visitors of our trade fairs.",
                "consent": "They agreed on their ticket to hear from exhibitors.",
                "tax_country": "US",
                "status": Partner.Status.APPROVED,
                "applied_by": petra,
                "decided_at": timezone.now(),
                "decided_by_label": "The demo",
            },
        )
        if Submission.objects.filter(workspace_id=workspace.id).exists():
            return
        # The last ones: the first are who else is in the demo.
        last = range(catalogue - min(LISTED, catalogue // 10) + 1, catalogue + 1)
        lists: dict[tuple[str, bool], list[Candidate]] = defaultdict(list)
        for candidate in candidates_of(local_source().records(last).values()):
            person = candidate.person
            if candidate.email_key:
                department = person.department if person.department in CATEGORIES else ""
                lists[department or "", bool(person.email_verified)].append(candidate)
    for number, ((department, is_confirmed), people) in enumerate(sorted(lists.items()), 1):
        _hand_in(
            workspace,
            actor,
            people,
            department=department,
            price=_PRICES[is_confirmed] + 10 * number,
            is_on_sale=number < len(lists),
        )


def _hand_in(
    workspace: Workspace,
    actor: Actor,
    people: Sequence[Candidate],
    *,
    department: str,
    price: int,
    is_on_sale: bool,
) -> None:
    """One submission, as validation and review would leave it; a bit older from line to line.

    The addresses aren't asked about: whom the lead database has as confirmed counts as valid.
    """
    today = timezone.localdate()
    with tenant_context(workspace.id):
        made = upload_submission(
            workspace=workspace,
            actor=actor,
            file=ContentFile(_content(people), name=f"Visitors {department or 'others'}.csv"),
            details={
                "price": f"{price // 100}.{price % 100:02}",
                "categories": ", ".join(CATEGORIES.get(department, ())),
                "guarantee": "on",
                "source": "Trade fairs",
                "collected_on": (today - timedelta(days=1)).isoformat(),
            },
        )
    with system_context(), atomic():
        ids = draft_listings(
            seller_id=workspace.id,
            submission_id=made.id,
            drafts=[
                Draft(line, one, today - timedelta(days=line * 7 % 90))
                for line, one in enumerate(people, 2)
            ],
            price_cents=made.price_cents,
            categories=made.categories,
        )
        record_checks(checks={id: _check(one) for id, one in zip(ids, people, strict=True)})
        points = _grade(made.id, today, until=len(people) + 1)
        if is_on_sale:
            publish_listings(seller_id=workspace.id, listing_ids=ids)
        found = locked(workspace.id, made.id)
        found.rows = found.valid = len(ids)
        found.quality = sum(points.values())
        for name in MOST:
            setattr(found, f"{name}_points", points[name])
        found.submitted_at = timezone.now()
        found.status = Submission.Status.REVIEW
        if is_on_sale:
            found.status, found.approved = Submission.Status.APPROVED, len(ids)
            found.reviewed_at, found.reviewed_by_label = timezone.now(), "The demo"
        found.save()


def _grade(submission_id: UUID, today: date, *, until: int) -> dict[str, int]:
    grade_listings(submission_id=submission_id, unique=1.0, today=today, after=0, until=until)
    return dict(grade_submission(submission_id=submission_id, unique=1.0, today=today))


def _check(one: Candidate) -> str:
    if one.person.email_verified:
        return "valid"
    return "risky" if is_role(one.email_key) else "unknown"


def _content(people: Sequence[Candidate]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for one in people:
        writer.writerow([getattr(one.person, name) or "" for name in _COLUMNS.values()])
    return text.getvalue().encode()
