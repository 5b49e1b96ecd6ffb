"""Single values, as people write them in tables."""

import datetime

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.filters import vocabulary
from leads.records.bands import employee_band, revenue_band
from leads.records.dates import clean_date, day_order
from leads.records.freemail import is_freemail
from leads.records.industries import _SYNONYMS, industry_code
from leads.records.normalise import (
    clean_bool,
    clean_email,
    clean_emails,
    clean_int,
    clean_linkedin,
    clean_naics,
    clean_postal_code,
    clean_text,
    clean_topics,
    clean_year,
    split_name,
)
from leads.records.phones import is_mobile, parse_phone
from leads.records.places import clean_country, clean_state
from leads.records.titles import department_code, read_title, seniority_code


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  Ann   Lee ", "Ann Lee"),
        ("A\x00nn\x07 Lee\u202e", "A nn Lee"),
        ("e\u0301", "é"),
        ("line\none", "line one"),
        ("'=1+1", "=1+1"),
        ("'tis", "'tis"),
        ("\ufeffAnn\u00a0Lee\u200b", "Ann Lee"),
        ("N/A", None),
        ("null", None),
        ("Null", "Null"),
        ("-", None),
        (" \u200b ", None),
        ("", None),
        ("x" * 300, "x" * 200),
    ],
)
def test_text(raw, text):
    """One line, NFC, nothing unprintable, not too long; 'Null' is a surname."""
    assert clean_text(raw) == text


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        (" Ann.Lee@Acme.com ", "ann.lee@acme.com"),
        ("o'hara+x@sub.acme.co.uk", "o'hara+x@sub.acme.co.uk"),
        ("ann@münchen.de", "ann@xn--mnchen-3ya.de"),
        ("ann@acme", None),
        ("ann@@acme.com", None),
        (".ann@acme.com", None),
        ("ann..lee@acme.com", None),
        ("ann@acme.local", None),
        ("ann@-acme.com", None),
        ("a" * 65 + "@acme.com", None),
        ("ann@[127.0.0.1]", None),
        ("ann at acme.com", None),
    ],
)
def test_email(raw, address):
    """Addresses to which mail can be sent."""
    assert clean_email(raw) == address


def test_several_addresses_in_a_cell():
    """'Name <address>' and lists."""
    assert clean_emails("Ann Lee <Ann@Acme.com>") == ["ann@acme.com"]
    assert clean_emails("a@b.co; broken@, mailto:c@d.co") == ["a@b.co", "c@d.co"]
    assert clean_emails("none") == []


def test_freemail():
    """Known providers, also under their national domains."""
    for domain in ("gmail.com", "yahoo.co.uk", "hotmail.fr", "outlook.com.br", "web.de", "qq.com"):
        assert is_freemail(domain), domain
    for domain in ("acme.com", "live.company", "yahoo-inc.com", "outlook.acme.com", "mail.acme.de"):
        assert not is_freemail(domain), domain


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("https://www.linkedin.com/in/Ann-Lee/", "https://www.linkedin.com/in/ann-lee"),
        ("uk.linkedin.com/in/annlee?trk=x#top", "https://www.linkedin.com/in/annlee"),
        ("linkedin.com/in/annlee/detail/", "https://www.linkedin.com/in/annlee"),
        ("/in/annlee", "https://www.linkedin.com/in/annlee"),
        ("http://linkedin.com/in/j%C3%B6rg", "https://www.linkedin.com/in/j%c3%b6rg"),
        ("https://linkedin.com/in/jörg", "https://www.linkedin.com/in/j%c3%b6rg"),
        ("https://www.linkedin.com/pub/ann/1/2/3", "https://www.linkedin.com/pub/ann/1/2/3"),
        ("https://www.linkedin.com/company/acme", None),
        ("https://evil.com/linkedin.com/in/ann", None),
        ("https://linkedin.com.evil.com/in/ann", None),
        ("annlee", None),
    ],
)
def test_linkedin(raw, url):
    """One canonical address; only people's."""
    assert clean_linkedin(raw) == url


@pytest.mark.parametrize(
    ("raw", "band"),
    [
        ("1", "1-10"),
        ("1,234", "1001-5000"),
        ("1000-5000", "1001-5000"),
        ("51 to 200", "51-200"),
        ("201 - 500 employees", "201-500"),
        ("10K+", "10001+"),
        ("10,001+", "10001+"),
        ("~1326", "1001-5000"),
        ("500+", "501-1000"),
        ("< 10", "1-10"),
        ("1.5k", "1001-5000"),
        ("self-employed", "1-10"),
        ("Nov-50", "11-50"),
        ("10-Jan", "1-10"),
        ("0", None),
        ("many", None),
        ("-5", None),
    ],
)
def test_employee_band(raw, band):
    """Counts, ranges, words, and what spreadsheets make of ranges."""
    assert employee_band(raw) == band


