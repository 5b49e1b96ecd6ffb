"""Which column means what (L-18)."""

import pytest

from cursive.lib.errors import DomainError
from leads.records.mapping import Mapping, MappingError, guess_mapping, parse_mapping


def guessed(columns: dict[str, list[str]], country: str | None = "US") -> dict[str, str]:
    """Column → field, for those that get one."""
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    mapping = guess_mapping(list(columns), rows, default_country=country)
    return {each.column: each.field for each in mapping.columns if each.field}


def fields_of(header: str) -> list[str | None]:
    """The fields guessed from names alone."""
    return [each.field for each in guess_mapping(header.split("|"), []).columns]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "First Name|Last Name|Title|Account Name|Email|Phone|Mobile Phone|Mailing City|"
            "Mailing State/Province|Mailing Zip/Postal Code|Mailing Country|"
            "Lead Source|Owner Alias",
            "first_name|last_name|title|company_name|email|phone|mobile_phone|city|state|"
            "postal_code|country||",
        ),
        (
            "Record ID|First Name|Last Name|Job Title|Company Name|Email|Phone Number|"
            "Mobile Phone Number|Website URL|Industry|Number of Employees|Annual Revenue|"
            "Country/Region|State/Region|Postal Code|Contact owner|Last Modified Date",
            "|first_name|last_name|title|company_name|email|phone|mobile_phone|company_domain|"
            "industry|employee_band|revenue_band|country|state|postal_code||source_date",
        ),
        (
            "First Name|Last Name|Title|Company|Email|Email Status|Seniority|Departments|"
            "Work Direct Phone|Mobile Phone|Corporate Phone|# Employees|Person Linkedin Url|"
            "Website|Company Linkedin Url|City|State|Country|Company City|Primary Intent Topic|"
            "Secondary Intent Topic|Account Owner",
            "first_name|last_name|title|company_name|email|email_verified|seniority|department|"
            "direct_phone|mobile_phone||employee_band|linkedin_url|company_domain||city|state|"
            "country||intent_topics|intent_topics|",
        ),
        (
            "Given Name|Family Name|E-mail 1 - Value|E-mail 2 - Value|Phone 1 - Value|"
            "Organization 1 - Name|Organization 1 - Title|Address 1 - City|Address 1 - Region|"
            "Address 1 - Postal Code|Address 1 - Country",
            "first_name|last_name|email|email|phone|company_name|title|city|state|postal_code|country",
        ),
        (
            "FIRST_NAME|LAST_NAME|BUSINESS_EMAIL|PERSONAL_EMAILS|MOBILE_PHONE|DIRECT_NUMBER|"
            "COMPANY_DOMAIN|JOB_TITLE|SENIORITY_LEVEL|PERSONAL_CITY|COMPANY_EMPLOYEE_COUNT",
            "first_name|last_name|work_email|personal_email|mobile_phone|direct_phone|company_domain|"
            "title|seniority|city|employee_band",
        ),
        ("fname|lname|e-mail|zip|Org", "first_name|last_name|email|postal_code|company_name"),
        ("Name|Position|E-Mail|Fax|Assistant Email", "full_name|title|email||"),
        (
            "Name|Billing City|Annual Revenue|Website",
            "company_name|city|revenue_band|company_domain",
        ),
        ("First name|Last name|Name|Middle name", "first_name|last_name||"),
    ],
)
def test_names_of_exports(header, fields):
    """Salesforce, HubSpot, Apollo, Google, AudienceLab, hand-made lists."""
    assert fields_of(header) == [field or None for field in fields.split("|")]


def test_values_speak_for_columns_without_a_name():
    """A column full of addresses is the e-mail."""
    assert guessed(
        {
            "Column 1": ["ann@acme.com", "bob@zen.org", ""],
            "Column 2": ["(504) 621-8927", "810-292-9388", "+44 20 7946 0018"],
            "Column 3": ["https://linkedin.com/in/a", "linkedin.com/in/b", ""],
            "Column 4": ["1", "2", "3"],
            "Column 5": ["6218927111", "8102929388", "2079460018"],
        }
    ) == {"Column 1": "email", "Column 2": "phone", "Column 3": "linkedin_url"}


def test_values_speak_against_names():
    """'Title' may hold salutations, 'Email' yes and no, 'Owner' addresses of others."""
    assert guessed(
        {
            "Title": ["Mr.", "Mrs.", "Dr."],
            "Email": ["yes", "no", "yes"],
            "Address": ["ann@acme.com", "bob@acme.com", "cy@acme.com"],
            "Lead Owner": ["me@own.com", "me@own.com", "me@own.com"],
            "Employees": ["good", "bad", "ugly"],
        }
    ) == {"Address": "email"}


