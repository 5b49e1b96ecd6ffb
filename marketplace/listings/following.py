"""What has changed on the market since somebody last looked, read exactly once.

Each write stamps a listing with the number of its transaction. A moment remembers which numbers
were done by then, as PostgreSQL's own snapshots do; whatever else is stamped is new. So nothing is
missed however transactions interleave, and nothing is read again while a long one is at work.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from cursive.lib import tenancy

# One day is 1, as `date.toordinal()` has it.
_DAY_ONE = "DATE '0001-01-01'"
# Between the categories of one listing; in no text, since control characters are refused.
SEPARATOR = "\x1f"
TEXTS = ("title", "company_name", "state", "city", "postal_code")
CHOICES = (
    *("seniority", "department", "industry", "employee_band", "revenue_band", "country"),
    "verification_status",
)

#: The columns of what is read, in order, and their types for DuckDB.
COLUMNS: dict[str, str] = {
    "id": "BIGINT",
    "on_sale": "BOOLEAN",
    "seller": "VARCHAR",
    **dict.fromkeys((*CHOICES, *TEXTS), "VARCHAR"),
    "categories": "VARCHAR",
    "has_email": "BOOLEAN",
    "has_phone": "BOOLEAN",
    "has_linkedin_url": "BOOLEAN",
    "quality_score": "INTEGER",
    "price_cents": "INTEGER",
    "source_date": "INTEGER",
    "reserved_for": "VARCHAR",
    "reserved_until": "DOUBLE",
}
_LISTED = (
    "SELECT id, status = 'listed', seller_id, "
    + ", ".join((*CHOICES, *TEXTS))
    + ", array_to_string(categories, %(separator)s), has_email, has_phone, has_linkedin, quality,"
    f" price_cents, collected_on - {_DAY_ONE} + 1,"
    # Who is paying keeps one place: others are kept from it where that is the last one.
    " CASE WHEN reserved_until > now() AND sold + 1 >= max_sales THEN reserved_for END,"
    " CASE WHEN reserved_until > now() AND sold + 1 >= max_sales"
    " THEN extract(epoch FROM reserved_until) END"
    " FROM marketplace_listing"
)
_GONE = f"SELECT listing_id, false{', NULL' * (len(COLUMNS) - 2)} FROM marketplace_listingremoval"
# Numbers from before a database was restored elsewhere lie ahead of what its clock has reached:
# they aren't new, and were read in the beginning.
_NEW = """ WHERE (changed = ANY(%(open)s::bigint[]) OR changed >= %(next)s)
    AND changed < pg_snapshot_xmax(pg_current_snapshot())::text::bigint AND changed <> %(own)s"""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was committed: every transaction below `next` but those that were `open` still.

    What the asker's own transaction has written isn't committed either: `own` is its number, 0
    where it has written nothing. `suspended` are the sellers of whom nothing is sold.
    """

    next: int
    open: frozenset[int]
    own: int = 0
    suspended: frozenset[UUID] = frozenset()

    @classmethod
    def now(cls) -> "Moment":
        """This moment, by the current context's connection."""
        with tenancy.connection().cursor() as cursor:
            cursor.execute(
                "SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned()::text,"
                " ARRAY(SELECT seller_id FROM marketplace_suspendedseller)"
            )
            snapshot, own, suspended = cursor.fetchone()
        _, upper, listed = snapshot.split(":")
        numbers = {int(number) for number in listed.split(",") if number}
        mine = int(own or 0)
        at_work = frozenset(numbers | ({mine} if mine else set()))
        return cls(int(upper), at_work, mine, frozenset(suspended))

    def is_same(self, earlier: "Moment") -> bool:
        """Whether nothing can have been committed since."""
        return self.next == earlier.next and self.open == earlier.open


def everything_on_sale() -> Iterator[bytes]:
    """All that is on sale, as CSV in COLUMNS, row by row."""
    return _copied(f"{_LISTED} WHERE status = 'listed'", {})


def changed_since(earlier: Moment, now: Moment) -> Iterator[bytes]:
    """What was written since, as CSV in COLUMNS; where `on_sale` is false the rest says nothing."""
    marks = {"open": sorted(earlier.open), "next": earlier.next, "own": now.own}
    return _copied(f"{_LISTED}{_NEW} UNION ALL {_GONE}{_NEW}", marks)


def _copied(query: str, marks: dict[str, object]) -> Iterator[bytes]:
    with (
        tenancy.connection().cursor() as cursor,
        # psycopg's own: Django's, where it counts statements, takes no parameters.
        cursor.cursor.copy(
            f"COPY ({query}) TO STDOUT (FORMAT csv)", marks | {"separator": SEPARATOR}
        ) as rows,
    ):
        for row in rows:
            yield bytes(row)


def in_pieces(rows: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same in pieces of about `size` bytes, each of whole rows."""
    piece, length = [], 0
    for row in rows:
        piece.append(row)
        length += len(row)
        if length >= size:
            yield b"".join(piece)
            piece, length = [], 0
    if piece:
        yield b"".join(piece)
