"""Addresses of the pages about invitations."""

from django.urls import path

from . import views

urlpatterns = [
    path("invitations/<str:token>/", views.invitation, name="invitation"),
    path(
        "settings/people/invitations/<uuid:invitation_id>/mail/",
        views.resend,
        name="invitation_resend",
    ),
    path(
        "settings/people/invitations/<uuid:invitation_id>/revocation/",
        views.revoke,
        name="invitation_revoke",
    ),
]
