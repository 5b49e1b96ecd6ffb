"""L-20, L-13, C-4, C-6: a list is looked up for nothing, paid, delivered, and charged for whom
it delivered."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from credits.ledger.checks import find_differences
from credits.ledger.models import Hold
from credits.ledger.operations import InsufficientCredits
from credits.prices.models import Price
from cursive.lib.errors import Conflict, InvalidInput, NotFound, TooMany
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job
from cursive.lib.tables import TableRefused
from cursive.lib.tenancy import system_context, tenant_context
from leads.catalogue.models import CatalogueTombstone
from leads.catalogue.tombstones import bury
from leads.enrichment.deliveries import KIND
from leads.enrichment.files import remove_expired_files
from leads.enrichment.models import Enrichment, MatchPart
from leads.enrichment.output import ADDED
from leads.enrichment.prices import quote_of
from leads.imports.uploads.models import Upload
from tests import cast
from tests.leads.enrichment.lists import (
    HEADER,
    again,
    as_csv,
    begin,
    column,
    download,
    look_up,
    owned,
    pay,
    people,
    run_job_of,
    send,
    stored_files,
)
from tests.leads.records.pulling import (
    balance,
    give,
    in_threads,
    leads_of,
    spent_by,
    start,
    stop_after,
    work,
)

CENT = Decimal("0.01")


def quote(acme, enrichment):
    with tenant_context(acme.id):
        return quote_of(acme.id, enrichment)


def deliver(acme, enrichment, **options) -> Job:
    return work(acme, pay(acme, acme.actor, enrichment, **options))


def test_found_245_of_300_costs_61_25(acme, small_parts):
    """L-20, to the letter; in twelve steps each."""
    found = people(245)
    enrichment = look_up(acme, acme.actor, as_csv(found, strangers=55))
    assert (enrichment.rows, enrichment.people, enrichment.found) == (300, 245, 245)
    price = quote(acme, enrichment)
    assert (price.price, price.owned, price.is_least) == (Decimal("61.25"), 0, False)
    assert balance(acme) == (100, 0) and owned(acme) == 0  # so far it was free

    job = pay(acme, acme.actor, enrichment, most="61.25")
    assert balance(acme) == (Decimal("38.75"), Decimal("61.25"))
    job = work(acme, job)
    assert (job.status, job.processed, job.total) == ("completed", 300, 300)
    assert job.result["charged"] == "61.25" and job.result["people"] == 245
    assert balance(acme) == (Decimal("38.75"), 0)
    assert owned(acme) == 245 and find_differences() == []

    header, rows = download(acme, enrichment)
    assert tuple(header[:6]) == HEADER and tuple(header[6:]) == ADDED and len(ADDED) >= 40
    assert len(rows) == 300 and {len(row) for row in rows} == {len(header)}
    assert [row[1] for row in rows[:245]] == [person.email for person in found]
    assert column("cursive_linkedin_url", header, rows[:245]) == [
        person.linkedin_url or "" for person in found
    ]
    assert column("cursive_match", header, rows).count("e-mail address") == 245
    assert column("cursive_charged", header, rows).count("yes") == 245
    assert all(not "".join(row[8:]) for row in rows[245:])  # strangers: nothing but 'not found'
    assert set(column("cursive_match", header, rows[245:])) == {"not found"}

    leads = leads_of(acme)
    assert len(leads) == job.result["leads"] == 245
    assert {lead.source for lead in leads} == {"enrichment"} and {
        lead.job_id for lead in leads
    } == {job.id}
    with tenant_context(acme.id):
        (spent,) = AuditEntry.objects.filter(action="spend")
        assert spent.new["amount"] == "-61.25" and spent.actor_label == acme.alice.email
    # C-2: the ledger names who paid, and not the worker.
    charges = spent_by(acme)
    assert {(kind, label) for kind, label, _ in charges} == {("user", acme.alice.email)}
    assert sum(amount for _, _, amount in charges) == Decimal("-61.25")


def test_cells_are_made_harmless(acme):
    """L-22: the list's own cells too."""
    enrichment = look_up(acme, acme.actor, as_csv(people(1), strangers=1))
    deliver(acme, enrichment)
    header, rows = download(acme, enrichment)
    assert [row[0] for row in rows] == ["'=row 0", "stranger 0"] and rows[1][5] == "'-5"
    phone = column("cursive_phone", header, rows)[0]
    assert phone == "" or phone.startswith("'+")


