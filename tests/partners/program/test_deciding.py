"""P-1: staff approve, turn down, suspend and reinstate; each is confirmed, audited and mailed."""

import pytest
from django.core import mail
from django.test import Client

from accounts.audit.models import AuditEntry
from credits.receipts.operations import send_due_mail
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import system_context, uuid7
from marketplace.listings.models import Listing
from partners.program import operations, registry
from partners.program.models import Partner
from tests import market
from tests.credits.books import at_once

STAFF = Actor.system("sam@cast.example")


@pytest.fixture
def applicant(db) -> Partner:
    """Petra's workspace, which waits."""
    market.partner(status="applied")
    return partner()


def partner() -> Partner:
    with system_context():
        return Partner.objects.select_related("workspace").get()


def mails() -> list:
    mail.outbox.clear()
    send_due_mail()
    return list(mail.outbox)


def decide(client: Client, row: Partner, **values: str):
    return client.post(f"/admin/partners/partner/{row.id}/decision/", values)


def test_staff_approve_and_the_applicant_is_told(sam, applicant):
    html = sam.get(f"/admin/partners/partner/{applicant.id}/decision/").content.decode()
    for said in ("Trade fairs.", "They signed for it.", "Approve: they may sell", "Turn down"):
        assert said in html
    assert "Suspend" not in html
    decide(sam, applicant)
    assert partner().status == "applied", "nothing is chosen for them"
    assert decide(sam, applicant, decision="approve").status_code == 302
    found = partner()
    assert (found.status, found.decided_by_label) == ("approved", "sam@cast.example")
    assert found.decided_at is not None
    (told,) = mails()
    assert told.to == ["petra@cast.example"] and "can sell leads" in told.subject
    assert "/partner/" in told.body
    with system_context():
        entry = AuditEntry.objects.get(resource="partner", action="decide")
    assert (entry.old, entry.new["status"]) == ({"status": "applied"}, "approved")
    assert entry.workspace_id == found.workspace_id


def test_who_is_turned_down_reads_why(sam, applicant):
    refused = decide(sam, applicant, decision="reject")
    assert "Say why" in refused.content.decode() and partner().status == "applied"
    decide(sam, applicant, decision="reject", reason="Say more about consent.")
    assert partner().status_reason == "Say more about consent."
    (told,) = mails()
    assert "Say more about consent." in told.body and "/partner/join/" in told.body
    decide(sam, partner(), decision="approve")
    assert partner().status == "approved"


def test_suspending_takes_everything_off_sale_at_once(sam, petra):
    listed = market.listing(petra.workspace)
    decide(sam, partner(), decision="suspend", reason="Complaints")
    assert partner().status == "suspended"
    with system_context():
        assert Listing.objects.get(id=listed.id).status == "withdrawn"
    (told,) = mails()
    assert "Complaints" in told.body
    decide(sam, partner(), decision="reinstate")
    found = partner()
    assert (found.status, found.status_reason) == ("approved", "")
    (told,) = mails()
    assert "again" in told.subject


def test_rooms_are_told_in_the_same_transaction(petra, monkeypatch):
    class Broken(registry.PartnerListener):
        def suspended(self, workspace_id, reason):
            raise RuntimeError("leads can't be withdrawn")

    told = []

    class Listener(registry.PartnerListener):
        def suspended(self, workspace_id, reason):
            told.append((workspace_id, reason))

        def reinstated(self, workspace_id):
            told.append(workspace_id)

    monkeypatch.setattr(registry, "_listeners", [Broken()])
    with pytest.raises(RuntimeError):
        operations.suspend_partner(partner_id=partner().id, reason="Why", actor=STAFF)
    assert partner().status == "approved" and mails() == []
    monkeypatch.setattr(registry, "_listeners", [Listener()])
    operations.suspend_partner(partner_id=partner().id, reason="Why", actor=STAFF)
    operations.reinstate_partner(partner_id=partner().id, actor=STAFF)
    assert told == [(petra.id, "Why"), petra.id]


@pytest.mark.parametrize(
    ("status", "operation"),
    [
        ("applied", "suspend_partner"),
        ("applied", "reinstate_partner"),
        ("approved", "approve_partner"),
        ("approved", "reject_partner"),
        ("approved", "reinstate_partner"),
        ("rejected", "reject_partner"),
        ("rejected", "suspend_partner"),
        ("suspended", "approve_partner"),
        ("suspended", "suspend_partner"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(db, status, operation):
    market.partner(status=status)
    more = {"reason": "Why"} if operation in {"reject_partner", "suspend_partner"} else {}
    with pytest.raises(Conflict, match="Nothing was changed"):
        getattr(operations, operation)(partner_id=partner().id, actor=STAFF, **more)
    assert (partner().status, partner().decided_at) == (status, None)
    assert mails() == []


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_suspension_says_why(petra, reason):
    with pytest.raises(InvalidInput):
        operations.suspend_partner(partner_id=partner().id, reason=reason, actor=STAFF)
    assert partner().status == "approved"


def test_a_decision_about_nobody(db):
    with pytest.raises(NotFound):
        operations.approve_partner(partner_id=uuid7(), actor=STAFF)


def test_staff_set_the_account_that_transfers_go_to(sam, petra):
    bad = decide(sam, partner(), decision="account", stripe_account="acct 1")
    assert "As Stripe writes it" in bad.content.decode() or "no connected account" in (
        bad.content.decode()
    )
    assert partner().stripe_account == ""
    decide(sam, partner(), decision="account", stripe_account="acct_1PartnerOfOurs")
    assert (partner().stripe_account, partner().status) == ("acct_1PartnerOfOurs", "approved")
    with system_context():
        entry = AuditEntry.objects.get(resource="partner", action="update")
    assert entry.new == {"account": "acct_1PartnerOfOurs"}


def test_two_staff_decide_at_once_and_one_does(applicant):
    results = at_once(4, lambda _: operations.approve_partner(partner_id=applicant.id, actor=STAFF))
    assert sum(isinstance(one, Conflict) for one in results) == 3
    assert len(mails()) == 1
