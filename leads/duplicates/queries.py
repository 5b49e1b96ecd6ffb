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
from leads.catalogue.models import CatalogueMerge
from leads.catalogue.tombstones import aliases_now
from leads.records.models import Lead
from leads.records.person import Person
from leads.records.queries import leads_of

from .apart import told_apart
from .models import UNDO_KEPT, CatalogueLook, DuplicateCandidate, LeadMerge
from .same import better_of, can_undo
from .search import KIND

ORDER = ("-confidence", "-id")
APART = "apart"
APART_ORDER = ("-decided_at", "-id")
FILTERS = {
    "": "All",
    "exact": "Same e-mail or phone",
    "fuzzy": "Similar",
    APART: "Not the same",
}
SHOWN_TOGETHER = 6  # leads side by side
PAIRS_A_PAGE = 50  # of the lead database


def candidates_of(workspace_id: UUID, kind: str = "") -> QuerySet[DuplicateCandidate]:
    """The workspace's open pairs with both leads; `kind` is one of FILTERS.

    Of kind APART are those that were told apart.
    """
    pairs = DuplicateCandidate.objects.filter(workspace_id=workspace_id)
    pairs = pairs.select_related("first", "second")
    if kind == APART:
        return pairs.apart()
    return pairs.open().filter(is_exact=kind == "exact") if kind else pairs.open()


def order_of(kind: str) -> tuple[str, ...]:
    """The order of pairs of a kind: the surest first, of those told apart the newest."""
    return APART_ORDER if kind == APART else ORDER


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
    """Two people of the lead database side by side: lines are (label, one's, the other's).

    `better` is the id of the record to keep; `merge` what made them one, where that is known.
    """

    first: int
    second: int
    confidence: int
    is_exact: bool
    reasons: list[str]
    lines: list[tuple[str, str, str]]
    better: int
    merge: CatalogueMerge | None = None

    @property
    def can_undo(self) -> bool:
        """Whether they are merged, by a merge that is fresh enough."""
        return self.merge is not None and can_undo(self.merge)


@dataclass(frozen=True, slots=True)
class PairsShown:
    """A page of a look's first pairs. `gone` aren't shown: one of the two has left the database."""

    pairs: list[PairShown]
    page: Page
    open: int  # pairs that nobody has decided,
    apart: int  # that somebody has told apart since,
    merged: int  # or merged; the page is of one of these kinds
    gone: int
    version: str  # of the lead database, in force now
    refusal: str = ""


#: What can be said of a look's pairs: nothing yet, not the same, the same.
OPEN, APART, MERGED = "", "apart", "merged"


def pairs_of_look(look: CatalogueLook, *, page: str = "", kind: str = OPEN) -> PairsShown:
    """A page of the first pairs that a look found, as the people are in the lead database now.

    Of those that nobody has decided, or of one of the other kinds. Who was merged into another is
    that other one, so what was found of both is one pair. A `page` that there isn't is the nearest
    one that there is.
    """
    kinds = _by_kind(look.shown)
    wanted = Paginator(kinds[kind], PAIRS_A_PAGE).get_page(page)
    counts: dict[str, Any] = {
        "page": wanted,
        "open": len(kinds[OPEN]),
        "apart": len(kinds[APART]),
        "merged": len(kinds[MERGED]),
    }
    ids = sorted({number for one in wanted for number in one[:2]})
    try:
        source = local_source()
        people = source.own_records(ids)
        version = source.version()
    except DomainError as refusal:
        return PairsShown(pairs=[], gone=0, version="", refusal=refusal.message, **counts)
    merges = _merges_of(ids) if kind == MERGED else {}
    shown = [
        PairShown(
            *(left, right, confidence, is_exact, reasons),
            lines=side_by_side(people[left].person, people[right].person),
            better=(left, right)[better_of(people[left].person, people[right].person)],
            merge=merges.get(frozenset((left, right))),
        )
        for left, right, confidence, is_exact, reasons in wanted
        if left in people and right in people
    ]
    return PairsShown(pairs=shown, gone=len(wanted) - len(shown), version=version, **counts)


def _by_kind(found: list[list[Any]]) -> dict[str, list[list[Any]]]:
    told, aliases = told_apart(), aliases_now()
    kinds: dict[str, list[list[Any]]] = {OPEN: [], APART: [], MERGED: []}
    met: set[tuple[int, int]] = set()
    for left, right, *rest in found:
        one, other = aliases.kept_for(left), aliases.kept_for(right)
        pair = (min(one, other), max(one, other))
        if one == other:
            kinds[MERGED].append([left, right, *rest])
        elif (min(left, right), max(left, right)) in told:
            kinds[APART].append([left, right, *rest])
        elif pair not in met:
            met.add(pair)
            kinds[APART if pair in told else OPEN].append([one, other, *rest])
    return kinds


def _merges_of(ids: list[int]) -> dict[frozenset[int], CatalogueMerge]:
    found = CatalogueMerge.objects.in_force().filter(hidden_id__in=ids)
    return {frozenset((one.hidden_id, one.kept_id)): one for one in found}


def two_people(hidden: int, kept: int) -> tuple[Person, Person] | None:
    """Two people as they are in the lead database now, hidden ones too; None: one has left it."""
    people = local_source().own_records([hidden, kept])
    if hidden not in people or kept not in people:
        return None
    return people[hidden].person, people[kept].person


def side_by_side(one: Person, other: Person) -> list[tuple[str, str, str]]:
    """What either record says that tells a person: (label, one's, the other's)."""
    lines = zip(_facts(one), _facts(other), strict=True)
    return [(label, left, right) for (label, left), (_, right) in lines if left or right]


def _facts(person: Person) -> list[tuple[str, str]]:
    """What tells a person, in words; addresses and numbers in full, the best one first."""
    emails = (person.email, person.work_email, person.personal_email)
    phones = (person.phone, person.mobile_phone, person.direct_phone)
    place = (person.city, person.state, person.postal_code, person.country)
    verified = (
        "e-mail" if person.email_verified else "",
        "phone" if person.phone_verified else "",
    )
    facts = {
        "Name": (" ".join(filter(None, (person.first_name, person.last_name))),),
        "E-mail": emails,
        "Phone": phones,
        "Verified": verified,
        "LinkedIn": (person.linkedin_url,),
        "Title": (person.title,),
        "Company": (person.company_name, person.company_domain),
        "Place": place,
        "True on": (f"{person.source_date:%-d %b %Y}" if person.source_date else "",),
    }
    return [(label, ", ".join(dict.fromkeys(filter(None, all)))) for label, all in facts.items()]
