"""Applying to sell, and what staff decide about it (P-1)."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.workspaces.authority import require_role
from accounts.workspaces.models import Role, Workspace
from accounts.workspaces.validation import check_fields
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.limits import Limit, hit
from cursive.lib.tenancy import atomic, system_context

from .mails import mail_decision
from .models import MOST_CHECKS_A_DAY, MOST_CHECKS_AT_ONCE, Partner
from .registry import tell_reinstated, tell_suspended

Status = Partner.Status

APPLICATIONS = Limit(
    "partner-applications", "5/day", "You have applied five times today. Go on tomorrow."
)
FIELDS = ("company", "website", "sources", "consent", "tax_country")
ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{8,34}")
MAX_REASON = 500


def apply_to_sell(*, workspace: Workspace, actor: Actor, values: Mapping[str, str]) -> Partner:
    """Apply for a workspace, or apply again after a refusal; `values` has FIELDS.

    An application that waits already stays as it is. Raises `Forbidden` below admin, `Conflict`
    where the workspace sells or is suspended, `InvalidInput` by field.
    """
    with atomic():
        Workspace.objects.select_for_update(no_key=True).get(id=workspace.id)
        require_role(workspace.id, actor, Role.ADMIN)
        partner: Partner | None = Partner.objects.filter(workspace_id=workspace.id).first()
        if partner is not None and partner.status == Status.APPLIED:
            return partner
        if partner is not None and partner.status != Status.REJECTED:
            raise Conflict(f"{workspace.name} is a partner already: open the portal.")
        is_new = partner is None
        partner = partner or Partner(workspace=workspace)
        for name in FIELDS:
            setattr(partner, name, str(values.get(name, "")).strip())
        check_fields(partner, FIELDS)
        hit(APPLICATIONS, workspace.id)
        partner.status, partner.status_reason = Status.APPLIED, ""
        partner.applied_at, partner.applied_by_id = timezone.now(), actor.user_id
        partner.decided_at, partner.decided_by_label = None, ""
        partner.save(force_insert=is_new)
        record(
            action="create" if is_new else "update",
            resource="partner",
            resource_id=partner.id,
            actor=actor,
            workspace_id=workspace.id,
            new={"status": partner.status, **{name: getattr(partner, name) for name in FIELDS}},
        )
    return partner


def approve_partner(*, partner_id: UUID, actor: Actor) -> Partner:
    """Let an applicant sell, also one who was turned down. Raises `Conflict` for any other."""
    return _decide(partner_id, actor, Status.APPROVED, (Status.APPLIED, Status.REJECTED), "")


def reject_partner(*, partner_id: UUID, reason: str, actor: Actor) -> Partner:
    """Turn an application down, with the reason that the applicant reads."""
    return _decide(partner_id, actor, Status.REJECTED, (Status.APPLIED,), _said(reason))


def suspend_partner(*, partner_id: UUID, reason: str, actor: Actor) -> Partner:
    """Stop a partner: from the commit on nothing of theirs is sold any more.

    They aren't paid, and what is held stays held, until they are reinstated.
    """
    return _decide(partner_id, actor, Status.SUSPENDED, (Status.APPROVED,), _said(reason))


def reinstate_partner(*, partner_id: UUID, actor: Actor) -> Partner:
    """Let a suspended partner go on: what was taken off sale for it, payouts, what is held."""
    return _decide(partner_id, actor, Status.APPROVED, (Status.SUSPENDED,), "")


def set_stripe_account(*, partner_id: UUID, account_id: str, actor: Actor) -> Partner:
    """Say where a partner's transfers go; empty: they are paid by hand."""
    account_id = account_id.strip()
    if account_id and not ACCOUNT.fullmatch(account_id):
        raise InvalidInput(
            "That is no connected account.",
            fields={"stripe_account": "As Stripe writes it: acct_ and letters and digits."},
        )
    with system_context(), atomic():
        partner = _locked(partner_id)
        old = partner.stripe_account
        partner.stripe_account = account_id
        partner.save(update_fields=["stripe_account"])
        _note(partner, actor, "update", {"account": old}, {"account": account_id})
    return partner


def set_checking_limits(
    *, partner_id: UUID, checks_a_day: int, checks_at_once: int, actor: Actor
) -> Partner:
    """Say how many addresses of a partner's are checked in 24 hours, and how many files at a time.

    What is under way goes on. Raises `InvalidInput` by field.
    """
    new = {"checks_a_day": checks_a_day, "checks_at_once": checks_at_once}
    problems = {}
    if not 0 <= checks_a_day <= MOST_CHECKS_A_DAY:
        problems["checks_a_day"] = f"From 0 to {MOST_CHECKS_A_DAY:,}."
    if not 1 <= checks_at_once <= MOST_CHECKS_AT_ONCE:
        problems["checks_at_once"] = f"From 1 to {MOST_CHECKS_AT_ONCE}."
    if problems:
        raise InvalidInput("These can't be limits.", fields=problems)
    with system_context(), atomic():
        partner = _locked(partner_id)
        old = {name: getattr(partner, name) for name in new}
        partner.checks_a_day, partner.checks_at_once = checks_a_day, checks_at_once
        partner.save(update_fields=list(new))
        _note(partner, actor, "update", old, new)
    return partner


def _decide(
    partner_id: UUID, actor: Actor, status: str, allowed: tuple[str, ...], reason: str
) -> Partner:
    with system_context(), atomic():
        partner = _locked(partner_id)
        old = partner.status
        if old not in allowed:
            said = partner.get_status_display().lower()
            raise Conflict(f"{partner.company} is {said}. Nothing was changed.")
        partner.status, partner.status_reason = status, reason
        partner.decided_at, partner.decided_by_label = timezone.now(), actor.label[:200]
        partner.save(update_fields=["status", "status_reason", "decided_at", "decided_by_label"])
        if status == Status.SUSPENDED:
            tell_suspended(partner.workspace_id, reason)
        elif old == Status.SUSPENDED:
            tell_reinstated(partner.workspace_id)
        _note(partner, actor, "decide", {"status": old}, {"status": status, "reason": reason})
        mail_decision(partner, "reinstated" if old == Status.SUSPENDED else str(status))
    return partner


def _locked(partner_id: UUID) -> Partner:
    found: Partner | None = Partner.objects.select_for_update().filter(id=partner_id).first()
    if found is None:
        raise NotFound("There is no such partner.")
    return found


def _said(reason: str) -> str:
    text = reason.strip()
    if not text or len(text) > MAX_REASON:
        raise InvalidInput(
            "Say why: the partner reads it.",
            fields={"reason": f"1 to {MAX_REASON} characters."},
        )
    return text


def _note(
    partner: Partner, actor: Actor, action: str, old: dict[str, Any], new: dict[str, Any]
) -> None:
    record(
        action=action,
        resource="partner",
        resource_id=partner.id,
        actor=actor,
        workspace_id=partner.workspace_id,
        old=old,
        new=new,
        severity="warning",
    )
