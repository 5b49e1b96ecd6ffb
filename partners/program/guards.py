"""Who may open the portal: members of a workspace that sells."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.access.api import caller
from accounts.access.views import member_required
from accounts.workspaces.models import Role
from accounts.workspaces.requests import MemberRequest
from cursive.lib.errors import Forbidden

from .models import Partner

View = Callable[..., HttpResponseBase]


class PartnerRequest(MemberRequest):
    """What a request looks like inside a view that `partner_required` guards."""

    partner: Partner


def partner_of(workspace_id: UUID) -> Partner | None:
    """The workspace as a seller, whatever its status; None where it never applied."""
    found: Partner | None = Partner.objects.filter(workspace_id=workspace_id).first()
    return found


def lock_partner(workspace_id: UUID) -> Partner | None:
    """The same, as it stays until the caller's transaction ends: whoever puts leads on sale asks
    so, as a suspension locks the partner first, too, and submissions and listings after it."""
    partners = Partner.objects.filter(workspace_id=workspace_id)
    found: Partner | None = partners.select_for_update(no_key=True).first()
    return found


def require_partner(partner: Partner | None) -> Partner:
    """The partner, whatever they may do now. Raises Forbidden where there is none."""
    if partner is None:
        raise Forbidden("This workspace is no partner. Apply first.")
    return partner


def require_selling(partner: Partner | None) -> Partner:
    """The partner, who may sell now. Raises Forbidden with the reason."""
    partner = require_partner(partner)
    if not partner.may_sell:
        raise Forbidden(f"{partner.get_status_display()}. {partner.status_reason}".strip())
    return partner


def partner_required(
    view: View | None = None, *, role: str = Role.MEMBER, changes: bool = True
) -> Any:
    """Let members of a workspace in that is or was approved, and are at least `role`.

    Whoever has yet to be approved goes to the page that says how far the application is. What a
    suspended partner may still see they may see; changes are refused, but what is only sent as one,
    such as an export (`changes=False`).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: PartnerRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            partner = partner_of(request.workspace.id)
            if partner is None or partner.status not in (
                Partner.Status.APPROVED,
                Partner.Status.SUSPENDED,
            ):
                return redirect("partners:join")
            if changes and request.method not in {"GET", "HEAD", "OPTIONS"}:
                require_selling(partner)
            request.partner = partner
            return view(request, *args, **kwargs)

        return cast(View, member_required(guarded, role=role))

    return decorate(view) if view else decorate


class PartnerPermission(BasePermission):
    """Behind `WorkspacePermission`: the workspace sells, or sold and only reads."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True, or 403 with a sentence."""
        plain = caller(request)
        partner = partner_of(plain.workspace.id)
        if partner is None or request.method not in {"GET", "HEAD", "OPTIONS"}:
            require_selling(partner)
        elif partner.status not in (Partner.Status.APPROVED, Partner.Status.SUSPENDED):
            raise Forbidden("This workspace is not approved as a partner yet.")
        return True
