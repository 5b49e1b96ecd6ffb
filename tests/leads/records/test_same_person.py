"""L-12, L-13, ADR 0016: who is the same person, and what a shared telephone number says of it."""

from decimal import Decimal

import pytest

from cursive.lib.tenancy import tenant_context, uuid7
from leads.catalogue.source import Record
from leads.records.acquisition import acquire_people, candidates_of, owned_people
from leads.records.person import Person
from tests import cast
from tests.catalogue import catalogue
from tests.leads.records.pulling import US, balance, give, leads_of, start, work, world

__all__ = ["catalogue", "world"]

SWITCHBOARD = "+12125550100"


def person(name: str, email: str | None = None, phone: str | None = SWITCHBOARD) -> Person:
    first, _, last = name.partition(" ")
    return Person(
        first_name=first or None,
        last_name=last or None,
        email=email,
        phone=phone,
        company_domain="acme.example",
        linkedin_url=f"https://www.linkedin.com/in/{uuid7().hex}",
    )


def acquire(workspace, people, job_id=None):
    records = [Record(1_000 + at, at, one) for at, one in enumerate(people)]
    with tenant_context(workspace.id):
        acquired = acquire_people(
            workspace_id=workspace.id,
            candidates=candidates_of(records),
            source="database",
            job_id=job_id,
        )
        return acquired, set(owned_people(workspace.id))


# (name and e-mail of the lead that is there, those of who comes, whether it is the same person)
PAIRS = {
    "two names, two addresses": (("Ann Lee", "ann@a.example"), ("Bob Ray", "bob@a.example"), False),
    "one name, two addresses": (("Ann Lee", "ann@a.example"), ("Ann Lee", "a@home.example"), True),
    "a name in another dress": (
        ("RENÉE O'Hara", "r@a.example"),
        ("Renee O\u2019Hara", "ro@b.example"),
        True,
    ),
    "one address, two names": (("Ann Lee", "ann@a.example"), ("Ann Ray", "ANN@a.example"), True),
    "no address there, no name": (("", ""), ("Bob Ray", "bob@a.example"), True),
    "no address there, another name": (("Ann Lee", ""), ("Bob Ray", "bob@a.example"), False),
    "no address there, a short name": (("Bob Ray", ""), ("Robert Ray", "bob@a.example"), True),
    "no address here": (("Ann Lee", "ann@a.example"), ("A. Lee", None), True),
    "no address here, another name": (("Ann Lee", "ann@a.example"), ("Bob Ray", None), False),
    "two addresses, no name there": (("", "ann@a.example"), ("Bob Ray", "bob@a.example"), False),
    "two addresses, no names": (("", "ann@a.example"), ("", "bob@a.example"), False),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("together", [False, True], ids=["a lead is there", "both come at once"])
def test_a_shared_number_counts_where_nothing_contradicts_it(db, name, together):
    """ADR 0016: who is the same is passed over and owned; who isn't is delivered."""
    (old_name, old_email), (new_name, new_email), same = PAIRS[name]
    workspace, _ = cast.acme()
    there, comes = person(old_name, old_email or None), person(new_name, new_email)
    if together:
        acquired, owned = acquire(workspace, [there, comes])
        assert owned == {1_000, 1_001}
        assert (len(acquired.lead_ids), acquired.owned, acquired.doubles) == (2 - same, 0, same)
        return
    first, _, last = old_name.partition(" ")
    cast.lead(
        workspace,
        first_name=first,
        last_name=last,
        email=old_email,
        phone=SWITCHBOARD,
        source="upload",
    )
    acquired, owned = acquire(workspace, [comes])
    assert owned == {1_000}
    assert (len(acquired.lead_ids), acquired.owned, acquired.doubles) == (1 - same, same, 0)


def test_everybody_behind_a_switchboard_can_be_had(db):
    """L-13: forty colleagues with one number are forty people, whom nobody refuses."""
    workspace, _ = cast.acme()
    cast.lead(workspace, phone=SWITCHBOARD, source="upload")
    staff = [person(f"First{n} Last{n}", f"p{n}@acme.example") for n in range(40)]
    acquired, owned = acquire(workspace, staff)
    assert len(acquired.lead_ids) == 40
    assert owned == {1_000 + n for n in range(40)}
    # And again they are owned, each by themselves.
    acquired, _ = acquire(workspace, staff)
    assert (acquired.lead_ids, acquired.owned, acquired.doubles) == ([], 40, 0)


def test_doubles_are_told_from_who_was_owned(db):
    """L-13: the second record of somebody whom the same job delivered in an earlier batch."""
    workspace, _ = cast.acme()
    job = uuid7()
    acquire(workspace, [person("Ann Lee", "ann@acme.example")], job)
    again = person("Ann Lee", "ann@home.example")
    with tenant_context(workspace.id):
        acquired = acquire_people(
            workspace_id=workspace.id,
            candidates=candidates_of([Record(2_000, 1, again)]),
            source="database",
            job_id=job,
        )
        assert set(owned_people(workspace.id)) == {1_000, 2_000}
    assert (acquired.lead_ids, acquired.owned, acquired.doubles) == ([], 0, 1)


def test_what_was_counted_is_what_comes(world):
    """L-3, L-13: the count and price before, and a pull of everybody, agree; twice over."""
    workspace, actor, source = world
    work(workspace, start(workspace, actor, limit=200, filter=US))
    with tenant_context(workspace.id):
        count = source.count(US, owned=owned_people(workspace.id))
    assert count.total - count.net_new == 200
    give(workspace, count.net_new, key="more")
    before = balance(workspace)[0]
    job = work(workspace, start(workspace, actor, limit=50_000, filter=US))
    assert job.result["delivered"] == count.net_new
    assert (job.result["skipped_owned"], job.result["skipped_doubles"]) == (200, 0)
    assert before - balance(workspace)[0] == count.net_new * Decimal("0.50")
    assert len(leads_of(workspace)) == count.total


def test_a_pull_says_whom_it_passed_over(world):
    """L-13: owned from elsewhere and doubles are told apart, on the job and in its bill."""
    workspace, actor, source = world
    best = source.take(US, limit=1).records[0].person
    cast.lead(workspace, email=best.email, first_name=best.first_name, source="upload")
    job = work(workspace, start(workspace, actor, limit=5, filter=US))
    assert job.note == "Passed over: 1 owned already"
    assert (job.result["delivered"], job.result["skipped_owned"]) == (5, 1)
