"""How listings come, change and go. Partners' rooms call these; a sale is `purchases`' own.

All run in the caller's transaction and name the seller. Whoever buys locks listings in the order
of their ids; so do these.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from cursive.lib import tenancy
from leads.catalogue.suppression import are_suppressed, suppression_list
from leads.records.acquisition import Candidate
from leads.records.person import Person

from .masking import first_name, masked, without_name
from .models import Listing, ListingPerson, ListingQuerySet
from .people import candidate_in, record_of
from .verdicts import note_verdicts

Status = Listing.Status
# People that are held in memory at a time.
LOOKED_AT = 5_000
SUPPRESSED = "On the suppression list."

_SHOWN = (
    *("first_name", "title", "seniority", "department", "company_name", "industry"),
    *("employee_band", "revenue_band", "country", "state", "city", "postal_code"),
)
# One of a list of values each, which nobody writes by hand: 1001-5000 is no telephone number.
_CODED = frozenset({"seniority", "employee_band", "revenue_band", "country"})
_COLUMNS = (
    *("id", "seller_id", "submission_id", "line", "status", "status_reason", "initial"),
    *("has_email", "has_phone", "has_linkedin", "categories", "verification_status"),
    *("collected_on", "quality", "price_cents", "max_sales", "sold", "created_at", "changed"),
    *_SHOWN,
)
_LENGTHS = {field.name: field.max_length for field in Listing._meta.concrete_fields}


@dataclass(frozen=True, slots=True)
class Draft:
    """One person of a partner's file: the line there, and the day the file says it is from."""

    line: int
    candidate: Candidate
    collected_on: date


