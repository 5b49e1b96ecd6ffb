"""What changes business profiles (A-5)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.workspaces.authority import lock_people
from accounts.workspaces.validation import changes, check_fields
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import atomic

from .models import CODED_LISTS, FREE_LISTS, LONGEST_ENTRY, MOST_ENTRIES, BusinessProfile, Tone
from .registry import icp_changed

MOST_PROFILES = 50
TEXTS = ("name", "sells", "description", "website", "tone")
# The lists that say who the ideal customer is.
ICP = (*CODED_LISTS, *FREE_LISTS)
# What a profile holds where nothing is said.
EMPTY: Mapping[str, Any] = {
    "description": "",
    "website": "",
    "tone": Tone.PROFESSIONAL.value,
    **{name: [] for name in ICP},
}


def create_profile(
    *, workspace_id: UUID, actor: Actor, values: Mapping[str, Any]
) -> BusinessProfile:
    """A new profile; the first of a workspace is its default.

    `values` are fields of `BusinessProfile` by name; what is left out is empty. Raises
    `InvalidInput` by field, `Conflict` past fifty profiles.
    """
    profile = BusinessProfile(workspace_id=workspace_id)
    _set(profile, values)
    with atomic():
        lock_people(workspace_id)
        others = BusinessProfile.objects.filter(workspace_id=workspace_id)
        if others.count() >= MOST_PROFILES:
            raise Conflict(f"There are {MOST_PROFILES} profiles already. Change one of them.")
        profile.is_default = bool(values.get("is_default")) or not others.exists()
        if profile.is_default:
            others.filter(is_default=True).update(is_default=False)
        profile.save(force_insert=True)
        record(
            action="create",
            resource="business_profile",
            resource_id=profile.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"name": profile.name, "is_default": profile.is_default},
        )
        if profile.is_default:
            icp_changed(workspace_id=workspace_id, actor=actor)
    return profile


def change_profile(
    *, workspace_id: UUID, actor: Actor, profile_id: UUID, values: Mapping[str, Any]
) -> BusinessProfile:
    """Change a profile; what `values` leaves out stays.

    `is_default: True` takes it from the one that had it. There is always one default, so False
    for the default is refused. Raises `InvalidInput` by field, `NotFound`.
    """
    with atomic():
        lock_people(workspace_id)
        profile = (
            BusinessProfile.objects.select_for_update()
            .filter(workspace_id=workspace_id, id=profile_id)
            .first()
        )
        if profile is None:
            raise NotFound("There is no such business profile.")
        old, new = _set(profile, values)
        default = bool(values.get("is_default", profile.is_default))
        if default != profile.is_default:
            _hand_over_default(profile, default)
            old["is_default"], new["is_default"] = not default, default
        if new:
            profile.updated_at = timezone.now()
            profile.save()
            record(
                action="update",
                resource="business_profile",
                resource_id=profile.id,
                actor=actor,
                workspace_id=workspace_id,
                old=old,
                new=new,
            )
            if profile.is_default and not new.keys().isdisjoint(("is_default", *ICP)):
                icp_changed(workspace_id=workspace_id, actor=actor)
    return profile


def check_lists(values: Mapping[str, Sequence[str]]) -> None:
    """Raise `InvalidInput` by field for lists of a profile that saving would refuse."""
    wrong: dict[str, str] = {}
    for name in ICP:
        if name in values:
            _entries(name, values[name], wrong)
    _refuse(wrong)


def _refuse(wrong: Mapping[str, str]) -> None:
    if wrong:
        raise InvalidInput("Some fields can't be used as they are.", fields=wrong)


def _hand_over_default(profile: BusinessProfile, default: bool) -> None:
    if not default:
        raise InvalidInput(
            "One profile is always the default.",
            fields={"is_default": "Make another profile the default instead."},
        )
    BusinessProfile.objects.filter(workspace_id=profile.workspace_id, is_default=True).update(
        is_default=False
    )
    profile.is_default = True


def _set(
    profile: BusinessProfile, values: Mapping[str, Any]
) -> tuple[dict[str, object], dict[str, object]]:
    """Put `values` into `profile` and check it; returns what changes, old and new."""
    clean: dict[str, object] = {name: str(values[name]).strip() for name in TEXTS if name in values}
    wrong: dict[str, str] = {}
    for name in ICP:
        if name in values:
            clean[name] = _entries(name, values[name], wrong)
    _refuse(wrong)
    old, new = changes(profile, clean)
    check_fields(profile, (*TEXTS, *ICP))
    return old, new


def _entries(name: str, given: Sequence[str], wrong: dict[str, str]) -> list[str]:
    """The entries of one list, trimmed, each once; codes in the order of their vocabulary."""
    entries = list(dict.fromkeys(text for entry in given if (text := " ".join(entry.split()))))
    known = CODED_LISTS.get(name)
    if known is None:
        if too_long := next((entry for entry in entries if len(entry) > LONGEST_ENTRY), None):
            wrong[name] = f"“{too_long[:30]}…” is too long: at most {LONGEST_ENTRY} characters."
        elif len(entries) > MOST_ENTRIES:
            wrong[name] = f"At most {MOST_ENTRIES} entries."
        return entries
    if unknown := next((entry for entry in entries if entry not in known), None):
        wrong[name] = f"“{unknown[:30]}” is none of the choices."
    return [code for code in known if code in entries]
