"""The table of invitations."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.workspaces.models import Role
from cursive.lib.errors import NotFound
from cursive.lib.tenancy import TenantModel, scoped_manager

LIFETIME = timedelta(days=7)
SALT = "accounts.invitations"
LONGEST_TOKEN = 300


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Words for picking invitations."""

    def pending(self) -> "InvitationQuerySet":
        """Neither accepted nor revoked; they may have expired."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True)

    def open(self, now: datetime) -> "InvitationQuerySet":
        """Those that can still be accepted."""
        return self.pending().filter(expires_at__gt=now)


class Invitation(TenantModel):
    """One address asked into the workspace with a role.

    The mail's link holds the signed id and `serial`. Sending again counts `serial` up, so that
    only the newest mail's link works. The link itself is never stored or shown: whoever has it
    can read that address's mail.
    """

    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=6, choices=Role.choices, default=Role.MEMBER)
    serial = models.PositiveIntegerField(default=1)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True)

    objects = scoped_manager(InvitationQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["workspace", "-created_at"], name="invitation_recent"),
            models.Index(fields=["email"], name="invitation_email"),
        ]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                name="invitation_pending_once",
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="invitation_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def token(self) -> str:
        """What the mail's link ends with."""
        return signing.dumps([str(self.id), self.serial], salt=SALT)

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at <= timezone.now()

    @property
    def is_personal(self) -> bool:
        """Whether only the invited address may accept it: it gives more than a member may do."""
        return self.role != Role.MEMBER

    @staticmethod
    def read_token(token: str) -> tuple[UUID, int]:
        """(invitation's id, serial) of a link. Raises `NotFound` for what we didn't sign."""
        try:
            if len(token) > LONGEST_TOKEN:
                raise signing.BadSignature
            ident, serial = signing.loads(token, salt=SALT)
            return UUID(ident), int(serial)
        except (signing.BadSignature, ValueError, TypeError, AttributeError):
            raise NotFound(
                "This link isn't one of our invitations. Copy the whole link from the mail."
            ) from None