def test_at_least_a_hundred_are_charged_where_there_is_anybody(acme):
    enrichment = look_up(acme, acme.actor, as_csv(people(3)))
    assert (quote(acme, enrichment).price, quote(acme, enrichment).is_least) == (25, True)
    assert deliver(acme, enrichment).result["charged"] == "25.00"
    assert balance(acme) == (75, 0) and find_differences() == []


def test_who_is_owned_is_found_and_free(acme):
    """L-13: by a pull or an earlier list; and a person in two rows is charged once."""
    work(acme, start(acme, acme.actor, limit=20))
    mine = {lead.email for lead in leads_of(acme)}
    listed = people(60)
    listed = [*listed, *listed[:5], *[one for one in people(3_000) if one.email in mine][:20]]
    enrichment = look_up(acme, acme.actor, as_csv(listed))
    before = {one.email for one in people(60)} & mine
    expected = quote(acme, enrichment)
    assert expected.owned == 20 and expected.new == 60 - len(before)
    assert expected.people == enrichment.people and enrichment.found == 85
    job = deliver(acme, enrichment)
    assert (job.result["people"], job.result["found"]) == (expected.new, 85)
    assert balance(acme) == (100 - 10 - 25, 0) and owned(acme) == 20 + expected.new

    once_more = look_up(acme, acme.actor, as_csv(listed))
    assert quote(acme, once_more).price == 0
    assert deliver(acme, once_more).result["charged"] == "0.00"
    header, rows = download(acme, once_more)
    assert set(column("cursive_charged", header, rows)) == {"no"}
    assert column("cursive_email", header, rows[:60]) == [one.email for one in people(60)]
    assert balance(acme) == (65, 0) and find_differences() == []


def test_without_leads_they_are_owned_all_the_same(acme):
    enrichment = look_up(acme, acme.actor, as_csv(people(4)))
    job = deliver(acme, enrichment, leads=False)
    assert leads_of(acme) == [] and owned(acme) == 4 and job.result["leads"] == 0


def test_a_lead_that_is_there_already_stays_one(acme):
    (person,) = people(1)
    cast.lead(acme, email=person.email, first_name="Mine")
    deliver(acme, look_up(acme, acme.actor, as_csv([person])))
    (lead,) = leads_of(acme)
    assert (lead.first_name, lead.source) == ("Mine", "api")


def nothing_changed(acme, credits="100.00"):
    assert balance(acme) == (Decimal(credits), 0)
    assert owned(acme) == 0 and leads_of(acme) == []
    with tenant_context(acme.id):
        assert not Hold.objects.exists() and not Job.objects.filter(kind=KIND).exists()
        assert not Enrichment.objects.filter(delivery_job_id__isnull=False).exists()


def test_with_too_few_credits_nothing_changes(acme):
    """C-4: 402."""
    enrichment = look_up(acme, acme.actor, as_csv(people(401)))
    with pytest.raises(InsufficientCredits) as refusal:
        pay(acme, acme.actor, enrichment)
    assert refusal.value.status == 402
    nothing_changed(acme)


def test_no_more_than_was_agreed(acme):
    enrichment = look_up(acme, acme.actor, as_csv(people(120)))
    with system_context():
        Price.objects.filter(action="batch_enrichment").update(credits="0.26")
    with pytest.raises(Conflict, match=r"31\.20"):
        pay(acme, acme.actor, enrichment, most="30.00")
    nothing_changed(acme)


