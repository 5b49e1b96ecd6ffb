"""Makes large synthetic catalogues: skewed, correlated, and plainly nobody's data.

Everything about a person follows from hashes of its number and the seed, looked up in small tables
of slots (a value has as many slots as it is frequent). So a file of any size is one streaming
query in constant memory, and the same seed, day and number of rows give the same people.
E-mail addresses and domains are reserved ones (RFC 2606, RFC 6761), telephone numbers come from
ranges kept for fiction, and LinkedIn names end in `-synthetic-…`. A number is one person's: as
many people of a city have one as its ranges have numbers, so a larger share in a smaller file.
"""

import datetime
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from leads.catalogue.engine import connect
from leads.filters.text import fold
from leads.records.person import FIELD_NAMES

from .staging import quoted
from .words import names, places, work

SLOTS = 1024
KINDS = sorted({kind for kind, _, _ in work.INDUSTRIES.values()})
DEPARTMENTS = list(work.DEPARTMENT_WEIGHTS)
SENIORITIES = list(work.SENIORITY_WEIGHTS)
REGIONS = list(names.FIRST_NAMES)
#: (upper bound of head count, code); the same order as the registry's bands.
EMPLOYEE_BANDS = [(10, "1-10"), (50, "11-50"), (200, "51-200"), (500, "201-500"),
                  (1000, "501-1000"), (5000, "1001-5000"), (10000, "5001-10000")]  # fmt: skip
REVENUE_BANDS = [(1, "under_1m"), (10, "1m_10m"), (50, "10m_50m"), (100, "50m_100m"),
                 (500, "100m_500m"), (1000, "500m_1b")]  # fmt: skip


#: Kinds of files that can be written, by how their names end, and how DuckDB is told.
SUFFIXES = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880",
    ".csv": "FORMAT csv, HEADER true",
    ".gz": "FORMAT csv, HEADER true, COMPRESSION gzip",
}


def generate_people(
    out: Path, *, rows: int, seed: int = 1, as_of: datetime.date | None = None
) -> None:
    """Write `rows` people to `out` (.parquet, .csv or .csv.gz) in the columns of a Person.

    Source dates end at `as_of` (today). The file appears under its name only when complete.
    """
    partial = out.with_name(out.name + ".part")
    with connect(threads=2) as db:
        _create_slots(db)
        # Joins as written, people on the streaming side: so they come out in order, at any size.
        db.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        _create_phones(db, rows, seed)
        query = people_sql(rows, seed, as_of or datetime.date.today())
        db.execute(f"COPY ({query}) TO {quoted(partial)} ({SUFFIXES[out.suffix]})")
    partial.replace(out)


def spread(weights: Iterable[float], slots: int = SLOTS) -> list[int]:
    """Return `slots` indexes, each as often as its weight says; none with weight is left out."""
    parts = list(weights)
    total, filled = sum(parts), 0.0
    result: list[int] = []
    for index, weight in enumerate(parts):
        filled += weight
        end = max(round(filled / total * slots), len(result) + (1 if weight else 0))
        result += [index] * (end - len(result))
    return result[:slots]


def zipf(count: int, exponent: float = 0.7) -> list[float]:
    """Return the weights of `count` things, most frequent first."""
    return [(rank + 1) ** -exponent for rank in range(count)]


def slug(text: str) -> str:
    """Return `text` as it would stand in an address."""
    return re.sub(r"[^a-z0-9]", "", fold(text))


def _table(
    db: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Sequence[Sequence[Any]]
) -> None:
    db.execute(f"CREATE TEMP TABLE {name} ({columns})")
    unnest = ", ".join(["unnest(?)"] * len(rows[0]))
    lists = [list(column) for column in zip(*rows, strict=True)]
    db.execute(f"INSERT INTO {name} SELECT {unnest}", lists)


def _create_slots(db: duckdb.DuckDBPyConnection) -> None:
    _create_people_slots(db)
    _create_company_slots(db)
    _create_work_slots(db)


