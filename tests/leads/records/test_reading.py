"""Rows to people (L-2, L-18)."""

import datetime
from collections import Counter
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.records.acquisition import candidate_of
from leads.records.identity import NoIdentity, dedup_hash
from leads.records.losses import COUNTRY, OF_FIELD, PHONE
from leads.records.mapping import guess_mapping, parse_mapping
from leads.records.person import FIELD_NAMES, Person
from leads.records.reading import PersonReader, Rejection

DAY = datetime.date(2024, 6, 1)


def read(default: str | None = "US", as_of: datetime.date | None = None, **values: str):
    """(person or rejection, warnings) of a row whose columns are called like fields."""
    mapping = parse_mapping(",".join(f"{name}={name}" for name in values), list(values))
    reader = PersonReader(mapping, default_country=default, as_of=as_of)
    return reader.read(list(values.values())), dict(reader.warnings)


def filled(**values: str) -> dict[str, object]:
    """The fields that a row fills."""
    person, _ = read(**values)
    assert isinstance(person, Person)
    return {name: value for name, value in asdict(person).items() if value not in (None, ())}


def test_a_whole_record():
    """L-2: every field, from the words of other programs."""
    person, warnings = read(
        first_name=" Ann ",
        last_name="Lee",
        email="Ann.Lee@Acme.com",
        email_type="Business",
        email_verified="valid",
        email_verified_at="2024-05-01",
        personal_email="ann@gmail.com",
        phone="(504) 621-8927",
        phone_type="Direct Dial",
        phone_verified="1",
        mobile_phone="504-621-8900",
        linkedin_url="linkedin.com/in/AnnLee/",
        title="VP, Marketing",
        company_name="Acme, Inc.",
        company_domain="https://www.acme.com/",
        industry="Computer Software",
        naics="541511",
        employee_band="1,200",
        revenue_band="$10M+",
        company_founded="1998",
        country="United States",
        state="Texas",
        city="Austin",
        postal_code="78701",
        intent_topics="Cloud Security;CRM",
        source_date="May 2, 2024",
        quality_score="91.4",
    )
    assert person == Person(
        first_name="Ann",
        last_name="Lee",
        email="ann.lee@acme.com",
        email_type="work",
        email_verified=True,
        email_verified_at=datetime.date(2024, 5, 1),
        work_email="ann.lee@acme.com",
        personal_email="ann@gmail.com",
        phone="+15046218927",
        phone_type="direct",
        phone_verified=True,
        mobile_phone="+15046218900",
        direct_phone="+15046218927",
        linkedin_url="https://www.linkedin.com/in/annlee",
        title="VP, Marketing",
        seniority="vp",
        department="marketing",
        company_name="Acme, Inc.",
        company_domain="acme.com",
        industry="software",
        naics="541511",
        employee_band="1001-5000",
        revenue_band="10m_50m",
        company_founded=1998,
        country="US",
        state="TX",
        city="Austin",
        postal_code="78701",
        intent_topics=("cloud_security", "crm"),
        source_date=datetime.date(2024, 5, 2),
        quality_score=91,
    )
    assert not warnings
    assert set(asdict(person)) == set(FIELD_NAMES)


@pytest.mark.parametrize(
    "values",
    [
        {"email": "ann@acme.com"},
        {"phone": "504-621-8927"},
        {"mobile_phone": "+44 7911 123456"},
        {"linkedin_url": "linkedin.com/in/ann"},
        {"first_name": "Ann", "last_name": "Lee", "company_name": "Acme"},
        {"full_name": "Ann Lee", "company_domain": "acme.com"},
        {"email": "broken", "phone": "504-621-8927"},
        {"email": "broken", "first_name": "Ann", "last_name": "Lee", "company_name": "Acme"},
    ],
)
def test_who_is_somebody(values):
    """One of e-mail, phone, LinkedIn, or name and company is enough."""
    assert isinstance(read(**values)[0], Person)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"email": "ann at acme"}, "email", "The e-mail address is not valid"),
        ({"email": "ann@", "phone": "12"}, "email", "The e-mail address is not valid"),
        ({"phone": "555-1234", "email": "n/a"}, "phone", "The phone number is not valid"),
        ({"first_name": "Ann", "company_name": "Acme"}, "", "There is no e-mail address"),
        ({"full_name": "Cher", "company_name": "Acme"}, "", "There is no e-mail address"),
        ({"first_name": "Ann", "last_name": "Lee"}, "", "There is no e-mail address"),
        ({"company_name": "Acme", "company_domain": "acme.com"}, "", "There is no e-mail"),
        ({"linkedin_url": "linkedin.com/company/acme"}, "", "There is no e-mail"),
    ],
)
def test_who_is_nobody(values, field, words):
    """The reject file gets the field, the reason and the value at fault."""
    found, _ = read(**values)
    assert isinstance(found, Rejection)
    assert found.field == field
    assert found.reason.startswith(words)
    assert found.value == (values[field] if field else "")


