"""What columns are called in exports from CRMs, directories and address books."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from leads.filters.text import fold

from .person import FIELD_NAMES

#: Fields that a column may be mapped to: those of a person, and a name in one piece.
FULL_NAME = "full_name"
TARGETS: tuple[str, ...] = (*FIELD_NAMES, FULL_NAME)
#: What a workspace says of its leads itself; only a file that becomes leads has room for them.
OWN_TARGETS: tuple[str, ...] = ("status", "owner", "tags", "notes")
#: Fields that several columns may fill: all values count.
SEVERAL: frozenset[str] = frozenset({"email", "phone", "intent_topics", "tags", "notes"})

#: What our files of rows that weren't taken have before the file's own columns: a file that comes
#: back with them says nothing about people there.
REJECT_LINE, REJECT_FIELD = "Line", "Field"
REJECT_REASONS = ("Why it was left out", "Why it is not taken")

_NOT_LETTER = re.compile(r"[^a-z0-9]+")
_DIGITS = re.compile(r"\d+")
#: Words before a name that say nothing about what the column holds.
_PREFIXES = (
    *("contact", "lead", "person", "prospect", "customer"),
    *("your", "primary", "people", "raw"),
)

#: Names that leave no doubt. Without spaces and punctuation, as they are compared.
_SURE = {
    "first_name": (
        "firstname fname givenname forename first given christianname namefirst vorname prenom "
        "nombre"
    ),
    "last_name": (
        "lastname lname surname familyname secondname last namelast nachname apellido family"
    ),
    "full_name": (
        "fullname name contactname personname displayname wholename leadname nameofcontact "
        "completename employeename"
    ),
    "email": (
        "email emailaddress mail emails emailid emailaddr emailvalue bestemail emailother "
        "otheremail secondaryemail alternateemail emailaddressvalue e emailaddressprimary "
        "workemailother"
    ),
    "email_type": "emailtype typeofemail",
    "email_verified": (
        "emailverified emailstatus verifiedemail emailverificationstatus emailvalidation "
        "emailisverified isemailverified emailvalid emailvalidationstatus"
    ),
    "email_verified_at": (
        "emailverifiedat emailverifieddate emailverificationdate emaillastverifiedat "
        "emailvalidatedat emailverifiedon"
    ),
    "work_email": (
        "workemail businessemail emailwork companyemail professionalemail corporateemail "
        "officeemail emailbusiness workemailaddress businessemailaddress businessverifiedemails "
        "businessemails emailoffice"
    ),
    "personal_email": (
        "personalemail privateemail emailpersonal homeemail emailhome personalemailaddress "
        "personalemails personalverifiedemails emailprivate"
    ),
    "phone": (
        "phone phonenumber telephone tel phoneno telephonenumber phonevalue phonework workphone "
        "businessphone phonehome homephone otherphone phoneother contactnumber telephoneno "
        "bestphone contactphone phones primaryphone workphonenumber businessphonenumber telefon"
    ),
    "phone_type": "phonetype typeofphone",
    "phone_verified": "phoneverified phonestatus verifiedphone phoneisverified isphoneverified",
    "mobile_phone": (
        "mobilephone mobile cell cellphone mobilenumber mobilephonenumber cellnumber "
        "phonemobile cellphonenumber mobileno handphone mobiletelephone personalphone"
    ),
    "direct_phone": (
        "directphone directdial directnumber direct workdirectphone directphonenumber "
        "phonedirect directline ddi did directdialphone directdialphonenumber"
    ),
    "linkedin_url": (
        "linkedinurl linkedin linkedinprofile linkedinprofileurl personlinkedinurl "
        "linkedincontactprofileurl linkedinlink linkedinpublicurl profileurl linkedinpage liurl "
        "linkedinaddress linkedinpublicidentifier"
    ),
    "title": (
        "title jobtitle position role job jobrole designation worktitle organizationtitle "
        "headline currenttitle jobposition occupation functiontitle titlejob"
    ),
    "seniority": (
        "seniority senioritylevel managementlevel joblevel level employmentseniority "
        "jobseniority titlelevel rank"
    ),
    "department": (
        "department departments jobfunction function dept jobdepartment employmentrole "
        "businessfunction team"
    ),
    "company_name": (
        "companyname company account accountname organization organisation employer "
        "organizationname organisationname business businessname companynameforemails org "
        "currentcompany firm companyorganization firma corporation"
    ),
    "company_domain": (
        "companydomain domain website companywebsite web url websiteurl companyurl "
        "companydomainname domainname site webpage homepage webaddress organizationwebsite "
        "companysite corporatewebsite websiteaddress"
    ),
    "industry": (
        "industry companyindustry primaryindustry sector industries businesstype vertical "
        "industryname industrysector"
    ),
    "naics": "naics naicscode companynaics primarynaics primarynaicscode",
    "employee_band": (
        "employeeband employees employeecount companysize numberofemployees numemployees "
        "noofemployees employeerange headcount companyemployeecount numberofemployeesrange size "
        "companyheadcount staffcount companyemployees employeesize numemp employeesrange "
        "totalemployees companyemployeerange"
    ),
    "revenue_band": (
        "revenueband revenue annualrevenue companyrevenue revenuerange turnover "
        "companyannualrevenue estimatedrevenue annualsales revenuerangeinusd annualrevenueusd "
        "companyrevenuerange"
    ),
    "company_founded": (
        "companyfounded founded yearfounded foundedyear foundingyear companyfoundedyear "
        "yearestablished established companyfoundingyear foundedin"
    ),
    "country": (
        "country countryregion personcountry countrycode countryname mailingcountry "
        "addresscountry contactcountry nation land pays homecountry personalcountry"
    ),
    "state": (
        "state stateregion province region personstate mailingstate addressregion addressstate "
        "stateprovince contactstate statecode mailingstateprovince homestate personalstate "
        "provincestate"
    ),
    "city": (
        "city town personcity mailingcity addresscity contactcity locality cityname suburb ort "
        "stadt ville ciudad homecity personalcity"
    ),
    "postal_code": (
        "postalcode zip zipcode postcode personzipcode mailingzip mailingpostalcode "
        "addresspostalcode zippostalcode plz postal mailingzippostalcode personzip pincode "
        "zippost personalzip homepostalcode homezip"
    ),
    "intent_topics": (
        "intenttopics topics intenttopic primaryintenttopic secondaryintenttopic interests "
        "topic intent intentsignals"
    ),
    "source_date": (
        "sourcedate recorddate dateofrecord lastupdated collectiondate collectedat updatedat "
        "lastmodifieddate lastmodified updated lastverified modifieddate recordupdated"
    ),
    "quality_score": "qualityscore quality dataquality recordquality confidencescore",
}
#: Names that fit where nothing better is there: the company's place for the person's.
_PERHAPS = {
    "country": (
        "companycountry billingcountry hqcountry billingcountrycode companyhqcountry "
        "businesscountryregion businesscountry"
    ),
    "state": (
        "companystate billingstate hqstate billingstateprovince companyhqstate businessstate "
        "companyregion county"
    ),
    "city": "companycity billingcity hqcity companyhqcity businesscity",
    "postal_code": (
        "companyzip billingpostalcode companypostalcode companyzipcode billingzip "
        "businesspostalcode hqzip"
    ),
    "company_domain": "emaildomain",
    "full_name": "contact lead person customer customername user username",
    "source_date": "dateadded createdate createddate createdat datecreated lastseen connectedon",
}
#: Names of what a workspace says itself, as OWN_TARGETS has it.
_OWN = {
    "status": "status leadstatus leadstage stage",
    "owner": "owner leadowner contactowner recordowner assignedto assignee salesrep",
    "tags": "tags tag labels label",
    "notes": "notes note comments comment remarks remark",
}
#: Columns about other people than the one in the row, or other things than these fields.
_OTHERS = re.compile(
    r"owner|createdby|modifiedby|assign|salesrep|accountmanager|manageremail|referr|assistant|fax|"
    r"parent|bounce|unsubscri|optout|donotcall|doNot|spouse|reportsto|hqphone|companyphone|"
    r"corporatephone|switchboard|companylinkedin|companyfacebook|companytwitter|facebook|twitter|"
    r"instagram|salutation|honorific|prefix|suffix|middle|leadscore|leadsource|leadstatus|dealstage"
)


def squash(name: str) -> str:
    """'E-Mail 1 - Value' → 'email1value'."""
    return _NOT_LETTER.sub("", fold(name).replace("e-mail", "email"))


def reject_columns(columns: Sequence[str]) -> frozenset[str]:
    """Those of a file's columns that one of our files of left-out rows has put there."""
    if not set(REJECT_REASONS) & set(columns[:3]):
        return frozenset()
    return frozenset({REJECT_LINE, REJECT_FIELD, *REJECT_REASONS} & set(columns[:3]))


