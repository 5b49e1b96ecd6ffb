"""How allauth's second factors are bent to ours."""

import base64
from functools import lru_cache

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from .second_factor import SECOND_FACTORS


class MfaAdapter(DefaultMFAAdapter):
    """Keeps secrets encrypted, and staff from taking their last second factor away."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": (
            "Staff need a second factor. Add another one before you remove this one."
        ),
    }

    def encrypt(self, text: str) -> str:
        """What the database keeps of a secret (X-6)."""
        return _fernet(*_secrets()).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again; also where SECRET_KEY was rotated and the old one is a fallback."""
        return _fernet(*_secrets()).decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether this one may go: not the last of somebody who must have one."""
        if not (settings.STAFF_MFA_REQUIRED and authenticator.user.is_staff):
            return True
        others = Authenticator.objects.filter(
            user_id=authenticator.user_id, type__in=SECOND_FACTORS
        ).exclude(pk=authenticator.pk)
        return others.exists()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Who asks for a passkey: the product's name, not the host's."""
        return {**super().get_public_key_credential_rp_entity(), "name": settings.MFA_TOTP_ISSUER}


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _fernet(*secrets: str) -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str) -> bytes:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"accounts.access.mfa")
    return base64.urlsafe_b64encode(derived.derive(secret.encode()))
