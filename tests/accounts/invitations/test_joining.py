"""A-3: joining by an invitation's link: once, in time, signed in or after signing up."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail, signing
from django.urls import reverse
from django.utils import timezone

from accounts.invitations.models import SALT, Invitation
from accounts.invitations.operations import accept_invitation
from accounts.workspaces.models import Membership, User, Workspace
from cursive.lib.errors import Conflict, NotFound
from cursive.lib.tenancy import system_context
from tests import cast
from tests.accounts.conftest import audit, browser, race
from tests.accounts.invitations.test_invitations import NEW, invitations, invite, link_in, url


def joined(acme):
    with system_context():
        return set(
            Membership.objects.filter(workspace=acme.workspace).values_list(
                "user__email", flat=True
            )
        )


def test_an_expired_invitation_is_over(acme):
    invite(acme)
    with system_context():
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    link = link_in(mail.outbox[0])
    assert b"expired" in browser(acme.stranger).get(link).content
    assert browser(acme.stranger).post(link).status_code == 410
    assert acme.role(acme.stranger) is None


def test_an_invitation_into_a_deleted_workspace_is_over(acme):
    invite(acme)
    with system_context():
        Workspace.objects.filter(id=acme.workspace.id).update(deleted_at=timezone.now())
    assert browser(acme.stranger).post(link_in(mail.outbox[0])).status_code == 410
    assert acme.role(acme.stranger) is None


def test_somebody_signed_in_joins_by_a_click(acme):
    """Under another address than the invited one, which the page says."""
    invite(acme)
    link = link_in(mail.outbox[0])
    client = browser(acme.stranger)
    page = client.get(link)
    assert page.status_code == 200
    assert b"Another address" in page.content
    assert acme.role(acme.stranger) is None  # looking changes nothing
    answer = client.post(link)
    assert answer.url == reverse("dashboard")
    assert acme.role(acme.stranger) == "member"
    assert client.get(url("people")).wsgi_request.workspace == acme.workspace
    [entry] = audit(action="join")
    assert entry.workspace_id == acme.workspace.id
    assert entry.new["invited"] == NEW
    assert entry.user_id == acme.stranger.id
    [used] = invitations()
    assert used.accepted_by == acme.stranger


@pytest.mark.parametrize("role", ["admin", "owner"])
def test_who_is_to_manage_the_workspace_joins_with_the_invited_address(acme, role):
    """A-3: a link that was passed on makes nobody else an owner."""
    nora = cast.user("Nora")
    invite(acme, email=nora.email, role=role)
    link = link_in(mail.outbox[0])
    client = browser(acme.stranger)
    page = client.get(link).content.decode()
    assert "Only the first can accept it" in page and "Join as" not in page
    answer = client.post(link)
    assert answer.status_code == 403
    assert f"Only {nora.email} can accept this invitation" in answer.content.decode()
    assert acme.role(acme.stranger) is None
    [pending] = invitations()
    assert pending.accepted_at is None
    assert browser(nora).post(link).status_code == 302
    assert acme.role(nora) == role


def test_an_invitation_works_once(acme):
    invite(acme)
    link = link_in(mail.outbox[0])
    assert browser(acme.stranger).post(link).status_code == 302
    other = cast.user("Oscar")
    page = browser(other).post(link)
    assert page.status_code == 410
    assert b"used already" in page.content
    assert acme.role(other) is None
    assert browser(acme.stranger).post(link).status_code == 302  # a second click of the same
    assert len(audit(action="join")) == 1


def test_a_member_does_not_use_it_up(acme):
    invite(acme)
    page = browser(acme.member).post(link_in(mail.outbox[0]))
    assert page.status_code == 410
    assert b"member of this workspace already" in page.content
    assert acme.role(acme.member) == "member"
    assert invitations()[0].accepted_at is None


@pytest.mark.faults
def test_two_people_at_once_one_gets_in(acme):
    """A-3: single use, under two threads."""
    invite(acme)
    token = invitations()[0].token
    people = [cast.user("Oscar"), cast.user("Otto")]
    jobs = [
        lambda who=who: accept_invitation(token=token, actor=cast.actor_for(who)) for who in people
    ]
    outcomes = race(*jobs)
    assert sorted(outcome is None for outcome in outcomes) == [False, True]
    assert any(isinstance(outcome, Conflict) for outcome in outcomes)
    assert sum(acme.role(who) is not None for who in people) == 1


@pytest.mark.faults
def test_two_invitations_of_one_person_at_once_make_one_membership(acme):
    invite(acme)
    invite(acme, email="other@person.example")
    oscar = cast.user("Oscar")
    jobs = [
        lambda token=one.token: accept_invitation(token=token, actor=cast.actor_for(oscar))
        for one in invitations()
    ]
    outcomes = race(*jobs)
    assert sorted(outcome is None for outcome in outcomes) == [False, True]
    assert any(isinstance(outcome, Conflict) for outcome in outcomes)
    assert acme.role(oscar) == "member"


def tampered(acme):
    token = invitations()[0].token
    ident, serial = Invitation.read_token(token)
    return [
        token[:-1] + ("a" if token[-1] != "a" else "b"),
        token + "x",
        token[1:],
        "x",
        "\x00",
        "é:é:é",
        "::",
        "a" * 10_000,
        signing.dumps([str(ident), serial], salt="something else"),
        signing.dumps([str(acme.workspace.id), 1], salt=SALT),
        signing.dumps(["x", 1], salt=SALT),
        signing.dumps([str(ident), "x"], salt=SALT),
        signing.dumps({"a": 1}, salt=SALT),
        signing.dumps(1, salt=SALT),
        signing.dumps([None, None], salt=SALT),
        signing.dumps([[], {}], salt=SALT),
    ]


def test_tampered_links_are_not_found(acme):
    invite(acme)
    client = browser(acme.stranger)
    for token in tampered(acme):
        path = url("invitation", token)
        for answer in (client.get(path), client.post(path)):
            assert answer.status_code == 404, token
            assert b"Acme" not in answer.content
    assert acme.role(acme.stranger) is None
    with pytest.raises(NotFound):
        accept_invitation(token="x", actor=cast.actor_for(acme.stranger))


def sign_up(client, link, email):
    page = client.get(link)
    assert page.status_code == 200
    path = re.search(rb'href="(/accounts/signup/\?next=[^"]+)"', page.content).group(1).decode()
    form = client.get(path)
    assert form.status_code == 200
    values = {"email": email, "password1": cast.PASSWORD, "next": link}
    return client.post(path, values)


def test_somebody_new_signs_up_with_the_invited_address(acme):
    """The invitation's mail has verified it: no second mail."""
    invite(acme)
    link = link_in(mail.outbox[0])
    client = browser()
    answer = sign_up(client, link, NEW)
    assert (answer.status_code, answer.url) == (302, link)
    user = User.objects.get(email=NEW)
    [address] = EmailAddress.objects.filter(user=user)
    assert (address.email, address.verified, address.primary) == (NEW, True, True)
    assert len(mail.outbox) == 1
    assert client.post(link).url == reverse("dashboard")
    assert acme.role(user) == "member"


