"""Reading business profiles."""

from uuid import UUID

from cursive.lib.errors import NotFound

from .models import BusinessProfile, BusinessProfileQuerySet


def profiles_of(workspace_id: UUID) -> BusinessProfileQuerySet:
    """The workspace's profiles, the default one first."""
    profiles: BusinessProfileQuerySet = BusinessProfile.objects.filter(workspace_id=workspace_id)
    return profiles.default_first()


def profile_of(workspace_id: UUID, profile_id: UUID) -> BusinessProfile:
    """One profile of the workspace. Raises `NotFound`."""
    profile = profiles_of(workspace_id).filter(id=profile_id).first()
    if profile is None:
        raise NotFound("There is no such business profile.")
    return profile


def default_profile(workspace_id: UUID) -> BusinessProfile | None:
    """The profile that scoring and analyses read, or None where there is none yet."""
    return profiles_of(workspace_id).filter(is_default=True).first()
