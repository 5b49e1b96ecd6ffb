"""The cast of every test and of the demo, made by builders.

Alice owns Acme, Bob is a member of it, Ada an admin; Carol owns Rival; Petra is a partner; Sam
is staff.
"""

from allauth.account.models import EmailAddress

from accounts.workspaces.models import Membership, Role, User, Workspace
from cursive.lib.actors import Actor
from cursive.lib.tenancy import system_context, tenant_context, uuid7
from leads.records.identity import dedup_hash, normalise_email, normalise_phone
from leads.records.models import Lead
from leads.suppression.models import SuppressedContact
from leads.suppression.operations import Suppressed, suppress_contacts

PASSWORD = "correct horse battery"


def user(name: str, **fields: object) -> User:
    """A user with a verified e-mail address, `<name>@cast.example`."""
    with system_context():
        made = User.objects.create_user(
            f"{name.lower()}@cast.example", PASSWORD, name=name, **fields
        )
        EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    return made


def workspace(name: str, *, owner: User, **members: User) -> Workspace:
    """A workspace with its owner, and others by role: `workspace("Acme", owner=a, member=b)`."""
    with system_context():
        made = Workspace.objects.create(name=name)
        Membership.objects.create(workspace=made, user=owner, role=Role.OWNER)
        for role, who in members.items():
            Membership.objects.create(workspace=made, user=who, role=role)
    return made


def acme() -> tuple[Workspace, User]:
    """Acme and its owner Alice."""
    alice = user("Alice")
    return workspace("Acme", owner=alice), alice


def rival() -> tuple[Workspace, User]:
    """Rival and its owner Carol."""
    carol = user("Carol")
    return workspace("Rival", owner=carol), carol


def staff(name: str = "Sam") -> User:
    """A member of staff with every right."""
    return user(name, is_staff=True, is_superuser=True)


def actor_for(who: User, role: str = Role.OWNER) -> Actor:
    """The actor that a request of this user would have."""
    return Actor(
        kind="user",
        label=who.email,
        user_id=who.id,
        role=role,
        scopes=frozenset({"read", "write", "billing"}),
    )


def lead(workspace: Workspace, **fields: object) -> Lead:
    """A lead of this workspace; its identity follows from its fields as everywhere."""
    fields = {"first_name": "Ada", "last_name": "Lovelace", "source": "api"} | fields
    fields.setdefault("email", f"{uuid7().hex[-12:]}@people.example")
    with tenant_context(workspace.id):
        return Lead.objects.create(
            workspace=workspace,
            dedup_hash=dedup_hash(
                str(fields["email"]),
                str(fields.get("company_domain", "")),
                str(fields.get("phone", "")),
            ),
            email_key=normalise_email(str(fields["email"])),
            phone_key=normalise_phone(str(fields.get("phone", ""))),
            **fields,
        )


def suppress(*contacts: str) -> Suppressed:
    """These addresses and numbers are on the suppression list from now on (A-18)."""
    return suppress_contacts(
        contacts="\n".join(contacts),
        reason=SuppressedContact.Reason.ASKED,
        actor=Actor.system("sam"),
    )