def field_of_name(name: str) -> tuple[str, float] | None:
    """Return (field, how sure from 0 to 1) for a column's name; None when it says nothing."""
    key = squash(name)
    if not key or len(key) > 60:
        return None
    known = _known()
    for form in _forms(key):
        if form in known:
            return known[form]
    return None


def own_field_of_name(name: str) -> str | None:
    """The field of OWN_TARGETS that a column's name stands for, if any."""
    key = squash(name)
    known = {word: field for field, names in _OWN.items() for word in names.split()}
    return next((known[form] for form in _forms(key) if form in known), None) if key else None


def is_about_others(name: str) -> bool:
    """Whether a column must not be taken by its values: 'Lead owner' holds addresses, too."""
    return _OTHERS.search(squash(name)) is not None


def _forms(key: str) -> list[str]:
    """A name and its forms without numbers and without words that say nothing."""
    forms = [key, _DIGITS.sub("", key)]
    for prefix in _PREFIXES:
        if forms[1].startswith(prefix) and len(forms[1]) > len(prefix) + 1:
            forms.append(forms[1].removeprefix(prefix))
    return forms


@cache
def _known() -> dict[str, tuple[str, float]]:
    known = {name: (field, 0.6) for field, names in _PERHAPS.items() for name in names.split()}
    known |= {name: (field, 0.9) for field, names in _SURE.items() for name in names.split()}
    return known | {squash(field): (field, 1.0) for field in TARGETS}
