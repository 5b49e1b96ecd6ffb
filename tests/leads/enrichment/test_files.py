"""L-18 to L-20: whatever file a list comes in, its rows come back, each with its own person."""

import random
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st

from credits.ledger.checks import find_differences
from credits.ledger.operations import InsufficientCredits, spend
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import retry_job
from cursive.lib.tenancy import tenant_context
from leads.enrichment import previews
from leads.enrichment.matches import MEANINGS, pack, unpack
from leads.enrichment.output import ADDED, header
from leads.enrichment.prices import Tariff
from tests.cursive.lib.tables.builders import write_workbook
from tests.leads.enrichment.lists import (
    again,
    as_csv,
    column,
    download,
    look_up,
    pay,
    people,
    stored_files,
)
from tests.leads.records.pulling import balance, give, stop_after, work

LONG = "x" * 1_200_000


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.sampled_from(sorted(MEANINGS))), max_size=50)
)
def test_who_rows_are_is_kept_as_it_was(matches):
    stored = pack(matches)
    assert unpack(stored) == matches and len(stored) == 5 * len(matches)


credits = st.decimals("0.01", "9.99", places=2)


@given(credits, st.integers(0, 200), st.lists(st.integers(0, 90), max_size=20))
def test_charges_of_parts_add_up_to_the_charge_of_all(each, least, parts):
    """However a list falls into parts, and wherever it ends, nothing is charged twice or lost."""
    tariff = Tariff(each, each * least)
    delivered, charged = 0, Decimal(0)
    for new in parts:
        amount = tariff.charge(delivered + new) - tariff.charge(delivered)
        assert amount >= 0 and amount == amount.quantize(Decimal("0.01"))
        delivered, charged = delivered + new, charged + amount
    assert charged == tariff.charge(delivered)
    assert charged == (max(delivered, least) * each if delivered else 0)


@given(st.lists(st.sampled_from([*ADDED[:4], "cursive_match_2", "Name", "name"]), max_size=8))
def test_added_columns_have_names_of_their_own(own):
    named = header(own)
    assert named[: len(own)] == own and len(named) == len(own) + len(ADDED)
    added = {name.casefold() for name in named[len(own) :]}
    assert len(added) == len(ADDED) and added.isdisjoint(name.casefold() for name in own)


def test_rows_that_cannot_be_read_shift_nobody(acme, monkeypatch):
    """They are left out and counted, wherever a part begins or ends."""
    monkeypatch.setattr(previews, "PART", 3)
    chance = random.Random(20)
    found = people(20)
    lines = ["Mail,Note"]
    for at, person in enumerate(found):
        if chance.random() < 0.3 or at in {3, 19}:
            lines.append(f"{LONG},{at}")
        lines.append(f"{person.email},row {at}")
    lines.append(LONG)
    unreadable = sum(line.startswith(LONG) for line in lines)
    enrichment = look_up(acme, acme.actor, "\n".join(lines).encode())
    assert (enrichment.rows, enrichment.people) == (20, 20)
    assert enrichment.unreadable == unreadable >= 3
    work(acme, pay(acme, acme.actor, enrichment))
    names, rows = download(acme, enrichment)
    assert [row[1] for row in rows] == [f"row {at}" for at in range(20)]
    assert column("cursive_email", names, rows) == [person.email for person in found]


def test_a_workbook(acme, tmp_path):
    (one, two) = people(2)
    cell = '<c t="inlineStr"><is><t>{}</t></is></c>'
    rows = [("Who", "Mail"), ("=1", one.email), ("", ""), ("b", two.email)]
    sheet = "".join(f"<row>{''.join(cell.format(text) for text in row)}</row>" for row in rows)
    path = write_workbook(tmp_path, {"People": sheet})
    enrichment = look_up(acme, acme.actor, path.read_bytes(), name="book.xlsx")
    work(acme, pay(acme, acme.actor, enrichment))
    names, rows = download(acme, enrichment)
    assert names[:2] == ["Who", "Mail"] and [row[0] for row in rows] == ["'=1", "b"]
    assert column("cursive_email", names, rows) == [one.email, two.email]


@pytest.mark.parametrize("poor", [False, True])
def test_a_delivery_that_failed_is_tried_again(acme, monkeypatch, files, poor):
    """C-6: what was delivered is charged and there; trying again holds and charges the rest."""
    monkeypatch.setattr(previews, "PART", 60)
    enrichment = look_up(acme, acme.actor, as_csv(people(200)))
    job = work(acme, pay(acme, acme.actor, enrichment), stop=stop_after(2))
    done = job.cursor["people"]
    assert 100 < done < 200
    enrichment = again(acme, enrichment)
    stored = f"uploads/{acme.id}/{enrichment.upload_id}"
    with default_storage.open(stored) as file:
        content = file.read()
    default_storage.delete(stored)
    job = work(acme, job)
    assert (job.status, job.result["people"]) == ("failed", done)
    assert balance(acme) == (100 - done * Decimal("0.25"), 0)
    assert len(download(acme, enrichment)[1]) == done and find_differences() == []

    (files / stored).write_bytes(content)
    if poor:
        with tenant_context(acme.id):
            spend(
                workspace_id=acme.id,
                amount=balance(acme)[0],
                action="pull",
                reference=("test", "1"),
                key="all",
                actor=Actor.system("test"),
            )
        with tenant_context(acme.id), pytest.raises(InsufficientCredits):
            retry_job(workspace_id=acme.id, job_id=job.id, actor=acme.actor)
        with tenant_context(acme.id):
            assert Job.objects.get(id=job.id).status == "failed"
        assert balance(acme) == (0, 0)
        give(acme, 100, key="more")
    with tenant_context(acme.id):
        retry_job(workspace_id=acme.id, job_id=job.id, actor=acme.actor)
    job = work(acme, job)
    assert (job.status, job.result["people"], job.result["charged"]) == ("completed", 200, "50.00")
    assert len(download(acme, enrichment)[1]) == 200 and find_differences() == []
    assert stored_files(files / "enrichment") == [f"{acme.id}/{job.id}.csv"]
