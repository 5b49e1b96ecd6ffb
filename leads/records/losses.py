"""What is said of values of a file that can't be used: what they are, and how to write them."""

from typing import NamedTuple

from leads.filters.vocabulary import SENIORITIES

_DAY = "Write them as 2026-03-31, and none that is still to come."
_YES = "Write yes or no."


class Lost(NamedTuple):
    """A value that was left out of a row that was read: the row's index, a sentence, the value."""

    row: int
    sentence: str
    value: str


EMAIL = "E-mail addresses that are not valid. Write them as ann@acme.com."
PHONE = "Phone numbers that are not valid. Write the country's code too, such as +1 512 555 0100."
COUNTRY = "Countries that are not known. Write the name or the two-letter code, such as US."
#: By the field of a person.
OF_FIELD = {
    "company_domain": "Company domains that are none of a company's own. Write them as acme.com.",
    "linkedin_url": "LinkedIn addresses of no profile. They begin with linkedin.com/in/.",
    "seniority": f"Seniorities that are not known. They are: {', '.join(SENIORITIES.values())}.",
    "department": "Departments that are not known. Write one such as Sales or Engineering.",
    "industry": "Industries that are not known. Write one such as Software or Banking.",
    "naics": "NAICS codes that are not valid. They have 2 to 6 digits.",
    "employee_band": "Numbers of employees that can't be read. Write 120, or a range as 51-200.",
    "revenue_band": "Revenues that can't be read. Write the dollars of a year, such as 5,000,000.",
    "company_founded": "Years of founding that are not valid. Write four digits, such as 1999.",
    "quality_score": "Quality scores that are not valid. Write whole numbers from 0 to 100.",
    "email_verified": f"'E-mail verified' that says neither. {_YES}",
    "phone_verified": f"'Phone verified' that says neither. {_YES}",
    "email_type": "E-mail types that are not known. Write work or personal.",
    "phone_type": "Phone types that are not known. Write mobile or direct.",
    "email_verified_at": f"Days of the e-mail's check that can't be read. {_DAY}",
    "source_date": f"Days of the record that can't be read. {_DAY}",
}
