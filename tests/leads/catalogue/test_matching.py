"""L-20: who the rows of a list are in the catalogue."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from leads.catalogue.local import LocalSource
from leads.records.identity import normalise_email
from leads.records.person import Person
from tests.leads.catalogue.builder import build

ANN = Person(
    first_name="Ann",
    last_name="Müller",
    email="ann@acme.com",
    work_email="ann@acme.com",
    personal_email="ann.muller+x@gmail.com",
    phone="+15125550100",
    direct_phone="+15125550100",
    mobile_phone="+15125550101",
    linkedin_url="https://www.linkedin.com/in/ann",
    title="Chief of Staff",
    company_name="Acme Ltd",
    company_domain="acme.com",
    city="Austin",
)
BOB = Person(
    first_name="Robert",
    last_name="Ray",
    email="bob@acme.com",
    phone="+15125550100",
    company_name="Acme Ltd",
    company_domain="acme.com",
)
# Two people of one name at one company.
JOHNS = [
    Person(
        first_name="John",
        last_name="Smith",
        email=f"john{n}@ibm.com",
        company_name="IBM",
        company_domain="ibm.com",
        city=city,
        title=title,
    )
    for n, city, title in ((1, "Austin", "Engineer"), (2, "Boston", "Lawyer"))
]
# Two people who share an address.
FIRM = [
    Person(first_name=first, last_name=last, email="office@firm.com", company_name="Firm")
    for first, last in (("Eve", "Stone"), ("Max", "Wood"))
]
PEOPLE = [ANN, BOB, *JOHNS, *FIRM]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return build(tmp_path_factory.mktemp("matching"), PEOPLE)


@pytest.fixture(scope="module")
def source(directory):
    return LocalSource(directory, share_answers=False)


@pytest.fixture(scope="module")
def ids(source):
    """Catalogue ids by e-mail address and first name."""
    records = source.records(range(1, len(PEOPLE) + 1)).values()
    assert len(records) == len(PEOPLE)
    return {(record.person.email, record.person.first_name): record.id for record in records}


def who(source, ids, person: Person) -> tuple[str, str]:
    """(the first name of who was found, the kind)."""
    (match,) = source.match([person])
    names = {id: name for (_, name), id in ids.items()}
    return names.get(match.id, ""), match.kind


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (Person(email="ann@acme.com"), ("Ann", "email")),
        (Person(work_email="ANN@acme.com"), ("Ann", "email")),
        (Person(email="a.n.n.muller@googlemail.com"), ("Ann", "email")),
        (Person(personal_email="annmuller+news@gmail.com"), ("Ann", "email")),
        (Person(email="annmuller@gmail.co"), ("", "none")),
        (Person(email="nobody@acme.com"), ("", "none")),
        (Person(mobile_phone="+15125550101"), ("Ann", "phone")),
        # A number of two: the name says whose; without a name nobody can say (ADR 0016).
        (Person(phone="+15125550100"), ("", "ambiguous")),
        (Person(phone="+15125550100", last_name="Ray"), ("Robert", "phone")),
        (Person(phone="+15125550100", first_name="Rob", last_name="Ray"), ("Robert", "phone")),
        (Person(phone="+15125550100", first_name="Zoe", last_name="Ray"), ("", "none")),
        (Person(phone="+15125550101", first_name="Zoe", last_name="Q"), ("", "none")),
        (Person(linkedin_url="https://www.linkedin.com/in/ann"), ("Ann", "linkedin")),
        (
            Person(first_name="ANN", last_name="Muller", company_domain="acme.com"),
            ("Ann", "name_domain"),
        ),
        (
            Person(first_name="Ann", last_name="Muller", work_email="ann.m@acme.com"),
            ("Ann", "name_domain"),
        ),
        (
            Person(first_name="Ann", last_name="Müller", company_name="ACME LTD"),
            ("Ann", "name_company"),
        ),
        (Person(first_name="Ann", last_name="Muller", company_name="Acme"), ("", "none")),
        (Person(first_name="Ann", company_name="Acme Ltd"), ("", "none")),
        (
            Person(first_name="John", last_name="Smith", company_domain="ibm.com"),
            ("", "ambiguous"),
        ),
        (
            Person(first_name="John", last_name="Smith", company_domain="ibm.com", city="Boston"),
            ("John", "name_domain"),
        ),
        (Person(email="office@firm.com"), ("", "ambiguous")),
        (Person(email="office@firm.com", first_name="Eve"), ("Eve", "email")),
        (Person(), ("", "none")),
    ],
)
def test_the_strongest_key_decides(source, ids, row, found):
    assert who(source, ids, row) == found


def test_the_clear_winner_is_the_one_who_agrees(source, ids):
    row = Person(first_name="John", last_name="Smith", company_domain="ibm.com", city="Boston")
    assert source.match([row])[0].id == ids["john2@ibm.com", "John"]


def test_an_address_goes_before_a_name(source, ids):
    row = Person(email="bob@acme.com", linkedin_url="https://www.linkedin.com/in/ann")
    assert who(source, ids, row) == ("Robert", "email")


def test_rows_keep_their_order(source, ids):
    rows = [Person(email=one.email) for one in (BOB, JOHNS[1], ANN)]
    rows.insert(1, Person())
    wanted = [ids[one.email, one.first_name] for one in (BOB, JOHNS[1], ANN)]
    assert [match.id for match in source.match(rows)] == [wanted[0], 0, wanted[1], wanted[2]]
    assert source.match([]) == []


def test_who_was_taken_out_is_never_found(directory, source, ids):
    gone = ids["ann@acme.com", "Ann"]
    without = LocalSource(directory, tombstones=lambda: BitMap([gone]), share_answers=False)
    rows = [Person(email="ann@acme.com"), Person(phone="+15125550100"), ANN]
    # With Ann gone the number is Robert's alone.
    assert [match.id for match in without.match(rows)] == [0, ids["bob@acme.com", "Robert"], 0]
    assert without.records([gone, 2, 10_000]).keys() == {2} - {gone}


local = st.text(st.sampled_from("ab.+"), min_size=1, max_size=6)
domain = st.sampled_from(["gmail.com", "googlemail.com", "acme.com"])


@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
)
@given(
    st.lists(st.builds("{}@{}".format, local, domain), min_size=1, max_size=30, unique=True),
    st.lists(st.builds("{}@{}".format, local, domain), min_size=1, max_size=30),
)
def test_addresses_match_exactly_when_their_normal_forms_are_equal(tmp_path_factory, have, rows):
    """L-11: the SQL that looks addresses up agrees with the rule in Python."""
    folder = build(tmp_path_factory.mktemp("mail"), [Person(email=mail) for mail in have])
    by_key: dict[str, list[str]] = {}
    for mail in have:
        by_key.setdefault(normalise_email(mail), []).append(mail)
    matches = LocalSource(folder, share_answers=False).match([Person(email=row) for row in rows])
    kinds = {0: "none", 1: "email"}
    for row, match in zip(rows, matches, strict=True):
        alike = len(by_key.get(normalise_email(row), []))
        assert match.kind == kinds.get(alike, "ambiguous"), row