def test_the_better_column_wins():
    """The person's place before the company's; several e-mails and phones are all kept."""
    found = guessed(
        {
            "Company City": ["Austin"],
            "City": ["Dallas"],
            "company": ["Acme"],
            "company_name": ["Acme Inc"],
            "Email 1": ["a@b.co"],
            "Email 2": ["c@d.co"],
        }
    )
    assert found == {
        "City": "city",
        "company_name": "company_name",
        "Email 1": "email",
        "Email 2": "email",
    }
    assert fields_of("Company City|Email") == ["city", "email"]


def test_every_guess_says_how_sure_and_why():
    """For the mapping page."""
    column = guess_mapping(["E-mail address"], [["a@b.co"]]).columns[0]
    assert column.field == "email"
    assert 0.8 < column.confidence <= 1
    assert column.why == "called 'E-mail address', values fit"


def test_dates_are_read_as_the_column_writes_them():
    """13/02 in one row decides; where none does, the country."""
    columns = ["email", "Last updated"]
    day_first = guess_mapping(columns, [["a@b.co", "01/02/2024"], ["c@d.co", "13/02/2024"]])
    assert day_first.columns[1].order == "dmy"
    rows = [["a@b.co", "01/02/2024"]]
    assert guess_mapping(columns, rows, default_country="US").columns[1].order == "mdy"
    assert guess_mapping(columns, rows, default_country="GB").columns[1].order == "dmy"


def test_explicit_mapping():
    """--map 'First=first_name,Mail=email'."""
    columns = ["First", "Mail, private", "Tel", "Junk"]
    mapping = parse_mapping(
        'First = first_name,"Mail, private=personal_email",#3=mobile_phone,Junk=-', columns
    )
    assert [each.field for each in mapping.columns] == [
        "first_name",
        "personal_email",
        "mobile_phone",
        None,
    ]
    guessed_rest = parse_mapping("Mail=work_email", ["Mail", "Work e-mail", "City"])
    assert [each.field for each in guessed_rest.columns] == ["work_email", None, "city"]
    alone = parse_mapping("mail=email", ["Mail", "City"], guess_rest=False)
    assert [each.field for each in alone.columns] == ["email", None]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Frist=first_name", "The file has no column 'Frist'. Did you mean 'First'?"),
        ("Zzz=email", "The file has no column 'Zzz'. The file has: First, Mail."),
        ("#9=email", "The file has no column '#9'. The file has: First, Mail."),
        ("First=firstname", None),
        ("First=fist_name", "There is no field 'fist_name'. Did you mean 'first_name'?"),
        ("First=surname", "There is no field 'surname'. Did you mean 'last_name'?"),
        ("First=first_name,First=last_name", "The column 'First' is mapped twice."),
        ("First=city,Mail=city", "Two columns can't both be city: 'First' and 'Mail'."),
        ("First", "'First' is not of the form column=field."),
        ("", "The mapping is empty. Write it as column=field, with commas between."),
    ],
)
def test_mistakes_are_explained(text, sentence):
    """With the closest name where there is one."""
    with pytest.raises(MappingError) as refusal:
        parse_mapping(text, ["First", "Mail"])
    assert isinstance(refusal.value, DomainError)
    if sentence:
        assert refusal.value.message == sentence


def test_mappings_are_remembered_per_header():
    """L-18: the same header, however spaced and cased, has the same key."""
    one = guess_mapping(["First Name", "Email"], [])
    other = guess_mapping([" first  name", "EMAIL "], [])
    assert one.header_key == other.header_key
    assert one.header_key != guess_mapping(["Email", "First Name"], []).header_key
    assert Mapping.from_dict(one.as_dict()) == one
    changed = one.with_fields({"Email": "work_email", "First Name": None})
    assert [each.field for each in changed.columns] == [None, "work_email"]
    with pytest.raises(MappingError):
        one.with_fields({"Emial": "email"})
    for broken in ({}, {"columns": [{"x": 1}]}, {"columns": [{"column": "a", "field": "b"}]}):
        with pytest.raises(MappingError):
            Mapping.from_dict(broken)


@pytest.mark.parametrize(
    "head", [["Line", "Field", "Why it is not taken"], ["Line", "Why it was left out"]]
)
def test_what_we_put_before_rows_that_were_left_out_says_nothing_of_people(head):
    """L-18, P-3: the file is mended and handed in again."""
    reason = "This is no address. Write one such as ann@acme.example."
    rows = [[str(n), *["email"] * (len(head) - 2), reason, f"p{n}@x.example"] for n in range(3)]
    found = guess_mapping([*head, "Contact"], rows)
    assert [one.field for one in found.columns] == [None] * len(head) + ["email"]
    # Without our reason such names are the file's own.
    assert guess_mapping(["Field", "Mail"], [["a@x.example", ""]]).columns[0].field == "email"