def test_broken_details_are_dropped_and_counted():
    """They don't cost the row."""
    person, warnings = read(
        email="ann@acme.com",
        phone="12",
        employee_band="lots",
        country="Atlantis",
        source_date="2999-01-01",
        quality_score="500",
        company_domain="N/A",
    )
    assert isinstance(person, Person)
    assert person.phone is None
    assert person.source_date is None
    assert warnings == {
        PHONE: 1,
        COUNTRY: 1,
        **{OF_FIELD[name]: 1 for name in ("employee_band", "source_date", "quality_score")},
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # work before personal, whatever column it is in
        (
            {"email": "ann@gmail.com", "work_email": "ann@acme.com", "email_verified": "true"},
            {
                "email": "ann@acme.com",
                "email_type": "work",
                "work_email": "ann@acme.com",
                "personal_email": "ann@gmail.com",
            },
        ),
        # verified is said of the address that it stands with
        (
            {"email": "ann@acme.com", "work_email": "a.lee@acme.com", "email_verified": "true"},
            {
                "email": "ann@acme.com",
                "email_type": "work",
                "email_verified": True,
                "work_email": "a.lee@acme.com",
            },
        ),
        (
            {"email": "ann@gmail.com", "email_verified": "false"},
            {
                "email": "ann@gmail.com",
                "email_type": "personal",
                "email_verified": False,
                "personal_email": "ann@gmail.com",
            },
        ),
        # the file's word on the type counts
        (
            {"email": "ann@acme.com", "email_type": "personal"},
            {
                "email": "ann@acme.com",
                "email_type": "personal",
                "personal_email": "ann@acme.com",
            },
        ),
        # two in a cell
        (
            {"email": "ann@gmail.com; ann@acme.com"},
            {
                "email": "ann@acme.com",
                "email_type": "work",
                "work_email": "ann@acme.com",
                "personal_email": "ann@gmail.com",
            },
        ),
    ],
)
def test_the_best_address(values, expected):
    """Verified work, work, verified personal, personal."""
    assert filled(**values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"phone": "504-621-8927"}, {"phone": "+15046218927"}),
        (
            {"phone": "504-621-8927", "phone_type": "cell", "phone_verified": "yes"},
            {
                "phone": "+15046218927",
                "phone_type": "mobile",
                "mobile_phone": "+15046218927",
                "phone_verified": True,
            },
        ),
        (
            {"phone": "12", "direct_phone": "504-621-8927", "phone_verified": "yes"},
            {"phone": "+15046218927", "phone_type": "direct", "direct_phone": "+15046218927"},
        ),
        (
            {"phone": "07911 123456", "country": "UK"},
            {
                "phone": "+447911123456",
                "phone_type": "mobile",
                "mobile_phone": "+447911123456",
                "country": "GB",
            },
        ),
        ({"phone": "12; 504-621-8927"}, {"phone": "+15046218927"}),
    ],
)
def test_the_best_number(values, expected):
    """By the row's country, else the workspace's; types only where they are known."""
    assert filled(linkedin_url="linkedin.com/in/a", **values) == {
        "linkedin_url": "https://www.linkedin.com/in/a",
        **expected,
    }


def test_the_second_column_counts_where_the_first_is_broken():
    """'Phone 1' and 'Phone 2'."""
    columns = ["Email 1", "Email 2", "Phone 1", "Phone 2"]
    reader = PersonReader(guess_mapping(columns, []), default_country="US")
    person = reader.read(["broken@", "b@acme.com", "12", "504-621-8927"])
    assert isinstance(person, Person)
    assert (person.email, person.phone) == ("b@acme.com", "+15046218927")


