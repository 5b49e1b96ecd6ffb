"""Notices who reaches for another workspace's things by their ids (A-8)."""

import logging
from uuid import UUID

from django.db import DatabaseError
from django.http.response import HttpResponseBase

from accounts.security.models import Kind, Risk
from accounts.security.operations import note_security_event
from accounts.security.queries import owner_of
from accounts.workspaces.requests import WorkspaceRequest

log = logging.getLogger(__name__)


def watch_crossing(request: WorkspaceRequest, response: HttpResponseBase) -> None:
    """Look, after this 404 is sent, whether its address names what another workspace owns.

    The answer says nothing of it, and is sent before anybody looks, so that how long it takes
    says nothing either. What another workspace of the same person owns is no attempt: they only
    have to switch.
    """
    match = request.resolver_match
    ids = [value for value in match.kwargs.values() if isinstance(value, UUID)] if match else []
    if not ids or request.workspace is None:
        return
    own = {request.workspace.id, *(one.workspace_id for one in request.memberships)}
    closers = response._resource_closers  # type: ignore[attr-defined]
    closers.append(lambda: _note(request, ids, own))


def _note(request: WorkspaceRequest, ids: list[UUID], own: set[UUID]) -> None:
    try:
        found = owner_of(ids, besides=own)
    except DatabaseError:
        log.exception("crossing_not_looked_at")
        return
    if found is None or request.workspace is None:
        return
    note_security_event(
        kind=Kind.CROSS_WORKSPACE,
        risk=Risk.HIGH,
        # Of no workspace: it would tell the one that tried that the id exists.
        workspace_id=None,
        actor=request.actor,
        detail={
            "from_workspace": request.workspace.id,
            "of_workspace": found.workspace_id,
            "what": found.what,
            "id": found.id,
        },
    )