def _create_people_slots(db: duckdb.DuckDBPyConnection) -> None:
    for table, lists in (("firsts", names.FIRST_NAMES), ("lasts", names.LAST_NAMES)):
        rows = []
        for region, text in enumerate(lists.values()):
            pool = re.sub(r"\bDe (?=[A-Z])", "De_", text).split()
            chosen = spread(zipf(len(pool)))
            rows += [
                (region * SLOTS + slot, pool[i].replace("_", " "), slug(pool[i]))
                for slot, i in enumerate(chosen)
            ]
        _table(db, table, "slot INTEGER, name VARCHAR, slug VARCHAR", rows)
    cities = []
    for number, country in enumerate(places.COUNTRIES):
        for slot, i in enumerate(spread(city.weight for city in country.cities)):
            city = country.cities[i]
            phone = city.phones[slot % len(city.phones)] if city.phones else None
            cities.append((number * SLOTS + slot, city.name, city.state, city.postal, phone))
    _table(db, "cities", "slot INTEGER, city VARCHAR, state VARCHAR, postal VARCHAR, "
           "phone VARCHAR", cities)  # fmt: skip


def _create_company_slots(db: duckdb.DuckDBPyConnection) -> None:
    countries = spread(country.weight for country in places.COUNTRIES)
    rows: list[Sequence[Any]] = []
    for slot, number in enumerate(countries):
        country = places.COUNTRIES[number]
        forms = [form.strip() for form in work.COMPANY_FORM[country.code].split(",")]
        rows.append((slot, number, country.code, REGIONS.index(country.region),
                     forms[slot % len(forms)]))  # fmt: skip
    _table(db, "countries", "slot INTEGER, country_no INTEGER, country VARCHAR, region INTEGER, "
           "form VARCHAR", rows)  # fmt: skip
    codes = list(work.INDUSTRIES)
    rows = []
    for slot, i in enumerate(spread(weight for _, weight, _ in work.INDUSTRIES.values())):
        kind, _, naics = work.INDUSTRIES[codes[i]]
        tails = [tail.strip() for tail in work.COMPANY_TAIL[kind].split(",")]
        rows.append((slot, codes[i], naics, KINDS.index(kind), tails[slot % len(tails)]))
    _table(db, "industries", "slot INTEGER, industry VARCHAR, naics VARCHAR, kind INTEGER, "
           "tail VARCHAR", rows)  # fmt: skip
    for name, words in (("first", work.COMPANY_FIRST), ("second", work.COMPANY_SECOND)):
        rows = list(enumerate(words.split()))
        _table(db, f"{name}_words", "slot INTEGER, word VARCHAR", rows)


def _create_work_slots(db: duckdb.DuckDBPyConnection) -> None:
    rows: list[Sequence[Any]] = []
    for number, kind in enumerate(KINDS):
        skew = work.DEPARTMENT_SKEW.get(kind, {})
        weights = [w * skew.get(name, 1) for name, w in work.DEPARTMENT_WEIGHTS.items()]
        rows += [
            (number * SLOTS + slot, i, DEPARTMENTS[i]) for slot, i in enumerate(spread(weights))
        ]
    _table(db, "departments", "slot INTEGER, department_no INTEGER, department VARCHAR", rows)
    rows = []
    for small in (False, True):  # a company of ten has a chief, and hardly a vice president
        factor = {"c_suite": 5, "vp": 0.3, "director": 0.6} if small else {}
        weights = [w * factor.get(name, 1) for name, w in work.SENIORITY_WEIGHTS.items()]
        rows += [
            (small * SLOTS + slot, i, SENIORITIES[i]) for slot, i in enumerate(spread(weights))
        ]
    _table(db, "seniorities", "slot INTEGER, seniority_no INTEGER, seniority VARCHAR", rows)
    rows = []
    for d, department in enumerate(DEPARTMENTS):
        for s, seniority in enumerate(SENIORITIES):
            titles = list(titles_of(department, seniority))
            rows += [
                ((d * len(SENIORITIES) + s) * SLOTS + slot, titles[i])
                for slot, i in enumerate(spread(zipf(len(titles), 0.9)))
            ]
    _table(db, "titles", "slot INTEGER, title VARCHAR", rows)
    common = work.TOPICS["any"].split()
    rows = []
    for d, department in enumerate(DEPARTMENTS):
        own = work.TOPICS[department].split()
        weights = [w * 3 for w in zipf(len(own))] + zipf(len(common))
        topics = own + common
        rows += [(d * SLOTS + slot, topics[i]) for slot, i in enumerate(spread(weights))]
    _table(db, "topics", "slot INTEGER, topic VARCHAR", rows)


