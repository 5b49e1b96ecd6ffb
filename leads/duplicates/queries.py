"""Reading candidates and merges."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils import timezone

from cursive.lib.errors import DomainError
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.queries import jobs_of
from leads.catalogue.local import local_source
from leads.records.models import Lead
from leads.records.person import Person
from leads.records.queries import leads_of

from .apart import told_apart
from .models import UNDO_KEPT, CatalogueLook, DuplicateCandidate, LeadMerge
from .search import KIND

ORDER = ("-confidence", "-id")
FILTERS = {"": "All", "exact": "Same e-mail or phone", "fuzzy": "Similar"}
SHOWN_TOGETHER = 6  # leads side by side
PAIRS_A_PAGE = 50  # of the lead database


def candidates_of(workspace_id: UUID, kind: str = "") -> QuerySet[DuplicateCandidate]:
    """The workspace's open pairs with both leads; `kind` is one of FILTERS."""
    found = DuplicateCandidate.objects.filter(workspace_id=workspace_id).open()
    if kind:
        found = found.filter(is_exact=kind == "exact")
    return found.select_related("first", "second")


def leads_together(workspace_id: UUID, candidate: DuplicateCandidate) -> list[Lead]:
    """The pair's leads first, then others that open pairs put beside one of them; oldest first."""
    pair = (candidate.first_id, candidate.second_id)
    near: Any = (
        DuplicateCandidate.objects.filter(workspace_id=workspace_id)
        .open()
        .filter(Q(first__in=pair) | Q(second__in=pair))
        .order_by(*ORDER)
        .values_list("first_id", "second_id")[: 2 * SHOWN_TOGETHER]
    )
    ids = dict.fromkeys([*pair, *(lead_id for other in near for lead_id in other)])
    shown = list(ids)[:SHOWN_TOGETHER]
    leads = leads_of(workspace_id).filter(id__in=shown).select_related("owner")
    return sorted(leads, key=lambda lead: (lead.id not in pair, lead.created_at, lead.id))


def recent_merges(workspace_id: UUID) -> QuerySet[LeadMerge]:
    """Merges that can still be undone, newest first."""
    return (
        LeadMerge.objects.filter(
            workspace_id=workspace_id,
            undone_at__isnull=True,
            created_at__gt=timezone.now() - UNDO_KEPT,
        )
        .select_related("survivor")
        .order_by("-created_at", "-id")
    )


def merge_of(workspace_id: UUID, candidate: DuplicateCandidate) -> LeadMerge | None:
    """The merge, not undone, that one of the pair went away by, if there is one."""
    pair = [candidate.first_id, candidate.second_id]
    merges = LeadMerge.objects.filter(
        workspace_id=workspace_id, merged_ids__overlap=pair, undone_at__isnull=True
    )
    return merges.select_related("survivor").order_by("-created_at", "-id").first()


def last_search(workspace_id: UUID) -> Job | None:
    """The newest search for duplicates, if there ever was one."""
    return jobs_of(workspace_id, kind=KIND).order_by("-created_at").first()


@dataclass(frozen=True, slots=True)
class PairShown:
    """Two people of the lead database side by side: lines are (label, one's, the other's)."""

    first: int
    second: int
    confidence: int
    is_exact: bool
    reasons: list[str]
    lines: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class PairsShown:
    """A page of a look's first pairs. `gone` aren't shown: one of the two has left the database."""

    pairs: list[PairShown]
    page: Page
    open: int  # pairs that nobody has told apart,
    apart: int  # and pairs that somebody has since; the page is of the one or the other kind
    gone: int
    version: str  # of the lead database, in force now
    refusal: str = ""


def pairs_of_look(look: CatalogueLook, *, page: str = "", apart: bool = False) -> PairsShown:
    """A page of the first pairs that a look found, as the people are in the lead database now.

    Of those that nobody has told apart, or (`apart`) of those that somebody has since. A `page`
    that there isn't is the nearest one that there is.
    """
    known = told_apart()
    kinds: tuple[list[list[Any]], list[list[Any]]] = ([], [])
    for one in look.shown:
        kinds[(min(one[:2]), max(one[:2])) in known].append(one)
    wanted = Paginator(kinds[apart], PAIRS_A_PAGE).get_page(page)
    counts: dict[str, Any] = {"page": wanted, "open": len(kinds[False]), "apart": len(kinds[True])}
    try:
        source = local_source()
        people = source.records(sorted({number for one in wanted for number in one[:2]}))
        version = source.version()
    except DomainError as refusal:
        return PairsShown(pairs=[], gone=0, version="", refusal=refusal.message, **counts)
    shown = [
        PairShown(
            *(left, right, confidence, is_exact, reasons),
            lines=_side_by_side(people[left].person, people[right].person),
        )
        for left, right, confidence, is_exact, reasons in wanted
        if left in people and right in people
    ]
    return PairsShown(pairs=shown, gone=len(wanted) - len(shown), version=version, **counts)


def _side_by_side(one: Person, other: Person) -> list[tuple[str, str, str]]:
    lines = zip(_facts(one), _facts(other), strict=True)
    return [(label, left, right) for (label, left), (_, right) in lines if left or right]


def _facts(person: Person) -> list[tuple[str, str]]:
    """What tells a person, in words; addresses and numbers in full, the best one first."""
    emails = (person.email, person.work_email, person.personal_email)
    phones = (person.phone, person.mobile_phone, person.direct_phone)
    place = (person.city, person.state, person.postal_code, person.country)
    facts = {
        "Name": (" ".join(filter(None, (person.first_name, person.last_name))),),
        "E-mail": emails,
        "Phone": phones,
        "LinkedIn": (person.linkedin_url,),
        "Title": (person.title,),
        "Company": (person.company_name, person.company_domain),
        "Place": place,
        "True on": (f"{person.source_date:%-d %b %Y}" if person.source_date else "",),
    }
    return [(label, ", ".join(dict.fromkeys(filter(None, all)))) for label, all in facts.items()]
