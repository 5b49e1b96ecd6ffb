"""Filters in plain English (S-4)."""

import pytest
from hypothesis import given, settings

from leads.filters.document import parse
from leads.filters.sentence import sentence
from leads.filters.tree import Group
from tests.leads.filters.strategies import JOBS, MEMBERS, groups
from tests.leads.filters.test_document import SPEC, one, root

NAMES = {("owner", MEMBERS[0]): "Bob Smith", ("job_id", JOBS[0]): "Import of fair.csv"}


def many(start, count):
    return [f"{start} {number}" for number in range(count)]


SENTENCES = [
    (root(), "Everybody"),
    (
        root(
            one("seniority", "in", ["vp", "director"]),
            one("industry", "in", ["software"]),
            one("country", "in", ["US"]),
            one("state", "in", ["TX"]),
            one("employee_band", "in", ["51-200"]),
            one("email_verified", "eq", True),
        ),
        "Directors or VPs in software in Texas, the United States, 51–200 employees,"
        " verified e-mail",
    ),
    (
        root(
            one("seniority", "in", ["vp", "director"]),
            one("industry", "in", ["software"]),
            one("state", "in", ["TX"]),
            one("employee_band", "in", ["51-200"]),
            one("email_verified", "eq", True),
        ),
        "Directors or VPs in software in Texas, 51–200 employees, verified e-mail",
    ),
    (
        SPEC,
        "People in Canada or the United States, either title containing “data engineer” or working"
        " in engineering, not in gambling, recorded in the last 30 days",
    ),
    (
        root(one("department", "in", ["it"]), one("industry", "in", ["it_services", "banking"])),
        "People in IT at companies in banking or IT services",
    ),
    (
        root(
            one("seniority", "in", ["c_suite"]),
            one("city", "in", ["Berlin", "Graz"]),
            one("country", "in", ["DE", "AT"]),
        ),
        "C-level executives in Berlin or Graz, Austria or Germany",
    ),
    (
        root(one("city", "in", many("City", 12))),
        "People in City 0, City 1, City 10, City 11 and 8 more",
    ),
    (
        root(one("title", "in", many("T", 5))),
        "People: title “T 0”, “T 1”, “T 2”, “T 3” or “T 4”",
    ),
    (root(one("state", "in", ["CA"]), one("country", "in", ["CA"])), "People in CA, Canada"),
    (
        root(one("state", "in", ["ON", "BC"]), one("country", "in", ["CA"])),
        "People in British Columbia or Ontario, Canada",
    ),
    (root(one("state", "in", ["CA"]), one("country", "in", ["DE"])), "People in CA, Germany"),
    (root(one("state", "not_in", ["NY", "Bayern"])), "People: not in Bayern or New York"),
    (
        root(one("country", "not_in", ["NL", "FR"]), one("city", "ne", "Paris")),
        "People: not in France or the Netherlands, not in Paris",
    ),
    (
        root(one("title", "ne", "CEO"), one("title", "not_contains", "assistant")),
        "People: title other than “CEO”, title not containing “assistant”",
    ),
    (
        root(one("company_name", "starts_with", "Ac"), one("company_domain", "eq", "acme.com")),
        "People: company starting with “Ac”, company domain “acme.com”",
    ),
    (
        root(one("seniority", "not_in", ["entry", "other"]), one("industry", "in", ["insurance"])),
        "People in insurance, not entry-level staff or people of other seniority",
    ),
    (
        root(
            one("employee_band", "in", ["10001+", "1-10", "201-500"]),
            one("revenue_band", "not_in", ["over_1b"]),
        ),
        "People: 1–10, 201–500 or over 10,000 employees, not over $1B revenue",
    ),
    (
        root(
            one("email_type", "in", ["work"]),
            one("phone_type", "not_in", ["direct"]),
            one("phone_verified", "eq", False),
        ),
        "People: work e-mail, no direct phone, unverified phone",
    ),
    (
        root(one("email", "is_set"), one("phone", "is_not_set"), one("title", "is_not_set")),
        "People: with an e-mail, without a phone number, job title unknown",
    ),
    (
        root(
            one("company_founded", "gte", 1999),
            one("company_founded", "lt", 2010),
            one("company_founded", "between", [2000, 2005]),
        ),
        "People: founded in 1999 or later, founded before 2010, founded from 2000 to 2005",
    ),
    (
        root(one("score", "gte", 80), one("pages_viewed", "gt", 1200), one("score", "lte", 99)),
        "People: score at least 80, pages viewed over 1,200, score at most 99",
    ),
    (
        root(one("quality_score", "eq", 5), one("quality_score", "between", [40, 60])),
        "People: quality 5, quality 40 to 60",
    ),
    (
        root(
            one("created_at", "eq", "2026-03-05"),
            one("created_at", "gt", "2026-03-05"),
            one("last_seen_at", "lte", "2026-12-31"),
            one("source_date", "between", ["2026-01-01", "2026-03-31"]),
        ),
        "People: added on 5 March 2026, added after 5 March 2026, last seen on or before"
        " 31 December 2026, recorded from 1 January 2026 to 31 March 2026",
    ),
    (
        root(
            one("created_at", "within_days", 0),
            one("last_seen_at", "within_days", 1),
            one("last_seen_at", "is_not_set"),
        ),
        "People: added today, last seen since yesterday, never seen on your sites",
    ),
    (
        root(
            one("tags", "has_all", ["vip", "hot"]),
            one("tags", "has_none", ["cold"]),
            one("intent_topics", "has_any", ["cloud_security", "payroll"]),
            one("intent_topics", "has_all", ["a", "b", "c"]),
        ),
        "People: tagged both “hot” and “vip”, not tagged “cold”, interested in cloud security or"
        " payroll, interested in all of a, b and c",
    ),
    (
        root(
            one("owner", "in", [MEMBERS[0]]),
            one("owner", "not_in", [MEMBERS[1]]),
            one("status", "in", ["new", "won"]),
            one("source", "not_in", ["api", "upload"]),
            one("verification_status", "in", ["catch_all"]),
        ),
        "People: owned by Bob Smith, not owned by a former member, status new or won, source other"
        " than API or upload, e-mail check catch-all",
    ),
    (
        root(one("job_id", "in", [JOBS[0]]), one("job_id", "not_in", [JOBS[1]])),
        "People: brought by “Import of fair.csv”, not brought by an earlier job",
    ),
    (root(one("job_id", "is_set")), "People: brought by a job"),
    (
        root(one("title", "contains", "cto"), one("seniority", "in", ["c_suite"]), mode="any"),
        "Anyone matching one of: title containing “cto”; seniority C-suite",
    ),
    (
        root(one("industry", "in", ["gambling"]), one("email", "is_not_set"), mode="none"),
        "Everybody except: in gambling; without an e-mail",
    ),
    (root(one("industry", "in", ["gambling"]), mode="none"), "People: not in gambling"),
    (root(one("industry", "in", ["gambling"]), mode="any"), "People in gambling"),
    (root({"all": [one("industry", "in", ["gambling"])]}), "People in gambling"),
    (
        root({"none": [one("title", "starts_with", "x"), one("score", "gt", 5)]}),
        "People: neither title starting with “x” nor score over 5",
    ),
    (
        root(
            {"none": [one("title", "starts_with", "x")]},
            {"none": [one("email_verified", "eq", True)]},
            {"none": [one("title", "ne", "CEO")]},
            {"none": [one("score", "gt", 5)]},
            {"none": [one("email", "is_set")]},
        ),
        "People: title not starting with “x”, unverified e-mail, title “CEO”, not score over 5,"
        " without an e-mail",
    ),
    (
        root(
            {
                "any": [
                    {"all": [one("email", "is_set"), one("phone", "is_set")]},
                    {"none": [{"any": [one("score", "lt", 5), one("score", "gt", 50)]}]},
                    one("title", "eq", "a"),
                ]
            }
        ),
        "People: either (with an e-mail and with a phone number), (neither score under 5 nor score"
        " over 50) or title “a”",
    ),
    (
        root({"none": [{"all": [one("email", "is_set"), one("phone", "is_set")]}]}),
        "People: not (with an e-mail and with a phone number)",
    ),
    (root(one("title", "eq", "x" * 200)), "People: title “" + "x" * 59 + "…”"),
]


