"""Finds the people of a list in a snapshot: by address, number, profile, or name and company.

Set-based: one query for each kind of key, over all rows that no stronger key has settled. Key
columns are scanned, not indexed, so a call costs about the same for one row and for thousands.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

from leads.filters.text import fold
from leads.records.freemail import is_freemail
from leads.records.identity import normalise_email, normalise_name
from leads.records.person import Person

from . import layout
from .aliases import Standing
from .merging import CONTACT_FIELDS
from .running import Search
from .source import AMBIGUOUS, NOBODY, Match, MatchKind

#: A key that more people share says nothing: a switchboard, or a name like John Smith's.
MOST_ALIKE = 25
#: By how much the best of several must agree with the row better than the next one.
CLEARLY = 2
_GMAIL = ("@gmail.com", "@googlemail.com")
_EMAILS, _PHONES = CONTACT_FIELDS


@dataclass(frozen=True, slots=True)
class _Known:
    """What tells two candidates apart."""

    first_name: str | None
    last_name: str | None
    company_domain: str | None
    company_name: str | None
    title: str | None
    city: str | None
    state: str | None
    country: str | None


_TOLD_BY = tuple(field.name for field in fields(_Known))


@dataclass(frozen=True, slots=True)
class _Level:
    """One kind of key: the texts of a row's keys, and the rows of `p` or `f` that have them."""

    kind: MatchKind
    keys: Callable[[Person], Iterator[tuple[str, ...]]]
    people: str
    #: Of the candidates only those whose name doesn't contradict the row's.
    by_name: bool = False


def match_people(search: Search, people: Sequence[Person], standing: Standing) -> list[Match]:
    """Say who each of `people` is: one match a person, in their order, nobody who is dead.

    The strongest key that anybody has decides. Where several have it, the one who agrees with the
    row clearly better than the others is meant; without such a one the row is ambiguous.
    """
    matches = [NOBODY] * len(people)
    pending: Sequence[int] = range(len(people))
    for level in _LEVELS:
        keys = [(at, key) for at in pending for key in level.keys(people[at])]
        if keys:
            _settle(search, level, keys, people, standing, matches)
            pending = [at for at in pending if matches[at] is NOBODY]
    return matches


def _settle(
    search: Search,
    level: _Level,
    keys: list[tuple[int, tuple[str, ...]]],
    people: Sequence[Person],
    standing: Standing,
    matches: list[Match],
) -> None:
    """Write the matches that this kind of key gives."""
    columns: list[list[int] | list[str]] = [[at for at, _ in keys]]
    columns += [[key[part] for _, key in keys] for part in range(len(keys[0][1]))]
    names = ", ".join(
        f"unnest(${number}::{'VARCHAR' if number > 1 else 'INTEGER'}[])"
        f" AS {'row_no' if number == 1 else f'k{number - 1}'}"
        for number in range(1, len(columns) + 1)
    )
    found = search.fetch(
        f"WITH w AS (SELECT {names}), m AS (SELECT DISTINCT * FROM ({level.people}))"
        f" SELECT row_no, list([rank, id])[:{MOST_ALIKE + 1}] FROM m GROUP BY row_no",
        columns,
    )
    alike: dict[int, dict[int, int]] = {}
    for at, having in found:
        ids = {rank: standing.answers.get(id, id) for rank, id in having}
        living = {rank: id for rank, id in ids.items() if id not in standing.dead}
        if len(having) > MOST_ALIKE:
            if not level.by_name:
                matches[at] = AMBIGUOUS
        elif len(set(living.values())) == 1 and not level.by_name:
            matches[at] = Match(next(iter(living.values())), level.kind)
        elif living:
            alike[at] = living
    known = _known(search, [rank for living in alike.values() for rank in living])
    for at, living in alike.items():
        candidates = {
            rank: known[rank]
            for rank in living
            if not level.by_name or _may_be(people[at], known[rank])
        }
        if candidates:
            chosen = _chosen(people[at], candidates, living)
            matches[at] = AMBIGUOUS if chosen is None else Match(chosen, level.kind)


def _known(search: Search, ranks: list[int]) -> dict[int, _Known]:
    if not ranks:
        return {}
    rows = search.fetch(
        f"SELECT rank, {', '.join(_TOLD_BY)} FROM p WHERE rowid IN (SELECT unnest($1::BIGINT[]))",
        [[rank - 1 for rank in ranks]],
    )
    return {row[0]: _Known(*row[1:]) for row in rows}


def _may_be(row: Person, candidate: _Known) -> bool:
    """Whether names leave it open that the row is the candidate: a number may be shared."""
    theirs, mine = normalise_name(candidate.last_name), normalise_name(row.last_name)
    if theirs and mine and theirs != mine:
        return False
    theirs, mine = normalise_name(candidate.first_name), normalise_name(row.first_name)
    return theirs.startswith(mine) or mine.startswith(theirs)  # 'Rob' or 'R.' may be Robert


def _chosen(row: Person, candidates: dict[int, _Known], ids: dict[int, int]) -> int | None:
    """The id of the one who is clearly meant, or None; of merged records the best one counts."""
    agree: dict[int, int] = {}
    for rank, candidate in candidates.items():
        points = _agreement(row, candidate)
        agree[ids[rank]] = max(points, agree.get(ids[rank], points))
    best, *others = sorted(agree.items(), key=lambda one: -one[1])
    if others and best[1] - others[0][1] < CLEARLY:
        return None
    return best[0]