@pytest.mark.parametrize(
    ("raw", "band"),
    [
        ("$10M+", "10m_50m"),
        ("999,999", "under_1m"),
        ("1000000", "1m_10m"),
        ("$10-50 million", "10m_50m"),
        ("$50M - $100M", "50m_100m"),
        ("1.2 bn", "over_1b"),
        ("under $1M", "under_1m"),
        ("€5m", "1m_10m"),
        ("500K", "under_1m"),
        ("$1B+", "over_1b"),
        ("100m_500m", "100m_500m"),
        ("Confidential", None),
    ],
)
def test_revenue_band(raw, band):
    """Amounts with and without units."""
    assert revenue_band(raw) == band


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2024-02-01", (2024, 2, 1)),
        ("2024-02-01T10:30:00Z", (2024, 2, 1)),
        ("2024/2/1", (2024, 2, 1)),
        ("20240201", (2024, 2, 1)),
        ("1 Feb 2024", (2024, 2, 1)),
        ("19 Dec 18", (2018, 12, 19)),
        ("Feb 1, 2024", (2024, 2, 1)),
        ("Thursday, February 1st, 2024", (2024, 2, 1)),
        ("01-Feb-2024", (2024, 2, 1)),
        ("2/1/2024 0:00:00", (2024, 2, 1)),
        ("13/2/2024", (2024, 2, 13)),
        ("45323", (2024, 2, 1)),
        ("1706745600", (2024, 2, 1)),
        ("1706745600000", (2024, 2, 1)),
        ("Q1 2024", None),
        ("2024-13-01", None),
        ("31.02.2024", None),
        ("0", None),
        ("soon", None),
    ],
)
def test_date(raw, day):
    """ISO first; other forms where they can be read in one way."""
    assert clean_date(raw) == (datetime.date(*day) if day else None)


def test_day_and_month_are_decided_per_column():
    """One date that can be read in only one way decides for all."""
    assert day_order(["1/2/2024", "13/2/2024"], "mdy") == "dmy"
    assert day_order(["1/2/2024", "2/13/2024"], "dmy") == "mdy"
    assert day_order(["1/2/2024"], "dmy") == "dmy"
    assert clean_date("1/2/2024", "dmy") == datetime.date(2024, 2, 1)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("us", "US"),
        ("USA", "US"),
        ("United States of America", "US"),
        ("U.K.", "GB"),
        ("England", "GB"),
        ("Deutschland", "DE"),
        ("Côte d'Ivoire", "CI"),
        ("KOREA, REPUBLIC OF", "KR"),
        ("Bouvet Island (Bouvetoya)", "BV"),
        ("The Netherlands", "NL"),
        ("Türkiye", "TR"),
        ("deu", "DE"),
        ("Atlantis", None),
        ("XX", None),
    ],
)
def test_country(raw, code):
    """Names, codes and nicknames."""
    assert clean_country(raw) == code


def test_every_country_and_state_is_found_by_its_name():
    """All that the filters offer."""
    for code, label in vocabulary.COUNTRIES.items():
        assert clean_country(label) == clean_country(code) == code
    for code, label in vocabulary.US_STATES.items():
        assert clean_state(label, "US") == clean_state(code.lower(), "US") == code


def test_states_elsewhere():
    """Codes in the US, Canada and Australia; text in other countries."""
    assert clean_state("Québec", "CA") == "QC"
    assert clean_state("new south wales", "AU") == "NSW"
    assert clean_state("US-TX", "US") == "TX"
    assert clean_state("  Bavaria ", "DE") == "Bavaria"
    assert clean_state("Texas", None) == "Texas"


@pytest.mark.parametrize(
    ("title", "seniority", "department"),
    [
        ("CEO", "c_suite", "executive"),
        ("Co-Founder & CTO", "c_suite", "engineering"),
        ("SVP & Chief Financial Officer", "c_suite", "finance"),
        ("Owner", "c_suite", "executive"),
        ("Product Owner", "other", "product"),
        ("Vice President of Sales", "vp", "sales"),
        ("VP, Marketing", "vp", "marketing"),
        ("Head of Growth", "director", "marketing"),
        ("Associate Director of Finance", "director", "finance"),
        ("HR Manager", "manager", "human_resources"),
        ("HR Business Partner", "other", "human_resources"),
        ("Senior Software Engineer", "senior", "engineering"),
        ("Software Engineer", "other", "engineering"),
        ("Executive Assistant to the CEO", "other", "administration"),
        ("Marketing Intern", "entry", "marketing"),
        ("Data Scientist", "other", "data"),
        ("Directrice", "other", None),
        ("42", None, None),
    ],
)
def test_title(title, seniority, department):
    """What a job title tells."""
    assert read_title(title) == (seniority, department)