@pytest.mark.parametrize(("document", "said"), SENTENCES)
def test_sentences(document, said):
    """S-4: a filter reads as a person would say it."""
    assert sentence(parse(document, scope="leads"), labels=NAMES) == said


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            root(one("price_cents", "between", [10, 150]), one("price_cents", "lt", 200)),
            "People: price $0.10 to $1.50, price under $2.00",
        ),
        (
            root(one("categories", "has_any", ["SaaS", "crm"]), one("categories", "is_not_set")),
            "People: listed under “crm” or “saas”, in no category",
        ),
        (
            root({"none": [one("categories", "has_any", ["crm"])]}, one("linkedin_url", "is_set")),
            "People: not listed under “crm”, with a LinkedIn address",
        ),
    ],
)
def test_sentences_about_what_is_on_sale(document, said):
    """M-2, S-4."""
    assert sentence(parse(document, scope="listings")) == said


@settings(max_examples=300)
@given(groups("leads") | groups("listings"))
def test_every_filter_has_a_sentence(group: Group):
    """S-4: every field with every operator can be said, in one line, without codes."""
    said = sentence(group)
    assert said
    assert said[0].isupper()
    assert "\n" not in said
    assert "{}" not in said
    assert said.count("(") >= said.count(")") - 5
    for code in ("c_suite", "hot_lead", "not_in", "has_any", "None"):
        assert code not in said
