"""A-3: invitations by e-mail: signed, single use, seven days."""

import re
import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.invitations.models import Invitation
from accounts.invitations.operations import invite_person
from accounts.workspaces.models import Role
from cursive.lib.errors import Forbidden
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.accounts.conftest import audit, browser

NEW = "new@person.example"


def url(name, *args):
    return reverse(f"accounts:{name}", args=args)


def invite(acme, email=NEW, role="member", who=None):
    return browser(who or acme.owner).post(url("people"), {"email": email, "role": role})


def invitations():
    with system_context():
        return list(Invitation.objects.order_by("created_at"))


def link_in(message):
    return re.search(r"https?://[^/]+(/invitations/\S+/)", message.body).group(1)


def test_an_invitation_goes_out_by_mail(acme):
    assert invite(acme, email=" New@Person.example ").status_code == 302
    [invitation] = invitations()
    assert (invitation.email, invitation.role, invitation.invited_by) == (NEW, "member", acme.owner)
    assert invitation.sent_at is not None
    left = invitation.expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    [message] = mail.outbox
    assert message.to == [NEW]
    assert "Acme" in message.subject
    assert "alice@cast.example" in message.body
    assert link_in(message) == url("invitation", invitation.token)
    [entry] = audit(action="invite")
    assert entry.new == {"email": NEW, "role": "member"}
    page = browser(acme.owner).get(url("people")).content.decode()
    assert NEW in page
    assert invitation.token not in page


@pytest.mark.parametrize(
    ("who", "role", "status"),
    [
        ("owner", "member", 302),
        ("owner", "admin", 302),
        ("owner", "owner", 302),
        ("admin", "member", 302),
        ("admin", "admin", 302),
        ("admin", "owner", 400),
        ("member", "member", 403),
        ("owner", "king", 400),
    ],
)
def test_who_may_invite_as_what(acme, who, role, status):
    answer = invite(acme, role=role, who=getattr(acme, who))
    assert answer.status_code == status
    assert len(invitations()) == (status == 302)
    assert len(mail.outbox) == (status == 302)
    assert len(audit(action="invite")) == (status == 302)


def test_an_admin_cannot_offer_ownership_past_the_form(acme):
    ws = acme.workspace.id
    with tenant_context(ws), pytest.raises(Forbidden):
        invite_person(workspace_id=ws, actor=cast.actor_for(acme.admin), email=NEW, role=Role.OWNER)
    assert invitations() == []


@pytest.mark.parametrize(
    "email",
    [
        "",
        "x",
        "a@b",
        "a\x00@b.example",
        f"{'x' * 10_000}@b.example",
        "bob@cast.example",
        "BOB@cast.example",
    ],
)
def test_addresses_that_cannot_be_invited(acme, email):
    """Among them a member's own."""
    answer = invite(acme, email=email)
    assert answer.status_code == 400
    assert "email" in answer.context["form"].errors
    assert invitations() == []
    assert mail.outbox == []


def test_twice_is_once_until_it_expires(acme):
    invite(acme)
    answer = invite(acme, role="admin")
    assert answer.status_code == 400
    assert b"already has an invitation" in answer.content
    assert len(mail.outbox) == 1
    with system_context():
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert invite(acme, role="admin").status_code == 302
    [renewed] = invitations()
    assert (renewed.role, renewed.serial) == ("admin", 2)
    assert browser().get(link_in(mail.outbox[0])).status_code == 410
    assert browser().get(link_in(mail.outbox[1])).status_code == 200


def test_a_mail_server_that_does_not_answer_loses_nothing(acme, monkeypatch):
    def down(*_, **__):
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", down)
        assert invite(acme).status_code == 302
    assert invitations()[0].sent_at is None
    assert b"Mail not sent" in browser(acme.owner).get(url("people")).content
    browser(acme.owner).post(url("invitation_resend", invitations()[0].id))
    assert invitations()[0].sent_at is not None
    assert len(mail.outbox) == 1


def test_only_the_newest_mail_works(acme):
    invite(acme)
    [invitation] = invitations()
    answer = browser(acme.admin).post(url("invitation_resend", invitation.id))
    assert answer.status_code == 302
    old, new = map(link_in, mail.outbox)
    page = browser(acme.stranger).get(old)
    assert page.status_code == 410
    assert b"newest mail" in page.content
    assert browser(acme.stranger).post(old).status_code == 410
    assert acme.role(acme.stranger) is None
    assert browser(acme.stranger).post(new).status_code == 302
    assert acme.role(acme.stranger) == "member"


@pytest.mark.parametrize("step", ["invitation_resend", "invitation_revoke"])
def test_who_may_resend_and_revoke(acme, step):
    invite(acme, role="owner")
    [invitation] = invitations()
    path = url(step, invitation.id)
    assert browser(acme.member).post(path).status_code == 403
    assert browser(acme.admin).post(path).status_code == 403  # it gives ownership
    assert browser(acme.stranger).post(path).status_code == 404
    assert browser().post(path).url.startswith(reverse("account_login"))
    assert browser(acme.owner).get(path).status_code == 405
    [same] = invitations()
    assert (same.serial, same.revoked_at) == (1, None)
    assert browser(acme.owner).post(path).status_code == 302


def test_a_revoked_invitation_is_over(acme):
    invite(acme)
    [invitation] = invitations()
    browser(acme.owner).post(url("invitation_revoke", invitation.id))
    link = link_in(mail.outbox[0])
    page = browser(acme.stranger).get(link)
    assert page.status_code == 410
    assert b"taken back" in page.content
    assert browser(acme.stranger).post(link).status_code == 410
    assert acme.role(acme.stranger) is None
    assert len(audit(action="revoke")) == 1
    again = browser(acme.owner).post(url("invitation_revoke", invitation.id))
    assert again.status_code == 404
    assert invite(acme).status_code == 302  # and it may be given anew


def test_who_leaves_takes_their_invitations_along(acme):
    """A removed admin can't come back by an invitation sent before."""
    invite(acme, who=acme.admin)
    browser(acme.owner).post(url("member_removal", acme.membership(acme.admin).id))
    assert invitations()[0].revoked_at is not None
    assert browser(acme.admin).post(link_in(mail.outbox[0])).status_code == 410
    assert acme.role(acme.admin) is None


def test_fifty_mails_a_day_are_enough(acme):
    ws = acme.workspace.id
    actor = cast.actor_for(acme.owner)
    with tenant_context(ws):
        for number in range(50):
            invite_person(
                workspace_id=ws, actor=actor, email=f"p{number}@x.example", role=Role.MEMBER
            )
    answer = invite(acme)
    assert answer.status_code == 400
    assert b"50 invitations today" in answer.content
    assert len(invitations()) == 50