def titles_of(department: str, seniority: str) -> Iterable[str]:
    """Yield the titles of a department at a seniority, the usual ones first."""
    functions, roles = (part.split(", ") for part in work.TITLES[department])
    chiefs = work.CHIEFS[department].split(", ")
    patterns = [pattern.strip() for pattern in work.TITLE_PATTERNS[seniority].split(";")]
    if seniority == "c_suite":
        yield from chiefs
        return
    for function in functions:
        for pattern in patterns:
            if "{f}" in pattern:
                yield pattern.format(f=function)
    for role in roles:
        for pattern in patterns:
            if "{r}" in pattern:
                yield pattern.format(r=role)


def _bands(value: str, bands: list[tuple[int, str]], last: str) -> str:
    cases = " ".join(f"WHEN {value} <= {bound} THEN '{code}'" for bound, code in bands)
    return f"CASE {cases} ELSE '{last}' END"


def _replaced(pattern: str, mark: str, digits: str, count: int, alphabet: str) -> str:
    """SQL that replaces up to `count` marks in a pattern by characters of an alphabet."""
    sql = pattern
    for i in range(count):
        at = f"1 + CAST(({digits} // {len(alphabet) ** i}) % {len(alphabet)} AS INTEGER)"
        sql = f"regexp_replace({sql}, '{mark}', substr('{alphabet}', {at}, 1))"
    return sql


class _Draws:
    """SQL for what chance says about a person `i` or a company `c`; `salt` is the question."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def draw(self, of: str, salt: int) -> str:
        """A hash. Twice, since hashes of several values alone differ by one XOR between salts."""
        return f"hash(hash({of}, {self._seed}, {salt}))"

    def pick(self, of: str, salt: int, slots: int = SLOTS) -> str:
        """A slot."""
        return f"CAST({self.draw(of, salt)} % {slots} AS INTEGER)"

    def chance(self, of: str, salt: int) -> str:
        """A number from 0 to 1."""
        return f"(({self.draw(of, salt)} % 1000003) / 1000003.0)"

    @property
    def city(self) -> str:
        """The slot of the city in which somebody works."""
        return f"""country_no * {SLOTS} + CASE WHEN {self.chance("i", 41)} < 0.6
            THEN {self.pick("c", 42)} ELSE {self.pick("i", 43)} END"""


def _located_sql(rows: int, draws: _Draws) -> str:
    """The first tables of both queries: everybody with company, chances and country."""
    draw, chance, pick = draws.draw, draws.chance, draws.pick
    companies = _companies(rows)
    decay = f"(ln(16000) / ln({companies + 1}))"
    return f"""numbered AS (
    SELECT i, CAST({companies} * pow({chance("i", 1)}, 2.4) AS INTEGER) AS c FROM range({rows}) t(i)
), drawn AS (
    SELECT i, c, {draw("i", 2)} AS h_postal, {draw("i", 3)} AS h_phone,
        80000 * pow(c + 1, -{decay}) * exp(2 * {chance("c", 10)} - 1) AS heads,
        {chance("c", 11)} AS u_founded, {chance("c", 12)} AS u_tld, {chance("c", 13)} AS u_revenue,
        {chance("i", 20)} AS u_mail, {chance("i", 21)} AS u_verified, {chance("i", 22)} AS u_phone,
        {chance("i", 23)} AS u_date, {chance("i", 24)} AS u_topics, {chance("i", 25)} AS u_style,
        {chance("i", 26)} AS u_linkedin, {chance("i", 27)} AS u_gap, lower(to_base(i, 36)) AS tag
    FROM numbered
), located AS (
    SELECT d.*, co.country, co.country_no, co.region, hq.form
    FROM drawn d
    JOIN countries hq ON hq.slot = {pick("c", 30)}
    JOIN countries co ON co.slot
        = CASE WHEN {chance("i", 31)} < 0.88 THEN {pick("c", 30)} ELSE {pick("i", 32)} END
)"""


def _companies(rows: int) -> int:
    return max(20, rows // 14)


def _create_phones(db: duckdb.DuckDBPyConnection, rows: int, seed: int) -> None:
    """Who has which number: of those who would, by lot, one for each number of a city's range."""
    draws = _Draws(seed)
    db.execute(f"""
CREATE TEMP TABLE phones AS
WITH {_located_sql(rows, draws)}, given AS (
    SELECT rtrim(ci.phone, '#') AS prefix,
        CAST(len(ci.phone) - len(rtrim(ci.phone, '#')) AS INTEGER) AS digits,
        CAST(pow(10, digits) AS BIGINT) AS numbers, arg_min(l.i, l.h_phone, numbers) AS people
    FROM located l JOIN cities ci ON ci.slot = {draws.city}
    WHERE u_phone < 0.55 AND u_mail < 0.96 AND ci.phone IS NOT NULL GROUP BY ci.phone
), dealt AS (
    SELECT * EXCLUDE (people), unnest(people) AS i, generate_subscripts(people, 1) AS nth FROM given
)
SELECT i AS person, prefix || lpad(CAST((nth * 7919 + CAST(hash(prefix) % numbers AS BIGINT))
    % numbers AS VARCHAR), digits, '0') AS phone FROM dealt""")


