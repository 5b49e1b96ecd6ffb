"""How the API's schema describes signing in."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer cur_live_…`."""

    target_class = "accounts.access.api.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """What the schema says of keys."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "cur_live_…",
            "description": "An API key of a workspace, made under Settings, API keys.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """The browser's session."""

    target_class = "accounts.access.api.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """What the schema says of sessions."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The browser's session; changes need the CSRF token.",
        }