def test_another_address_is_not_verified_by_the_invitation(acme):
    """Whoever signs up with another address has to confirm that one, and gets only that one."""
    invite(acme)
    link = link_in(mail.outbox[0])
    client = browser()
    answer = sign_up(client, link, "eve@elsewhere.example")
    assert answer.url == reverse("account_email_verification_sent")
    user = User.objects.get(email="eve@elsewhere.example")
    [address] = EmailAddress.objects.filter(user=user)
    assert (address.email, address.verified) == ("eve@elsewhere.example", False)
    assert "_auth_user_id" not in client.session
    assert joined(acme) == {"alice@cast.example", "ada@cast.example", "bob@cast.example"}
    # The mail's link confirms it, and leads back to the invitation.
    confirm = re.search(r"https?://[^/]+(/accounts/confirm-email/\S+/)", mail.outbox[1].body)
    answer = client.post(confirm.group(1))
    assert answer.url == link
    assert client.post(link).status_code == 302
    assert acme.role(user) == "member"


def test_somebody_with_an_account_signs_in_first(acme):
    oscar = cast.user("Oscar")
    invite(acme, email=oscar.email)
    link = link_in(mail.outbox[0])
    client = browser()
    page = client.get(link)
    assert b"Sign in to join" in page.content
    answer = client.post(link)
    assert answer.url.startswith(reverse("account_login"))
    assert acme.role(oscar) is None
    answer = client.post(answer.url, {"login": oscar.email, "password": cast.PASSWORD})
    assert answer.url == link
    page = client.get(link)
    assert b"Another address" not in page.content
    client.post(link)
    assert acme.role(oscar) == "member"


def test_the_first_steps_show_waiting_invitations(acme):
    """To verified addresses only, and only those still open."""
    oscar = cast.user("Oscar")
    invite(acme, email=oscar.email)
    page = browser(oscar).get(url("workspace_new"))
    assert b"Join Acme" in page.content
    EmailAddress.objects.filter(user=oscar).update(verified=False)
    assert b"Join Acme" not in browser(oscar).get(url("workspace_new")).content
    EmailAddress.objects.filter(user=oscar).update(verified=True)
    browser(acme.owner).post(url("invitation_revoke", invitations()[0].id))
    assert b"Join Acme" not in browser(oscar).get(url("workspace_new")).content
