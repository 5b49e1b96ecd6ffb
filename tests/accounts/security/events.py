"""Reading security events in tests."""

from accounts.security.models import SecurityEvent
from cursive.lib.tenancy import system_context


def events(**wanted: object) -> list[SecurityEvent]:
    """The security events that fit, oldest first."""
    with system_context():
        return list(SecurityEvent.objects.filter(**wanted).order_by("id"))
