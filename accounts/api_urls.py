"""API routes of accounts."""

from django.urls import path

from accounts.profiles.api import ProfileDetail, ProfileList

urlpatterns = [
    path("business-profiles", ProfileList.as_view(), name="api_profiles"),
    path("business-profiles/<uuid:profile_id>", ProfileDetail.as_view(), name="api_profile"),
]