def _agreement(row: Person, candidate: _Known) -> int:
    """One for each thing that both say alike, minus one for each that they say differently."""
    points = 0
    for name in _TOLD_BY:
        theirs, mine = getattr(candidate, name), getattr(row, name)
        if theirs and mine:
            points += 1 if normalise_name(theirs) == normalise_name(mine) else -1
    return points


def having(
    search: Search, *, emails: Sequence[str], phones: Sequence[str]
) -> list[tuple[str, int]]:
    """Return everybody who has one of these normal forms, each as (form, id)."""
    found: list[tuple[str, int]] = []
    at_gmail = [each for each in emails if each.endswith(_GMAIL[0])]
    elsewhere = [each for each in emails if not each.endswith(_GMAIL[0])]
    for keys, people in (
        (elsewhere, _having(_EMAILS)),
        (at_gmail, _having_gmail(_EMAILS)),
        (phones, _having(_PHONES)),
    ):
        if keys:
            rows = search.fetch(
                f"WITH w AS (SELECT unnest($1::INTEGER[]) AS row_no, unnest($2::VARCHAR[]) AS k1)"
                f" SELECT DISTINCT row_no, id FROM ({people})",
                [list(range(len(keys))), list(keys)],
            )
            found += [(keys[at], id) for at, id in rows]
    return found


# --- the kinds of key ---------------------------------------------------------------------
def _addresses(person: Person) -> Iterator[tuple[str, ...]]:
    found = {normalise_email(getattr(person, name)) for name in _EMAILS}
    return ((each,) for each in found if each and not each.endswith(_GMAIL[0]))


def _gmail_addresses(person: Person) -> Iterator[tuple[str, ...]]:
    found = {normalise_email(getattr(person, name)) for name in _EMAILS}
    return ((each,) for each in found if each.endswith(_GMAIL[0]))


def _numbers(person: Person) -> Iterator[tuple[str, ...]]:
    found = {getattr(person, name) for name in _PHONES}
    return ((each,) for each in found if each)


def _profile(person: Person) -> Iterator[tuple[str, ...]]:
    if person.linkedin_url:
        yield (person.linkedin_url,)


def _name(person: Person) -> tuple[str, str] | None:
    first, last = fold(person.first_name or ""), fold(person.last_name or "")
    return (first, last) if first and last else None


def _name_and_domain(person: Person) -> Iterator[tuple[str, ...]]:
    domain = person.company_domain or (person.work_email or "").rpartition("@")[2]
    if (name := _name(person)) and domain and not is_freemail(domain):
        yield (*name, fold(domain))


def _name_and_company(person: Person) -> Iterator[tuple[str, ...]]:
    if (name := _name(person)) and (company := fold(person.company_name or "")):
        yield (*name, company)


def _having(columns: Sequence[str]) -> str:
    """People one of whose columns is a row's key."""
    people = " UNION ALL ".join(f"SELECT rank, id, {name} AS k1 FROM p" for name in columns)
    return f"SELECT w.row_no, rank, id FROM ({people}) JOIN w USING (k1)"


def _having_gmail(columns: Sequence[str]) -> str:
    """The same for addresses at Gmail, whose normal form the catalogue doesn't hold."""
    people = " UNION ALL ".join(
        f"SELECT rank, id, {_gmail_key(name)} AS k1 FROM p"
        f" WHERE suffix({name}, '{_GMAIL[0]}') OR suffix({name}, '{_GMAIL[1]}')"
        for name in columns
    )
    return f"SELECT w.row_no, rank, id FROM ({people}) JOIN w USING (k1)"


def _gmail_key(column: str) -> str:
    """What `normalise_email` makes of an address at Gmail."""
    local = f"split_part({column}, '@', 1)"
    bare = f"replace(split_part({local}, '+', 1), '.', '')"
    return f"if({bare} = '', {local}, {bare}) || '{_GMAIL[0]}'"


def email_key(column: str) -> str:
    """SQL for what `normalise_email` makes of an address as the catalogue holds it."""
    at_gmail = " OR ".join(f"suffix({column}, '{domain}')" for domain in _GMAIL)
    return f"if({at_gmail}, {_gmail_key(column)}, {column})"


def _named(company: str) -> str:
    """People of a name at a company, by the codes of `f`."""
    coded = "first_name", "last_name", company
    joins = " ".join(
        f"JOIN {layout.dictionary(field)} c{number} ON c{number}.folded = w.k{number}"
        for number, field in enumerate(coded, 1)
    )
    same = " AND ".join(f"f.{field} = c.c{number}" for number, field in enumerate(coded, 1))
    codes = ", ".join(f"c{number}.code AS c{number}" for number in (1, 2, 3))
    coded_rows = f"SELECT w.row_no, {codes} FROM w {joins}"
    return f"SELECT c.row_no, f.rank, f.id FROM f JOIN ({coded_rows}) c ON {same}"


#: Strongest first.
_LEVELS = (
    _Level("email", _addresses, _having(_EMAILS)),
    _Level("email", _gmail_addresses, _having_gmail(_EMAILS)),
    _Level("phone", _numbers, _having(_PHONES), by_name=True),
    _Level("linkedin", _profile, _having(("linkedin_url",))),
    _Level("name_domain", _name_and_domain, _named("company_domain")),
    _Level("name_company", _name_and_company, _named("company_name")),
)