def test_places():
    """A state of the workspace's country tells the country; others don't."""
    assert filled(email="a@b.co", state="la", postal_code="7012")["country"] == "US"
    assert filled(email="a@b.co", state="la", postal_code="7012")["postal_code"] == "07012"
    person, _ = read(default="DE", email="a@b.co", state="Bayern")
    assert person.country is None
    assert person.state == "Bayern"


def test_what_is_no_employer_is_no_domain():
    """Mail providers and pages on shared sites aren't the company's."""
    for website in ("gmail.com", "https://www.facebook.com/acme", "linkedin.com/company/acme"):
        assert "company_domain" not in filled(email="a@b.co", company_domain=website)
    assert filled(email="a@b.co", company_domain="https://google.com/")["company_domain"] == (
        "google.com"
    )


def test_dates_of_rows_without_one():
    """`as_of` stands in."""
    assert read(email="a@b.co", as_of=DAY)[0].source_date == DAY
    assert read(email="a@b.co", source_date="2024-01-01", as_of=DAY)[0].source_date == (
        datetime.date(2024, 1, 1)
    )
    assert read(email="a@b.co")[0].source_date is None


def test_said_seniority_goes_before_the_title():
    """What is missing is told by the title."""
    found = filled(email="a@b.co", title="Sales Director", seniority="VP", department="")
    assert (found["seniority"], found["department"]) == ("vp", "sales")
    assert "title" not in filled(email="a@b.co", title="Mr.")


@settings(max_examples=300, print_blob=True)
@given(
    st.lists(
        st.text(max_size=60) | st.sampled_from(["\x00", "NaN", "1e999", "-1", "9" * 400, "@", "+"]),
        min_size=len(FIELD_NAMES),
        max_size=len(FIELD_NAMES),
    )
)
def test_no_value_breaks_the_reader(values):
    """X-5: a person or a reason; what a person holds fits the database."""
    reader = PersonReader(guess_mapping(FIELD_NAMES, []), default_country="US")
    found = reader.read(values)
    if isinstance(found, Rejection):
        assert found.reason.endswith(".")
        return
    for value in asdict(found).values():
        if isinstance(value, str):
            assert value == value.strip() != ""
            assert len(value) <= 300
            assert "\x00" not in value
            assert value.encode()


# What decides, for one field or for several together; rows of it meet in every combination.
TELLING = ["", "n/a", "A.B+x@gmail.com", "x@", "ann@acme.com; bob@web.de", "512-555-0100"]
TELLING += [
    "+49 30 901820",
    "12",
    "TX",
    "Texas",
    "US",
    "Narnia",
    "work",
    "mobile",
    "no",
    "Verified",
]
TELLING += [
    "1/2/2023",
    "Mr",
    "Head of Sales",
    "https://www.acme.com/x",
    "gmail.com",
    "51-200",
    "1999",
]


@settings(max_examples=150, print_blob=True)
@given(
    st.data(),
    st.sampled_from(["US", "DE", None]),
    st.sampled_from([FIELD_NAMES, ["Full Name", "E-mail 1", "E-mail 2", "Tel 1", "Tel 2", "Ort"]]),
)
def test_rows_read_together_are_as_each_by_itself(data, default, columns):
    """L-18: who else is in the file changes nobody; the identity is that of the values (L-11)."""
    cell = st.sampled_from(TELLING) | st.text(max_size=12)
    row = st.lists(cell, min_size=len(columns), max_size=len(columns))
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    mapping = guess_mapping(columns, [])
    together = PersonReader(mapping, default_country=default)
    found = together.read_all(rows)
    alone = [PersonReader(mapping, default_country=default) for _ in rows]
    assert found == [reader.read(values) for reader, values in zip(alone, rows, strict=True)]
    assert together.warnings == sum((reader.warnings for reader in alone), Counter())
    for person in found:
        if isinstance(person, Person):
            assert _identity(person) == _hash_of(person)


def _identity(person: Person) -> str:
    try:
        return candidate_of(person).dedup_hash
    except NoIdentity:
        return ""


def _hash_of(person: Person) -> str:
    try:
        return dedup_hash(
            person.email,
            person.company_domain,
            person.phone,
            country=person.country,
            linkedin_url=person.linkedin_url,
            name=f"{person.first_name or ''} {person.last_name or ''}",
            company_name=person.company_name,
        )
    except NoIdentity:
        return ""
