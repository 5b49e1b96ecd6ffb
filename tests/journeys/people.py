"""Who visits: made inside the running Cursive, by the code that a journey gives to `Live.make`."""

from allauth.account.models import EmailAddress

from accounts.workspaces.models import User, Workspace
from accounts.workspaces.operations import create_workspace
from credits.ledger.operations import grant
from cursive.lib.actors import Actor
from cursive.lib.tenancy import system_context, tenant_context


def member(email: str, password: str, *, workspace: str, credits: int = 0) -> Workspace:
    """Somebody who has confirmed the address, and their new workspace with so many credits."""
    with system_context():
        who = _confirmed(User.objects.create_user(email, password))
    made = create_workspace(actor=Actor("user", who.email, user_id=who.id), name=workspace)
    if credits:
        with tenant_context(made.id):
            grant(
                workspace_id=made.id,
                amount=credits,
                action="grant",
                reference=("test", "1"),
                key="start",
                actor=Actor.system("test"),
            )
    return made


def staff(email: str, password: str) -> User:
    """Somebody of Cursive's staff, who may do everything."""
    with system_context():
        return _confirmed(User.objects.create_superuser(email, password))


def _confirmed(who: User) -> User:
    EmailAddress.objects.create(user=who, email=who.email, verified=True, primary=True)
    return who
