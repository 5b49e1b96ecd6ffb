"""Who asked never to be contacted, without saying who."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone


class SuppressedContact(models.Model):
    """One e-mail address or phone number that nothing may bring in any more (A-18).

    Global. The row holds no personal data: who it is can only be asked with the address and the
    key at hand (see identity.suppression_hash). `catalogue_ids` are the people of the lead
    database who had it when it was put here, and who went for it; `key_mark` says by which key
    the hash was made.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail address"
        PHONE = "phone", "Phone number"

    class Reason(models.TextChoices):
        ASKED = "asked", "Asked not to be contacted"
        COMPLAINED = "complained", "Complained"
        REGISTER = "register", "On a public opt-out register"
        OTHER = "other", "Another reason"

    id = models.BigAutoField(primary_key=True)
    contact_hash = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    key_mark = models.CharField(max_length=8)
    catalogue_ids = ArrayField(models.BigIntegerField(), default=list)
    added_by = models.CharField(max_length=200)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "suppressed contact"
        verbose_name_plural = "suppression list"
        constraints = [
            models.CheckConstraint(
                condition=Q(contact_hash__regex=r"^[0-9a-f]{64}$"), name="suppressed_contact_hash"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["email", "phone"]), name="suppressed_contact_kind"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=["asked", "complained", "register", "other"]),
                name="suppressed_contact_reason",
            ),
        ]

    def __str__(self) -> str:
        """The kind and the day; there is no more to say."""
        return f"{self.get_kind_display()}, {self.added_at:%-d %b %Y}"
