"""A partner of the demo, and leads of theirs on sale."""

from collections import defaultdict
from datetime import timedelta
from uuid import uuid5

from django.db.models import Case, IntegerField, Value, When
from django.utils import timezone

from accounts.workspaces.models import User, Workspace
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.catalogue.local import local_source
from leads.records.acquisition import Candidate, candidates_of
from leads.verification.domains import is_role
from marketplace.listings.models import Listing
from marketplace.listings.operations import (
    Draft,
    draft_listings,
    publish_listings,
    record_checks,
)
from partners.program.models import Partner

from .cast import CATEGORIES, LISTED, SELLER


def make_market(workspace: Workspace, petra: User, *, catalogue: int) -> None:
    """Approve Petra's workspace as a partner, and put people of the catalogue on sale."""
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
    with system_context(), atomic():
        if Listing.objects.of_seller(workspace.id).exists():
            return
        # The last ones: the first are who else is in the demo.
        last = range(catalogue - min(LISTED, catalogue // 10) + 1, catalogue + 1)
        lists: dict[str, list[Candidate]] = defaultdict(list)
        for candidate in candidates_of(local_source().records(last).values()):
            if candidate.email_key:
                lists[candidate.person.department or ""].append(candidate)
        for department, candidates in sorted(lists.items()):
            _offer(workspace, department, candidates)


def _offer(workspace: Workspace, department: str, candidates: list[Candidate]) -> None:
    """One list: the better the people, the dearer; a bit older from line to line."""
    today = timezone.now().date()
    quality = {at: one.person.quality_score or 0 for at, one in enumerate(candidates)}
    ids = draft_listings(
        seller_id=workspace.id,
        submission_id=uuid5(workspace.id, department),
        drafts=[
            Draft(at + 2, one, today - timedelta(days=at * 7 % 90))
            for at, one in enumerate(candidates)
        ],
        price_cents=50,
        categories=CATEGORIES.get(department, ()),
    )
    scores = {id: quality[at] for at, id in enumerate(ids)}
    Listing.objects.filter(id__in=ids).update(
        quality=_case(scores), price_cents=_case({id: _price(n) for id, n in scores.items()})
    )
    # What checking them without a provider says: nobody was asked whether a mailbox exists.
    checks = {
        id: "risky" if is_role(one.email_key) else "unknown"
        for id, one in zip(ids, candidates, strict=True)
    }
    record_checks(checks=checks)
    publish_listings(seller_id=workspace.id, listing_ids=ids)


def _price(quality: int) -> int:
    """Cents: $0.20 for the poorest, $2.20 for the best."""
    return 20 + quality * 2


def _case(values: dict[int, int]) -> Case:
    """The value of each listing, by the few values that there are."""
    ids: dict[int, list[int]] = defaultdict(list)
    for id, value in values.items():
        ids[value].append(id)
    whens = [When(id__in=some, then=Value(value)) for value, some in ids.items()]
    return Case(*whens, output_field=IntegerField())
