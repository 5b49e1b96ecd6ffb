"""M-5: reports of bad leads, by a check or by staff, paid back once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client, override_settings

from credits.receipts.models import PaymentMail
from credits.receipts.operations import send_due_mail
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import system_context, tenant_context, uuid7
from leads.records.models import Lead, LeadActivity
from leads.verification.known import digest_of
from leads.verification.models import KnownAddress
from marketplace.listings.models import Listing
from marketplace.purchases import registry
from marketplace.purchases.models import LeadReport, OrderLine
from marketplace.purchases.operations import NothingToBuy
from marketplace.purchases.reports import decide_report, report_lead
from tests import cast, market
from tests.credits.books import at_once
from tests.faults.doom import KILLED, doomed
from tests.leads.verification import doubles
from tests.marketplace.purchases.buying import Listening, all_is_well, buyer


@pytest.fixture
def listening(monkeypatch):
    found = Listening()
    monkeypatch.setattr(registry, "_listeners", [found])
    return found


@pytest.fixture
def outside(settings):
    """MillionVerifier, with a key."""
    with doubles.providers() as running:
        settings.MILLIONVERIFIER_KEY, settings.ZEROBOUNCE_KEY = "million-key", ""
        settings.MILLIONVERIFIER_URL = running.url
        yield running


@pytest.fixture
def line(acme, seller) -> OrderLine:
    return bought(acme, seller)


def bought(acme, seller, **fields) -> OrderLine:
    acme.buy([market.listing(seller, price_cents=100, **fields)])
    return acme.lines()[-1]


def report(acme, line, reason="wrong_person", note="") -> LeadReport:
    with tenant_context(acme.workspace.id):
        return report_lead(
            workspace=acme.workspace, actor=acme.actor, line_id=line.id, reason=reason, note=note
        )


def decide(made, accepted=True, **more) -> LeadReport:
    sam = {"actor": cast.actor_for(more.pop("by", None) or cast.staff()), **more}
    sam.setdefault("answer", "" if accepted else "It takes mail.")
    return decide_report(
        workspace_id=made.workspace_id, report_id=made.id, accepted=accepted, **sam
    )


def again(made: LeadReport) -> LeadReport:
    with system_context():
        return LeadReport.objects.get(id=made.id)


def jobs(acme) -> list[Job]:
    with tenant_context(acme.workspace.id):
        return list(Job.objects.filter(kind="lead_report"))


def mails() -> list[PaymentMail]:
    with system_context():
        return list(PaymentMail.objects.filter(kind="lead_report").order_by("created_at"))


def test_accepted_by_staff_the_credits_go_back_once(acme, line, listening):
    made = report(acme, line, note="The assistant answered.")
    assert made.state == "open" and acme.balance() == 998
    sam = cast.staff()
    decide(made, by=sam, answer="We asked the company.")
    decide(made, by=sam)
    assert acme.balance() == 1_000
    assert listening.refunds == [(line.id, "It is somebody else")]
    (after,) = acme.lines()
    assert after.refunded_at is not None
    (lead,) = acme.leads()
    assert lead.tags == ["refunded"]
    with tenant_context(acme.workspace.id):
        (said,) = LeadActivity.objects.filter(lead=lead, kind="report")
    assert "its credits were given back" in said.text
    (mail,) = mails()
    assert mail.recipients == [acme.user.email]
    assert (mail.context["accepted"], mail.context["answer"]) == (True, "We asked the company.")
    assert acme.events("order.refunded")[0]["credits"] == "2.00"
    all_is_well()


@pytest.mark.faults
def test_many_who_accept_at_once_pay_back_once(acme, line, listening):
    made, sam = report(acme, line), cast.staff()
    results = at_once(8, lambda _: decide(made, by=sam))
    assert {one.state for one in results} == {"accepted"}
    assert (acme.balance(), len(listening.refunds), len(mails())) == (1_000, 1, 1)
    all_is_well()


@pytest.mark.faults
def test_accepted_and_declined_at_once_is_one_of_them(acme, line, listening):
    made, sam = report(acme, line), cast.staff()
    results = at_once(8, lambda number: decide(made, accepted=number % 2 == 0, by=sam))
    state = again(made).state
    refused = [one for one in results if isinstance(one, Conflict)]
    assert len(refused) == 4 and len(results) - len(refused) == 4
    paid = state == "accepted"
    assert (acme.balance(), len(listening.refunds)) == ((1_000, 1) if paid else (998, 0))


def test_declined_nothing_goes_back(acme, line, listening):
    made = decide(report(acme, line), accepted=False)
    assert (made.state, acme.balance(), listening.refunds) == ("declined", 998, [])
    assert not mails()[0].context["accepted"]
    with pytest.raises(Conflict):
        decide(made, by=cast.user("Sue"))
    assert acme.balance() == 998 and acme.leads()[0].tags == []


def test_one_report_a_line_within_14_days(acme, line):
    report(acme, line)
    with pytest.raises(Conflict, match="reported already"):
        report(acme, line)
    acme.buy([market.listing(market.partner("More", owner=cast.user("Paul"))[0])])
    old = acme.lines()[-1]
    with system_context():
        OrderLine.objects.filter(id=old.id).update(
            created_at=old.created_at - timedelta(days=14, seconds=1)
        )
    with pytest.raises(Conflict, match="14 days"):
        report(acme, old)
    with system_context():
        assert LeadReport.objects.count() == 1


def test_bad_reports_are_refused(acme, line):
    for reason, note in (("", ""), ("nonsense", ""), ("other", ""), ("other", "x" * 1_001)):
        with pytest.raises(InvalidInput):
            report(acme, line, reason, note)
    with pytest.raises(NotFound):
        report(buyer("Globex", "Gus"), line)  # somebody else's
    with system_context():
        assert not LeadReport.objects.exists()


def test_a_bounced_address_is_asked_for_again(acme, seller, outside, listening):
    """L-15: a provider that says 'invalid' accepts the report, by itself."""
    line = bought(acme, seller, email="invalid.1@x.example")
    with tenant_context(acme.workspace.id):
        # What the buyer writes over the address doesn't count.
        Lead.objects.update(email="ok.1@x.example")
    made = report(acme, line, "bounced")
    (job,) = jobs(acme)
    assert (made.state, acme.balance()) == ("checking", 998)
    run_job(workspace_id=acme.workspace.id, job_id=job.id)
    assert outside.calls[doubles.MILLION] == ["invalid.1@x.example"]
    made = again(made)
    assert (made.state, made.verdict, made.decided_by_label) == (
        "accepted",
        "invalid",
        "check of reported leads",
    )
    (lead,) = acme.leads()
    assert (lead.verification_status, lead.email_verified) == ("invalid", False)
    assert acme.balance() == 1_000 and len(listening.refunds) == 1
    all_is_well()


def listing_of(line) -> Listing:
    with system_context():
        return Listing.objects.get(id=line.listing_id)


def test_whose_mailbox_is_gone_is_not_sold_on(acme, seller, outside):
    """M-1, P-6b: nobody else buys what a check has just found invalid; and the check counts."""
    line = bought(acme, seller, email="invalid.1@x.example", max_sales=3)
    before = listing_of(line)
    assert (before.status, before.sold) == ("listed", 1)
    report(acme, line, "bounced")
    run_job(workspace_id=acme.workspace.id, job_id=jobs(acme)[0].id)
    found = listing_of(line)
    assert (found.status, found.verification_status, found.sold) == ("withdrawn", "invalid", 1)
    assert found.verified_at > before.verified_at and "reported it" in found.status_reason
    rival = buyer("Globex", "Gus")
    was = rival.snapshot()
    with pytest.raises(NothingToBuy):
        rival.buy([found])
    assert rival.snapshot() == was
    all_is_well()


@pytest.mark.parametrize(
    ("reason", "accepted", "status"),
    [
        ("bounced", True, "withdrawn"),
        ("wrong_person", True, "withdrawn"),
        ("other", True, "listed"),
        ("bounced", False, "listed"),
    ],
)
def test_what_staff_find_bad_is_not_sold_on(acme, seller, settings, reason, accepted, status):
    """Nobody has checked the address, so nothing is said about it."""
    settings.MILLIONVERIFIER_KEY = settings.ZEROBOUNCE_KEY = ""
    line = bought(acme, seller, max_sales=2)
    before = listing_of(line)
    decide(report(acme, line, reason, note="See the mail."), accepted=accepted)
    found = listing_of(line)
    assert (found.status, found.sold) == (status, 1)
    assert (found.verification_status, found.verified_at) == ("valid", before.verified_at)


def test_what_was_sold_out_stays_so(acme, seller, outside):
    line = bought(acme, seller, email="invalid.1@x.example")
    report(acme, line, "bounced")
    run_job(workspace_id=acme.workspace.id, job_id=jobs(acme)[0].id)
    found = listing_of(line)
    assert (found.status, found.verification_status) == ("sold_out", "invalid")


def test_an_address_that_takes_mail_is_no_bad_lead(acme, seller, outside):
    """Staff may accept it all the same."""
    line = bought(acme, seller, email="ok.1@x.example")
    made = report(acme, line, "bounced")
    run_job(workspace_id=acme.workspace.id, job_id=jobs(acme)[0].id)
    made = again(made)
    assert (made.state, made.verdict, acme.balance()) == ("declined", "valid", 998)
    decide(made, answer="You sent us the bounce.")
    assert (again(made).state, acme.balance()) == ("accepted", 1_000)
    assert [mail.context["accepted"] for mail in mails()] == [False, True]


@pytest.mark.parametrize("mood", ["catch_all", "broken"])
def test_where_nobody_can_say_staff_decide(acme, seller, outside, mood):
    if mood == "broken":
        outside.moods[doubles.MILLION] = "broken"
    line = bought(acme, seller, email="catch_all.1@x.example")
    made = report(acme, line, "bounced")
    run_job(workspace_id=acme.workspace.id, job_id=jobs(acme)[0].id)
    made = again(made)
    assert (made.state, made.verdict) == ("open", "catch_all" if mood == "catch_all" else "")
    assert acme.balance() == 998 and mails() == []


def test_a_check_that_is_cancelled_leaves_it_to_staff(acme, seller, outside):
    made = report(acme, bought(acme, seller, email="invalid.1@x.example"), "bounced")
    (job,) = jobs(acme)
    with tenant_context(acme.workspace.id):
        cancel_job(workspace_id=acme.workspace.id, job_id=job.id, actor=acme.actor)
    run_job(workspace_id=acme.workspace.id, job_id=job.id)
    assert (again(made).state, acme.balance()) == ("open", 998)


def test_an_answer_that_is_known_isnt_asked_for_again(acme, seller, outside):
    """L-16: 'invalid' counts from before the sale too, 'valid' only from after it."""
    bad, good = (bought(acme, seller, email=f"{name}.7@x.example") for name in ("invalid", "ok"))
    for line, status in ((bad, "invalid"), (good, "valid")):
        address = f"{'invalid' if line is bad else 'ok'}.7@x.example"
        KnownAddress.objects.create(
            digest=digest_of(address),
            status=status,
            provider="zerobounce",
            checked_at=line.created_at - timedelta(days=1),
        )
        report(acme, line, "bounced")
    for job in jobs(acme):
        run_job(workspace_id=acme.workspace.id, job_id=job.id)
    assert outside.calls[doubles.MILLION] == ["ok.7@x.example"]
    assert acme.balance() == 998


def test_without_a_providers_key_staff_decide(acme, line, settings):
    settings.MILLIONVERIFIER_KEY = settings.ZEROBOUNCE_KEY = ""
    assert report(acme, line, "bounced").state == "open"
    assert jobs(acme) == []


@pytest.mark.faults
def test_a_check_killed_anywhere_pays_back_once(acme, seller, outside):
    """C-6."""
    killed = 0
    for point in (6, 14, 22, 30, 40):
        line = bought(acme, seller, email=f"invalid.{point}@x.example")
        made = report(acme, line, "bounced")
        with system_context():
            job = Job.objects.get(params__report=str(made.id))

        def work(job=job):
            run_job(workspace_id=acme.workspace.id, job_id=job.id)

        killed += doomed(work, point) == KILLED
        with system_context():
            Job.objects.filter(id=job.id, lease_until__isnull=False).update(
                lease_until=made.created_at
            )
        work()
        assert again(made).state == "accepted"
        assert acme.balance() == 1_000
        all_is_well()
    assert killed >= 3


def test_the_dialog_and_what_the_order_says(alice, acme, line, settings):
    settings.MILLIONVERIFIER_KEY = settings.ZEROBOUNCE_KEY = ""
    path = f"/marketplace/leads/{line.id}/report/"
    order = f"/marketplace/orders/{line.order_id}/"
    assert path in alice.get(order).content.decode()
    dialog = alice.get(path).content.decode()
    assert "Report a bad lead" in dialog and "Optional" not in dialog
    wrong = alice.post(path, {"reason": "other", "note": ""})
    assert wrong.status_code == 400 and b"Describe it shortly" in wrong.content
    typed = alice.post(path, {"reason": "", "note": "They moved."})
    assert typed.status_code == 400 and b"They moved." in typed.content
    assert alice.post(path, {"reason": "wrong_person", "note": ""})["Location"] == order
    text = alice.get(order).content.decode()
    assert "With our staff" in text and path not in text
    assert "reported already" in alice.get(path).content.decode()
    twice = alice.post(path, {"reason": "wrong_person"})
    assert twice.status_code == 409 and b"reported already" in twice.content
    stranger = Client()
    stranger.force_login(buyer("Globex", "Gus").user)
    assert stranger.get(path).status_code == 404


@override_settings(STAFF_MFA_REQUIRED=False)
def test_staff_decide_with_one_click(acme, line):
    made = report(acme, line)
    sam = Client()
    sam.force_login(cast.staff())
    listed = sam.get("/admin/marketplace/leadreport/")
    assert listed.status_code == 200 and b"With our staff" in listed.content
    page = sam.get(f"/admin/marketplace/leadreport/{made.id}/change/").content.decode()
    (lead,) = acme.leads()
    assert lead.email in page and "Accept, give the credits back" in page and "Decline" in page
    sam.post(f"/admin/marketplace/leadreport/{made.id}/acceptance/", {"answer": "Right."})
    assert (again(made).state, again(made).answer) == ("accepted", "Right.")
    refusal = f"/admin/marketplace/leadreport/{made.id}/refusal/"
    refused = sam.post(refusal, {"answer": "No."}, follow=True)
    assert b"accepted already" in refused.content
    assert acme.balance() == 1_000
    assert sam.get("/admin/marketplace/order/").status_code == 200
    assert sam.post(f"/admin/marketplace/leadreport/{uuid7()}/acceptance/").status_code == 404


@override_settings(STAFF_MFA_REQUIRED=False)
def test_staff_see_the_seller_and_decline_with_a_reason(acme, seller, line):
    made = report(acme, line)
    sam = Client()
    sam.force_login(cast.staff())
    page = sam.get(f"/admin/marketplace/leadreport/{made.id}/change/").content.decode()
    assert f'/admin/accounts/workspace/{line.seller_id}/change/">' in page
    refusal = f"/admin/marketplace/leadreport/{made.id}/refusal/"
    wordless = sam.post(refusal, {"answer": " "}, follow=True)
    assert b"Say why it is declined" in wordless.content
    assert again(made).state == "open" and not mails()
    sam.post(refusal, {"answer": "It takes mail."})
    assert (again(made).state, again(made).answer) == ("declined", "It takes mail.")


def test_the_buyer_isnt_told_who_of_the_staff_decided(alice, acme, line):
    decide(report(acme, line))
    (lead,) = acme.leads()
    for path in ("/credits/", f"/leads/{lead.id}/", f"/marketplace/orders/{line.order_id}/"):
        assert b"sam@cast.example" not in alice.get(path).content
    assert b"Cursive staff" in alice.get("/credits/").content


def test_the_mail_says_what_came_of_it(acme, line, mailoutbox):
    decide(report(acme, line), answer="We asked.")
    send_due_mail()
    (mail,) = mailoutbox
    assert "2 credits are back in your balance" in mail.body and "We asked." in mail.body
    assert f"/marketplace/orders/{line.order_id}/" in mail.body
    assert Decimal(mails()[0].context["credits"]) == 2