def test_what_cannot_be_paid(acme):
    upload = send(acme, acme.actor, as_csv(people(2)))
    waiting = begin(acme, acme.actor, upload)
    strangers = look_up(acme, acme.actor, as_csv([], strangers=3))
    rival, carol = cast.rival()
    for enrichment in (waiting, strangers):
        with pytest.raises(Conflict):
            pay(acme, acme.actor, enrichment)
    with pytest.raises(NotFound):
        pay(rival, cast.actor_for(carol), strangers)
    old = look_up(acme, acme.actor, as_csv(people(2)))
    with tenant_context(acme.id):
        Enrichment.objects.filter(id=old.id).update(created_at=timezone.now() - timedelta(days=31))
    with pytest.raises(Conflict, match="30 days"):
        pay(acme, acme.actor, old)
    nothing_changed(acme)


def test_paid_once(acme):
    """C-3: six at once with one key, then again without."""
    enrichment = look_up(acme, acme.actor, as_csv(people(3)))
    jobs = in_threads(6, lambda at: pay(acme, acme.actor, enrichment, key="k").id)
    assert len(set(jobs)) == 1 and balance(acme) == (75, 25)
    with pytest.raises(Conflict):
        pay(acme, acme.actor, enrichment)
    with pytest.raises(Conflict):
        pay(acme, acme.actor, enrichment, key="k", leads=False)
    assert balance(acme) == (75, 25)


def test_cancelled_in_the_middle(acme, small_parts):
    """C-6: what was delivered is charged and can be downloaded; the rest is released."""
    enrichment = look_up(acme, acme.actor, as_csv(people(200)))
    job = pay(acme, acme.actor, enrichment)
    assert balance(acme) == (50, 50)
    job = work(acme, job, stop=stop_after(5))
    delivered = job.cursor["people"]
    assert 100 < delivered < 200 and not job.is_over
    with tenant_context(acme.id):
        cancel_job(workspace_id=acme.id, job_id=job.id, actor=acme.actor)
    job = work(acme, job)
    assert (job.status, job.result["people"]) == ("cancelled", delivered)
    assert balance(acme) == (100 - delivered * Decimal("0.25"), 0)
    assert find_differences() == []
    header, rows = download(acme, enrichment)
    assert len(rows) == delivered == column("cursive_charged", header, rows).count("yes")

    # Paid again, only the others are charged.
    enrichment = again(acme, enrichment)
    assert quote(acme, enrichment).owned == delivered
    deliver(acme, enrichment)
    assert len(download(acme, enrichment)[1]) == 200 and owned(acme) == 200
    assert find_differences() == []


def test_cancelled_before_it_began_costs_nothing(acme):
    job = pay(acme, acme.actor, look_up(acme, acme.actor, as_csv(people(3))))
    with tenant_context(acme.id):
        cancel_job(workspace_id=acme.id, job_id=job.id, actor=acme.actor)
    job = work(acme, job)
    assert job.result["charged"] == "0.00" and "available_until" not in job.result
    assert balance(acme) == (100, 0) and owned(acme) == 0 and find_differences() == []


def test_who_left_the_catalogue_meanwhile_is_not_charged(acme):
    """Also who opted out a moment ago: never delivered."""
    enrichment = look_up(acme, acme.actor, as_csv(people(150)))
    job = pay(acme, acme.actor, enrichment)
    gone = list(enrichment.found_ids())[:30]
    with system_context():
        bury(gone, reason=CatalogueTombstone.Reason.OPT_OUT)
    job = work(acme, job)
    assert (job.result["people"], job.result["gone"]) == (120, 30)
    assert balance(acme) == (70, 0) and find_differences() == []
    header, rows = download(acme, enrichment)
    assert column("cursive_match", header, rows).count("no longer in the database") == 30
    assert sum(bool(cell) for cell in column("cursive_email", header, rows)) == 120


def test_two_lists_of_the_same_people_at_once(acme, small_parts):
    """L-13: whoever comes second is not charged, and its file says so."""
    listed = as_csv(people(110))
    enrichments = [look_up(acme, acme.actor, listed) for _ in range(2)]
    jobs = [pay(acme, acme.actor, enrichment) for enrichment in enrichments]
    done = in_threads(2, lambda at: work(acme, jobs[at]))
    assert [job.status for job in done] == ["completed", "completed"]
    assert sum(job.result["people"] for job in done) == 110 == owned(acme)
    said = 0
    for enrichment in enrichments:
        header, rows = download(acme, enrichment)
        assert len(rows) == 110
        said += column("cursive_charged", header, rows).count("yes")
    assert said == 110 and find_differences() == []