def draft_listings(
    *,
    seller_id: UUID,
    submission_id: UUID,
    drafts: Sequence[Draft],
    price_cents: int,
    max_sales: int = 1,
    categories: Sequence[str] = (),
) -> list[int]:
    """Write listings that nobody sees before they are published; return their ids, in order."""
    now = timezone.now()
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('marketplace_listing', 'id'))"
            " FROM generate_series(1, %s)",
            [len(drafts)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        with cursor.copy(f"COPY marketplace_listing ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
            for listing_id, draft in zip(ids, drafts, strict=True):
                person = draft.candidate.person
                copy.write_row(
                    (
                        *(listing_id, seller_id, submission_id, draft.line, Status.DRAFT.value, ""),
                        (person.last_name or "")[:1].upper(),
                        bool(person.email),
                        bool(person.phone),
                        bool(person.linkedin_url),
                        list(categories),
                        "",
                        *(draft.collected_on, 0, price_cents, max_sales, 0, now, 0),
                        *(_shown(person, name) for name in _SHOWN),
                    )
                )
        # COPY is refused where row-level security holds, and arrays of texts are slow to make:
        # one text holds all rows. Neither JSON nor normal forms have control characters.
        cursor.execute(
            "INSERT INTO marketplace_listingperson"
            " (workspace_id, listing_id, record, dedup_hash, email_key, phone_key, other_keys)"
            " SELECT %s, cell[1]::bigint, cell[2]::jsonb, cell[3], cell[4], cell[5],"
            " string_to_array(cell[6], ' ') FROM"
            " (SELECT string_to_array(line, chr(31)) AS cell"
            " FROM unnest(string_to_array(%s, chr(30))) line) t",
            [
                seller_id,
                "\x1e".join(
                    "\x1f".join(
                        (
                            str(listing_id),
                            json.dumps(record_of(draft.candidate.person)),
                            draft.candidate.dedup_hash,
                            draft.candidate.email_key,
                            draft.candidate.phone_key,
                            " ".join(_other_keys(draft.candidate)),
                        )
                    )
                    for listing_id, draft in zip(ids, drafts, strict=True)
                ),
            ],
        )
    return ids


def _other_keys(candidate: Candidate) -> list[str]:
    mains = candidate.email_key, candidate.phone_key
    return sorted((candidate.emails | candidate.phones).difference(mains))


def publish_listings(*, seller_id: UUID, listing_ids: Sequence[int]) -> int:
    """Put drafts on sale, where they were checked and aren't invalid (M-1); how many."""
    ready = _locked(seller_id, listing_ids).filter(status=Status.DRAFT, verified_at__isnull=False)
    ids = list(ready.exclude(verification_status="invalid").values_list("id", flat=True))
    return Listing.objects.filter(id__in=ids).update(
        status=Status.LISTED, listed_at=timezone.now(), status_reason=""
    )


def reject_listings(*, seller_id: UUID, listing_ids: Sequence[int], reason: str) -> int:
    """Turn drafts down; how many."""
    ids = list(
        _locked(seller_id, listing_ids).filter(status=Status.DRAFT).values_list("id", flat=True)
    )
    return Listing.objects.filter(id__in=ids).update(
        status=Status.REJECTED, status_reason=reason[:200]
    )


def withdraw_listings(*, seller_id: UUID, listing_ids: Sequence[int], reason: str) -> int:
    """Take what is on sale off it; how many. What was sold stays with its buyers.

    What a suspension took off sale already is withdrawn too, so that it doesn't come back.
    """
    ids = list(_locked(seller_id, listing_ids).withdrawable().values_list("id", flat=True))
    return Listing.objects.filter(id__in=ids).update(
        status=Status.WITHDRAWN, status_reason=reason[:200]
    )


def withdraw_people(*, emails: Sequence[str], phones: Sequence[str]) -> int:
    """Take off the market whoever is offered by one of these normal forms; how many (A-18).

    By any of their addresses and numbers, the main one or another.
    """
    known = Q(email_key__in=emails) | Q(phone_key__in=phones)
    known |= Q(other_keys__overlap=[*emails, *phones]) & ~Q(other_keys=[])
    found = ListingPerson.objects.filter(known).values_list("workspace_id", "listing_id")
    theirs: dict[UUID, list[int]] = defaultdict(list)
    for seller_id, listing_id in found:
        theirs[seller_id].append(listing_id)
    lock_listings([listing_id for ids in theirs.values() for listing_id in ids])
    return sum(
        withdraw_listings(seller_id=seller_id, listing_ids=ids, reason=SUPPRESSED)
        for seller_id, ids in sorted(theirs.items())
    )


def withdraw_suppressed() -> int:
    """Take everybody off the market who is on the suppression list by now; how many (M-1, A-18).

    A sale looks again; this is so that nobody is shown until then.
    """
    if suppression_list() is None:
        return 0
    withdrawn = after = 0
    with tenancy.system_context():
        people = ListingPerson.objects.filter(listing__status=Status.LISTED).order_by("listing_id")
        while batch := list(people.filter(listing_id__gt=after)[:LOOKED_AT]):
            after = batch[-1].listing_id
            said = are_suppressed([candidate_in(one.record) for one in batch])
            theirs: dict[UUID, list[int]] = defaultdict(list)
            for one, is_suppressed in zip(batch, said, strict=True):
                if is_suppressed:
                    theirs[one.workspace_id].append(one.listing_id)
            for seller_id, ids in theirs.items():
                with tenancy.atomic():
                    withdrawn += withdraw_listings(
                        seller_id=seller_id, listing_ids=ids, reason=SUPPRESSED
                    )
    return withdrawn


def reprice_listings(*, seller_id: UUID, listing_ids: Sequence[int], price_cents: int) -> int:
    """Ask another price for drafts, for what is on sale, and for what a suspension took off it;
    how many (P-5). No review again."""
    ids = list(_locked(seller_id, listing_ids).repriceable().values_list("id", flat=True))
    return Listing.objects.filter(id__in=ids).update(price_cents=price_cents)


def record_checks(*, checks: Mapping[int, str], may_say_valid: bool = True) -> int:
    """Note what checking addresses said (listing → status of L-15), now; how many. A verdict about
    an address is noted with its partner, too, whatever becomes of the listing (P-6): of those who
    may say 'valid' alone (ADR 0021), since the others' 'invalid' would make a share of nothing."""
    now = timezone.now()
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            # Answers come in any order, and sales lock in the ids': so does this.
            "WITH told AS ("
            "  SELECT l.id, t.status FROM marketplace_listing l"
            "  JOIN unnest(%s::bigint[], %s::text[]) t (id, status) ON t.id = l.id"
            "  ORDER BY l.id FOR UPDATE OF l"
            ") UPDATE marketplace_listing l SET verification_status = told.status, verified_at = %s"
            " FROM told WHERE l.id = told.id",
            [list(checks), list(checks.values()), now],
        )
        noted = cursor.rowcount
    if may_say_valid:
        note_verdicts(checks, now)
    return noted


def mark_sold(*, listing_ids: Sequence[int], buyer_id: UUID | None = None) -> None:
    """Count one more buyer for listings that the caller has locked; the last one ends the sale.

    That ends a reservation of the buyer's; somebody else's keeps its place among several.
    """
    is_last = When(max_sales=F("sold") + 1, then=Value(Status.SOLD_OUT.value))
    is_over = Q(max_sales=F("sold") + 1) | Q(reserved_for=buyer_id)
    Listing.objects.filter(id__in=listing_ids).update(
        sold=F("sold") + 1,
        status=Case(is_last, default=F("status")),
        reserved_for=Case(When(is_over, then=None), default=F("reserved_for")),
        reserved_until=Case(When(is_over, then=None), default=F("reserved_until")),
    )


def lock_listings(listing_ids: Sequence[int]) -> list[Listing]:
    """Listings by id, locked to the commit, in the one order in which everybody locks them."""
    return list(Listing.objects.filter(id__in=listing_ids).order_by("id").select_for_update())


def people_of(listing_ids: Sequence[int]) -> dict[int, ListingPerson]:
    """Who listings are, by listing. Outside a partner's own workspace, for the system alone."""
    return ListingPerson.objects.in_bulk(list(listing_ids))


def _locked(seller_id: UUID, listing_ids: Sequence[int]) -> ListingQuerySet:
    listings = Listing.objects.of_seller(seller_id).filter(id__in=listing_ids)
    return listings.order_by("id").select_for_update()


def _shown(person: Person, name: str) -> str:
    text = getattr(person, name) or ""
    if name == "first_name":
        text = first_name(text, person.last_name or "")
    elif name == "title":
        text = without_name(text, person.last_name or "")
    if name not in _CODED:
        text = masked(text, column=name)
    return text[: _LENGTHS[name]]