def test_said_seniority_department_and_industry():
    """Codes, labels and other sources' words."""
    assert seniority_code("C-Level") == "c_suite"
    assert seniority_code("VP-Level") == "vp"
    assert seniority_code("Sr.") == "senior"
    assert seniority_code("purple") is None
    assert department_code("Information Technology") == "it"
    assert department_code("Sales, Marketing") == "sales"
    assert industry_code("Computer Software") == "software"
    assert industry_code("Hospital & Health Care") == "healthcare"
    assert industry_code("Banking Services") == "banking"
    assert industry_code("basket weaving") is None


def test_words_lead_to_codes_that_exist():
    """All choices of the registry, and no others, are reached."""
    assert set(_SYNONYMS) == set(vocabulary.INDUSTRIES)
    for code, label in vocabulary.INDUSTRIES.items():
        assert industry_code(code) == industry_code(label) == code
    for code, label in vocabulary.DEPARTMENTS.items():
        assert department_code(code) == department_code(label) == code
    for code, label in vocabulary.SENIORITIES.items():
        assert seniority_code(code) == seniority_code(label) == code
    assert all(employee_band(code) == code for code in vocabulary.EMPLOYEE_BANDS)
    assert all(employee_band(label) == code for code, label in vocabulary.EMPLOYEE_BANDS.items())
    assert all(revenue_band(code) == code for code in vocabulary.REVENUE_BANDS)


def test_small_values():
    """Numbers, yes and no, years, codes, lists."""
    assert clean_int("85.0%", 0, 100) == 85
    assert clean_int("1,234", 0, 5000) == 1234
    assert clean_int("101", 0, 100) is None
    assert clean_int("1e9", 0, 100) is None
    assert clean_bool(" YES ") is True
    assert clean_bool("catch-all") is False
    assert clean_bool("maybe") is None
    assert clean_year("May 1998", 2030) == 1998
    assert clean_year("2101", 2030) is None
    assert clean_naics("541511.0") == "541511"
    assert clean_naics("31-33") == "31"
    assert clean_naics("software") is None
    assert clean_postal_code("8123", "US") == "08123"
    assert clean_postal_code("gl15 1xd", "GB") == "GL15 1XD"
    assert clean_topics("Cloud Security; CRM|crm") == ("cloud_security", "crm")
    assert clean_topics('["a b", "c"]') == ("a_b", "c")
    assert clean_topics("{x,y}") == ("x", "y")
    assert clean_topics(" ; null") == ()


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("Ann Lee", ("Ann", "Lee")),
        ("Dr. Ann van Dyk, PhD", ("Ann", "van Dyk")),
        ("Lee, Ann", ("Ann", "Lee")),
        ("Ann M. Lee Jr.", ("Ann M.", "Lee")),
        ("Cher", ("Cher", None)),
        ("Mr", ("Mr", None)),
        ("", (None, None)),
    ],
)
def test_full_name(raw, parts):
    """First and last."""
    assert split_name(raw) == parts


@settings(max_examples=400, print_blob=True)
@given(data=st.data())
def test_phones_are_as_the_library_says(data):
    """The short cut for plain numbers changes no answer."""
    region = data.draw(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
    example = phonenumbers.example_number(region)
    digits = str(example.national_number)
    changed = list(
        data.draw(st.sampled_from(["", "0", "1", "00", "+", f"+{example.country_code}"])) + digits
    )
    for _ in range(data.draw(st.integers(0, 2))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(
            st.sampled_from(list("0123456789- ()x"))
        )
    text = "".join(changed)
    try:
        number = phonenumbers.parse(text, region)
        valid = phonenumbers.is_valid_number(number)
    except phonenumbers.NumberParseException:
        valid = False
    expected = (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None
    )
    assert parse_phone(text, region) == expected
    if expected:
        kind = phonenumbers.number_type(phonenumbers.parse(expected))
        assert is_mobile(expected) == (kind == phonenumbers.PhoneNumberType.MOBILE)