def test_the_upload_may_be_read_otherwise_later(acme):
    """What was promised is delivered, however the file's columns are called by then."""
    upload = send(acme, acme.actor, as_csv(people(3)))
    enrichment = begin(acme, acme.actor, upload)
    run_job_of(acme, enrichment.preview_job_id)
    with tenant_context(acme.id):
        type(upload).objects.filter(id=upload.id).update(header=False, mapping={"columns": []})
    assert deliver(acme, enrichment).result["people"] == 3
    assert tuple(download(acme, enrichment)[0][:6]) == HEADER


def test_a_list_without_keys_is_refused(acme):
    upload = send(acme, acme.actor, b"City,Sum\nAustin,3\nBoston,4\n")
    with pytest.raises(InvalidInput):
        begin(acme, acme.actor, upload)
    with tenant_context(acme.id):
        assert not Enrichment.objects.exists() and not Job.objects.exists()


def test_twenty_look_ups_a_day(acme):
    """ADR 0024."""
    upload = send(acme, acme.actor, as_csv(people(1)))
    for at in range(20):
        begin(acme, acme.actor, upload, key=f"k{at}")
    begin(acme, acme.actor, upload, key="k3")  # the same one again
    with pytest.raises(TooMany):
        begin(acme, acme.actor, upload)
    with tenant_context(acme.id):
        assert Enrichment.objects.count() == Job.objects.count() == 20


def test_a_list_with_no_rows_is_refused_with_a_sentence(acme):
    with pytest.raises(TableRefused, match="no rows below its column names"):
        send(acme, acme.actor, b"E-mail,Name\n")
    with tenant_context(acme.id):
        assert not Upload.objects.exists()


def test_a_list_that_was_enriched_before_gets_columns_of_their_own(acme):
    first = look_up(acme, acme.actor, as_csv(people(2)))
    deliver(acme, first)
    header, rows = download(acme, first)
    text = "\n".join(",".join(cell.replace(",", " ") for cell in row) for row in (header, *rows))
    second = look_up(acme, acme.actor, text.encode())
    deliver(acme, second)
    again_header, _ = download(acme, second)
    assert again_header[: len(header)] == header
    assert len(set(again_header)) == len(again_header) == len(header) + len(ADDED)


def test_files_go_after_thirty_days(acme, files):
    enrichment = look_up(acme, acme.actor, as_csv(people(2)))
    job = deliver(acme, enrichment)
    client = Client()
    client.force_login(acme.alice)
    page = client.get(f"/enrichment/{enrichment.id}/").content.decode()
    link = page.split('href="/enrichment/files/')[1].split('"')[0]
    assert Client().get(f"/enrichment/files/{link}").status_code == 200
    assert Client().get(f"/enrichment/files/{link[:-2]}x/").status_code == 404
    kept = stored_files(files / "enrichment")
    assert kept == [f"{acme.id}/{job.id}.csv"]  # no parts are left
    assert remove_expired_files(KIND) == 0
    past = timezone.now() - timedelta(days=31)
    with tenant_context(acme.id):
        Job.objects.filter(id=job.id).update(finished_at=past)
        Enrichment.objects.filter(id=enrichment.id).update(created_at=past)
    assert remove_expired_files(KIND) == 1 and remove_expired_files(KIND) == 0
    assert stored_files(files / "enrichment") == []
    assert Client().get(f"/enrichment/files/{link}").status_code == 410
    page = client.get(f"/enrichment/{enrichment.id}/")
    assert page.status_code == 200 and b"/enrichment/files/" not in page.content
    with tenant_context(acme.id):
        assert not MatchPart.objects.exists()
    give(acme, 1, key="other")  # the books are untouched by all this
    assert find_differences() == []
