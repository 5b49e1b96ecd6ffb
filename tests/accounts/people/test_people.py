"""A-2: who is in a workspace, in which role; the last owner stays."""

import uuid

import pytest
from django.urls import reverse

from accounts.people.operations import change_role, leave_workspace, remove_member
from accounts.workspaces.models import Membership, Role
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, Forbidden, InvalidInput, NotFound
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.accounts.conftest import audit, browser, race


def url(name, *args):
    return reverse(f"accounts:{name}", args=args)


def roles(acme):
    with system_context():
        return dict(
            Membership.objects.filter(workspace=acme.workspace).values_list("user__name", "role")
        )


@pytest.fixture
def before(acme):
    return roles(acme)


def test_everybody_in_it_sees_the_people(acme):
    for who in (acme.owner, acme.admin, acme.member):
        page = browser(who).get(url("people"))
        assert page.status_code == 200
        for name in ("alice@", "ada@", "bob@"):
            assert name in page.content.decode()
        assert "carol@" not in page.content.decode()
        assert (b"Invite somebody" in page.content) == (who != acme.member)


def test_the_page_asks_the_same_number_of_questions_however_many_people(
    acme, django_assert_max_num_queries
):
    client = browser(acme.owner)
    client.get(url("people"))
    for number in range(30):
        newcomer = cast.user(f"Person{number}")
        with system_context():
            Membership.objects.create(workspace=acme.workspace, user=newcomer)
    with django_assert_max_num_queries(10, using="default"):
        page = client.get(url("people"))
    assert len(page.context["page"].items) == 33


@pytest.mark.parametrize(
    ("actor", "target", "role", "status"),
    [
        ("owner", "member", "admin", 302),
        ("owner", "member", "owner", 302),
        ("owner", "admin", "member", 302),
        ("admin", "member", "admin", 302),
        ("admin", "admin", "member", 302),
        ("admin", "member", "owner", 403),
        ("admin", "owner", "member", 403),
        ("owner", "owner", "member", 409),
        ("member", "member", "admin", 403),
        ("member", "admin", "member", 403),
        ("stranger", "member", "admin", 404),
        ("owner", "member", "king", 400),
        ("owner", "member", "", 400),
    ],
)
def test_who_may_change_whose_role(acme, before, actor, target, role, status):
    membership = acme.membership(getattr(acme, target))
    client = browser(getattr(acme, actor))
    answer = client.post(url("member_role", membership.id), {"role": role})
    assert answer.status_code == status
    if status == 302:
        assert acme.role(getattr(acme, target)) == role
        entry = audit(action="change_role")[0]
        assert (entry.old["role"], entry.new["role"]) == (membership.role, role)
        assert entry.user_id == getattr(acme, actor).id
    else:
        assert roles(acme) == before
        assert audit(action="change_role") == []


@pytest.mark.parametrize(
    ("actor", "target", "status"),
    [
        ("owner", "member", 302),
        ("owner", "admin", 302),
        ("admin", "member", 302),
        ("admin", "owner", 403),
        ("owner", "owner", 409),
        ("member", "admin", 403),
        ("stranger", "member", 404),
    ],
)
def test_who_may_remove_whom(acme, before, actor, target, status):
    gone = getattr(acme, target)
    membership = acme.membership(gone)
    answer = browser(getattr(acme, actor)).post(url("member_removal", membership.id))
    assert answer.status_code == status
    if status == 302:
        assert acme.role(gone) is None
        assert audit(action="remove")[0].old["user"] == gone.email
        assert browser(gone).get(url("people")).url == url("workspace_new")
    else:
        assert roles(acme) == before
        assert audit(action="remove") == []


def test_whoever_is_removed_is_out_at_once(acme):
    bob = browser(acme.member)
    assert bob.get(url("people")).status_code == 200
    browser(acme.owner).post(url("member_removal", acme.membership(acme.member).id))
    assert bob.get(url("people")).url == url("workspace_new")


def test_members_and_admins_leave_and_the_last_owner_stays(acme, before):
    for who in (acme.member, acme.admin):
        assert browser(who).post(url("departure")).status_code == 302
        assert acme.role(who) is None
    assert len(audit(action="leave")) == 2
    answer = browser(acme.owner).post(url("departure"))
    assert answer.status_code == 409
    assert b"needs an owner" in answer.content
    assert acme.role(acme.owner) == Role.OWNER
    assert len(audit(action="leave")) == 2


def test_unknown_members_and_anonymous(acme, before):
    client = browser(acme.owner)
    for name in ("member_role", "member_removal"):
        path = url(name, uuid.uuid4())
        assert client.post(path, {"role": "member"}).status_code == 404
        assert client.get(path).status_code == 405
        assert browser().post(path).url.startswith(reverse("account_login"))
    assert client.post("/settings/people/x/role/").status_code == 404
    theirs = cast_membership(acme.rival)
    assert client.post(url("member_removal", theirs.id)).status_code == 404
    assert roles(acme) == before
    with system_context():
        assert Membership.objects.filter(id=theirs.id).exists()


def cast_membership(workspace):
    with system_context():
        return Membership.objects.filter(workspace=workspace).first()


def test_operations_ask_the_database_not_the_request(acme, before):
    """A role that was taken away since the request began counts no more."""
    stale = cast.actor_for(acme.member, role=Role.OWNER)
    key = Actor(kind="key", label="k", scopes=frozenset({"read", "write", "billing"}))
    nobody = Actor(kind="user", label="anonymous")
    ada = acme.membership(acme.admin)
    ws = acme.workspace.id
    for actor in (stale, key, nobody):
        with tenant_context(ws), pytest.raises(Forbidden):
            change_role(workspace_id=ws, actor=actor, membership_id=ada.id, role=Role.MEMBER)
        with tenant_context(ws), pytest.raises(Forbidden):
            remove_member(workspace_id=ws, actor=actor, membership_id=ada.id)
    with tenant_context(ws), pytest.raises(Forbidden):
        leave_workspace(workspace_id=ws, actor=nobody)
    owner = cast.actor_for(acme.owner)
    with tenant_context(ws), pytest.raises(InvalidInput):
        change_role(workspace_id=ws, actor=owner, membership_id=ada.id, role="king")
    with tenant_context(ws), pytest.raises(NotFound):
        change_role(workspace_id=ws, actor=owner, membership_id=uuid.uuid4(), role=Role.ADMIN)
    assert roles(acme) == before


@pytest.mark.faults
@pytest.mark.parametrize("way", ["demote", "remove", "leave"])
def test_two_owners_who_act_at_once_leave_one_owner(acme, way):
    """A-2: the last owner can't leave or be demoted, whatever happens at the same moment."""
    ws = acme.workspace.id
    with system_context():
        Membership.objects.filter(workspace=ws, user=acme.admin).update(role=Role.OWNER)
    first, second = acme.membership(acme.owner), acme.membership(acme.admin)

    def act(by, target):
        actor = cast.actor_for(by)
        with tenant_context(ws):
            if way == "demote":
                change_role(workspace_id=ws, actor=actor, membership_id=target.id, role=Role.MEMBER)
            elif way == "remove":
                remove_member(workspace_id=ws, actor=actor, membership_id=target.id)
            else:
                leave_workspace(workspace_id=ws, actor=actor)

    outcomes = race(lambda: act(acme.owner, second), lambda: act(acme.admin, first))
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 1
    assert isinstance(refused[0], Forbidden | Conflict)
    with system_context():
        assert Membership.objects.filter(workspace=ws).owners().count() == 1