def people_sql(rows: int, seed: int, as_of: datetime.date) -> str:
    """Return the query that makes the people; all its values are numbers of ours."""
    draws = _Draws(seed)
    pick, chance = draws.pick, draws.chance
    columns = ", ".join(FIELD_NAMES)
    first_words, second_words = len(work.COMPANY_FIRST.split()), len(work.COMPANY_SECOND.split())
    pairs = first_words * second_words
    postal = _replaced("ci.postal", "#", "h_postal", 6, "0123456789")
    postal = _replaced(postal, "@", "h_postal", 3, "ABCDEFGHJKLMNPRSTUVWXYZ")
    return f"""
WITH {_located_sql(rows, draws)}, placed AS (
    SELECT d.*, i1.industry, i1.naics, i1.kind,
        i1.tail, w1.word || w2.word AS company_word,
        CASE WHEN c < {pairs} THEN '' ELSE lower(to_base(c // {pairs}, 36)) END AS company_tag
    FROM located d
    JOIN industries i1 ON i1.slot = {pick("c", 33)}
    JOIN first_words w1 ON w1.slot = CAST((c * 37) % {first_words} AS INTEGER)
    JOIN second_words w2 ON w2.slot
        = CAST((c // {first_words} * 29 + c % {first_words} * 13) % {second_words} AS INTEGER)
), named AS (
    SELECT p.*, ci.city, ci.state, {postal} AS postal_code,
        f.name AS first_name, f.slug AS first_slug, l.slug AS last_slug,
        CASE WHEN {chance("i", 40)} < 0.04 THEN l.name || '-' || l2.name ELSE l.name END
            AS last_name,
        de.department_no, de.department, se.seniority_no, se.seniority,
        lower(company_word) || company_tag || CASE WHEN u_tld < 0.7 THEN '.example'
            WHEN u_tld < 0.9 THEN '.example.com' ELSE '.example.org' END AS company_domain
    FROM placed p
    JOIN cities ci ON ci.slot = {draws.city}
    JOIN firsts f ON f.slot = CASE WHEN {chance("i", 44)} < 0.9 THEN region
        ELSE {pick("i", 45, len(REGIONS))} END * {SLOTS} + {pick("i", 46)}
    JOIN lasts l ON l.slot = region * {SLOTS} + {pick("i", 47)}
    JOIN lasts l2 ON l2.slot = region * {SLOTS} + {pick("i", 48)}
    JOIN departments de ON de.slot = kind * {SLOTS} + {pick("i", 49)}
    JOIN seniorities se ON se.slot
        = CASE WHEN heads <= 10 THEN {SLOTS} ELSE 0 END + {pick("i", 50)}
), reached AS (
    SELECT n.*, t.title,
        CASE WHEN u_mail < 0.88 THEN CASE WHEN u_style < 0.6 THEN first_slug || '.' || last_slug
            WHEN u_style < 0.85 THEN left(first_slug, 1) || last_slug
            ELSE first_slug || '_' || last_slug END || '.' || tag || '@' || company_domain END
            AS work_email,
        CASE WHEN u_mail BETWEEN 0.6 AND 0.96 THEN first_slug || last_slug || tag || CASE
            WHEN u_style < 0.5 THEN '@mail.example.com' WHEN u_style < 0.8 THEN '@post.example.net'
            ELSE '@inbox.example.org' END END AS personal_email,
        ph.phone,
        DATE '{as_of.isoformat()}' - CAST(900 * pow(u_date, 2.2) AS INTEGER) AS source_date,
        CAST(list_sort(list_distinct(list_filter([
            CASE WHEN u_topics < 0.45 THEN t1.topic END,
            CASE WHEN u_topics < 0.25 THEN t2.topic END,
            CASE WHEN u_topics < 0.12 THEN t3.topic END], lambda x: x IS NOT NULL))) AS VARCHAR[])
            AS topics
    FROM named n
    LEFT JOIN phones ph ON ph.person = n.i
    JOIN titles t ON t.slot
        = (department_no * {len(SENIORITIES)} + seniority_no) * {SLOTS} + {pick("i", 60)}
    JOIN topics t1 ON t1.slot = department_no * {SLOTS} + {pick("i", 61)}
    JOIN topics t2 ON t2.slot = department_no * {SLOTS} + {pick("i", 62)}
    JOIN topics t3 ON t3.slot = department_no * {SLOTS} + {pick("i", 63)}
), made AS (
    SELECT * EXCLUDE (postal_code, department, naics),
        coalesce(work_email, personal_email) AS email,
        CASE WHEN work_email IS NOT NULL THEN 'work' WHEN personal_email IS NOT NULL THEN 'personal'
            END AS email_type,
        CASE WHEN u_mail < 0.96 THEN u_verified < 0.68 END AS email_verified,
        CASE WHEN u_mail < 0.96 AND u_verified < 0.68
            THEN source_date + CAST(u_verified * 60 AS INTEGER) END AS verified_on,
        CASE WHEN phone IS NOT NULL THEN CASE WHEN u_style < 0.45 THEN 'mobile' ELSE 'direct' END
            END AS phone_type,
        CASE WHEN phone IS NOT NULL THEN u_verified BETWEEN 0.3 AND 0.75 END AS phone_verified,
        CASE WHEN u_linkedin < 0.8 OR u_mail >= 0.96 THEN 'https://www.linkedin.com/in/'
            || first_slug || '-' || last_slug || '-synthetic-' || tag END AS linkedin_url,
        CASE WHEN u_gap < 0.93 THEN postal_code END AS postal_code,
        CASE WHEN u_gap < 0.97 THEN department END AS department,
        CASE WHEN u_gap < 0.85 THEN naics END AS naics,
        concat_ws(' ', company_word, nullif(tail, ''), nullif(form, '')) AS company_name,
        {_bands("heads", EMPLOYEE_BANDS, "10001+")} AS employee_band,
        CASE WHEN u_gap < 0.9 THEN
            {_bands("heads * 0.2 * (0.4 + 1.2 * u_revenue)", REVENUE_BANDS, "over_1b")} END
            AS revenue_band,
        {as_of.year - 2} - CAST((CASE WHEN kind = {KINDS.index("tech")} THEN 35 ELSE 110 END)
            * pow(u_founded, 1.6) * (CASE WHEN heads > 1000 THEN 1 ELSE 0.6 END) AS INTEGER)
            AS company_founded,
        CAST(NULL AS INTEGER) AS quality_score,
        CASE WHEN len(topics) > 0 THEN list_aggregate(topics, 'string_agg', ';') END
            AS intent_topics,
        CASE WHEN verified_on < DATE '{as_of.isoformat()}' THEN verified_on
            WHEN verified_on IS NOT NULL THEN DATE '{as_of.isoformat()}' END AS email_verified_at,
        CASE WHEN phone_type = 'mobile' THEN phone END AS mobile_phone,
        CASE WHEN phone_type = 'direct' THEN phone END AS direct_phone
    FROM reached
)
SELECT {columns} FROM made"""
