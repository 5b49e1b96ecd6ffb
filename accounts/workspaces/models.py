"""Users, workspaces, memberships."""

from datetime import UTC, tzinfo
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager, uuid7
from cursive.lib.vocabulary import country_choices

from .timezones import timezone_choices


class UserManager(BaseUserManager["User"]):
    """Makes users. Sign-up goes through allauth; these are for staff and tests."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """A user with this e-mail address, which is lower-cased; password None means unusable."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: object) -> "User":
        """A staff user with every right."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may do is said by their memberships."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True, default="")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)  # type: ignore[misc]
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email


class Workspace(models.Model):
    """The tenant: owns leads, credits, segments, keys. Every customer row belongs to one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80, validators=[MinLengthValidator(2)])
    time_zone = models.CharField(max_length=40, default="UTC", choices=timezone_choices)
    # Phones without a country code are read as this country's.
    country = models.CharField(max_length=2, default="US", choices=country_choices)
    low_credit_threshold = models.PositiveIntegerField(default=10)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> tzinfo:
        """Its time zone, or UTC where this machine doesn't know the name."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC


class Role(models.TextChoices):
    """What a member may do, least first (A-2)."""

    MEMBER = "member", "Member"
    ADMIN = "admin", "Admin"
    OWNER = "owner", "Owner"


RANK = {Role.MEMBER: 0, Role.ADMIN: 1, Role.OWNER: 2}


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Words for picking memberships."""

    def owners(self) -> "MembershipQuerySet":
        """Those who own their workspace."""
        return self.filter(role=Role.OWNER)


class Membership(TenantModel):
    """One person in one workspace."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=6, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now)

    objects = scoped_manager(MembershipQuerySet)

    class Meta(TenantModel.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
        ]
        indexes = [models.Index(fields=["user"], name="membership_user")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def at_least(self, role: str) -> bool:
        """Whether this member may do what `role` may."""
        return RANK[Role(self.role)] >= RANK[Role(role)]

    @property
    def manages(self) -> bool:
        """Whether this member manages people, keys, billing and webhooks."""
        return self.at_least(Role.ADMIN)

    @property
    def owns(self) -> bool:
        """Whether this member owns the workspace."""
        return self.at_least(Role.OWNER)
