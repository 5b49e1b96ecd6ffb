"""L-19: what was staged for the import is what the preview has read, whatever it looks like."""

import datetime

from cursive.lib.tenancy import uuid7
from leads.imports.staging import INVALID, NEW, OWNED, LeftOut, Parts, Planned, person_of
from leads.records.acquisition import candidate_of
from leads.records.normalise import clean_text
from leads.records.person import Person
from tests.foreign import needs_foreign_files
from tests.leads.imports.importing import FILL, leads, run
from tests.leads.imports.test_bad_input import hostile

# What COPY takes for something else when it isn't escaped.
ODD = ["\\N", "\\.", "a\\tb", "\\\\", "end\\", "{a,b}", '"q"', "NULL", "a;b", "\u2028x", "x\x85y"]


def people() -> list[Person]:
    texts = [each for text in [*ODD, *hostile()] if (each := clean_text(text, 100))]
    return [
        Person(
            first_name=text,
            last_name=text[::-1].strip() or None,
            email=f"p{at}@acme.example" if at % 2 else None,
            phone=None if at % 3 else "+15125550100",
            linkedin_url=f"https://www.linkedin.com/in/p{at}",
            title=text,
            company_name=text,
            company_founded=1999 if at % 5 else None,
            email_verified=bool(at % 2) or None,
            intent_topics=("ai", "cloud") if at % 4 else (),
            source_date=datetime.date(2026, 1, 5),
        )
        for at, text in enumerate(texts)
    ]


@needs_foreign_files
def test_people_come_back_as_they_went_in(files):
    staged = [
        Planned(NEW if at % 2 else OWNED, at + 2, candidate_of(person))
        for at, person in enumerate(people())
    ]
    assert len(staged) > 500
    parts = Parts(uuid7(), uuid7())
    parts.write(0, staged, [LeftOut(INVALID, 7, "Why.", ["a\r\nb", "", '"'])])
    found = parts.people(0)
    assert len(found) == len(staged)
    for before, after in zip(staged, found, strict=True):
        assert (after.outcome, after.line) == (before.outcome, before.line)
        for name in ("dedup_hash", "email_key", "phone_key", "emails", "phones"):
            assert getattr(after.candidate, name) == getattr(before.candidate, name)
        one = before.candidate.person
        assert (after.candidate.first_name, after.candidate.last_name) == (
            one.first_name or "",
            one.last_name or "",
        )
        if one.email_verified is None:
            one.email_verified = False  # as the column has it
        one.phone_verified = False
        assert person_of(after) == one
    assert list(parts.left_out(0)) == [LeftOut(INVALID, 7, "Why.", ["a\r\nb", "", '"'])]


def test_a_part_without_people(files):
    parts = Parts(uuid7(), uuid7())
    parts.write(0, [], [])
    assert parts.people(0) == [] and list(parts.left_out(0)) == []


def test_backslashes_reach_the_lead(acme):
    rows = "First,Mail,Company,Title\n" + "".join(
        f"{text},p{at}@acme.example,{text},\n" for at, text in enumerate(ODD[:5])
    )
    run(acme, rows)
    expected = [clean_text(text) or "" for text in ODD[:5]]
    assert [lead.first_name for lead in leads(acme)] == expected
    run(acme, rows.replace(",\n", ",\\N back\\slash\n"), **FILL)
    assert {lead.title for lead in leads(acme)} == {"\\N back\\slash"}
