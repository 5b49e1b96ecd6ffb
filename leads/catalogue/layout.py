"""What a snapshot file holds: its tables, its columns, and how each field is stored.

A snapshot is one immutable DuckDB file, `people_v<n>.duckdb`:

- `p`: one row a person, every field, in rank order (best quality score first, then freshest, then
  id); `rank` counts from 1 and is the row's number in the table plus one.
- `f`: the same people, only what filters test, as small integers, ordered by country, state,
  industry and rank, so that usual filters skip most of it.
- `d_<field>`: a field's values, `code` from 1 in the order of their folded form, `n` people each.
  Code 0 in `f` means unset. Text conditions become sets of codes through these tables.
- `topics`: every intent topic with its word and bit: topics are 63-bit words `topics_<w>` in `f`.
  `topic_set` is the code of a person's topics together; `topics_of` holds the topics of a code.
- `absent`: key and id of people whom staff merged with others, and who aren't in this version:
  when a file brings them back, they have that id again. Versions built before may lack it.
- `meta`: one row: what version this is and where it comes from.
"""

from leads.records.person import FIELD_NAMES

FORMAT_VERSION = 1
TOPIC_BITS = 63
TOPIC_SEPARATOR = ";"

#: Choices with a closed vocabulary, compared as codes.
CHOICES = (
    "country",
    "industry",
    "seniority",
    "department",
    "employee_band",
    "revenue_band",
    "email_type",
    "phone_type",
)
#: Choices with an open vocabulary, compared folded.
OPEN_CHOICES = ("state",)
#: Texts with far fewer values than people: a dictionary each.
DICTIONARY_TEXTS = (
    "title",
    "company_name",
    "company_domain",
    "city",
    "postal_code",
    "naics",
    "first_name",
    "last_name",
)
#: Texts that are different for nearly everybody: tested in `p`; `f` knows whether they are set.
WIDE_TEXTS = ("email", "phone", "linkedin_url")
BOOLEANS = ("email_verified", "phone_verified")
CODED = CHOICES + OPEN_CHOICES + DICTIONARY_TEXTS
#: The order of `f`.
CLUSTERED_BY = ("country", "state", "industry", "rank")

#: The SQL type of a record's fields in `p` and in staged files; texts unless said.
PERSON_TYPES: dict[str, str] = dict.fromkeys(FIELD_NAMES, "VARCHAR") | {
    "email_verified": "BOOLEAN",
    "email_verified_at": "DATE",
    "phone_verified": "BOOLEAN",
    "company_founded": "INTEGER",
    "source_date": "DATE",
    "quality_score": "INTEGER",
}
#: What `p` has besides: `key` is the person's identity, `given_score` the source's own score, and
#: a folded form is there only where it differs from the text.
P_COLUMNS: dict[str, str] = {
    "rank": "INTEGER",
    "id": "INTEGER",
    "key": "UUID",
    "given_score": "INTEGER",
    **PERSON_TYPES,
    "email_folded": "VARCHAR",
    "linkedin_url_folded": "VARCHAR",
}


def topic_word(number: int) -> str:
    """Return the name of a column of topic bits in `f`."""
    return f"topics_{number}"


def has(field: str) -> str:
    """Return the name of the column of `f` that says whether a wide text is set."""
    return f"has_{field}"


def dictionary(field: str) -> str:
    """Return the name of a field's dictionary table."""
    return f"d_{field}"


def f_columns(topic_words: int) -> dict[str, str]:
    """Return the columns of `f` and their types. Dates are days since 0001-01-01 plus one."""
    return {
        "rank": "INTEGER",
        "id": "INTEGER",
        **dict.fromkeys(CHOICES, "USMALLINT"),
        **dict.fromkeys(OPEN_CHOICES + DICTIONARY_TEXTS, "INTEGER"),
        **{has(field): "BOOLEAN" for field in WIDE_TEXTS},
        **dict.fromkeys(BOOLEANS, "BOOLEAN"),
        "company_founded": "USMALLINT",
        "quality_score": "UTINYINT",
        "source_date": "INTEGER",
        "topic_set": "INTEGER",
        **{topic_word(number): "BIGINT" for number in range(topic_words)},
    }
