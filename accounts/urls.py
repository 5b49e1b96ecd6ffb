"""Pages of accounts."""

from django.urls import include, path

app_name = "accounts"
urlpatterns = [
    path("", include("accounts.workspaces.urls")),
    path("", include("accounts.welcome.urls")),
    path("", include("accounts.people.urls")),
    path("", include("accounts.invitations.urls")),
    path("", include("accounts.profiles.urls")),
    path("", include("accounts.keys.urls")),
    path("", include("accounts.audit.urls")),
    path("", include("accounts.security.urls")),
    path("", include("accounts.mailbox.urls")),
]
