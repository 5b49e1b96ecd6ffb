"""Every API call passes here (C-17, C-19): counted before it is answered, recorded after."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import cast

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import timezone

from accounts.workspaces.requests import WorkspaceRequest
from cursive.lib.problems import problem

from .models import MAX_ENDPOINT, MAX_METHOD
from .operations import CountedCall, Decision, tighter
from .recording import Call, record_call

log = logging.getLogger(__name__)

PREFIX = "/api/"
# For everybody, for Stripe or for our staff: no use of a workspace's plan.
FREE = ("/api/docs/", "/api/schema", "/api/health", "/api/webhooks/", "/api/admin/")
UNKNOWN = "unknown"

Answer = Callable[[HttpRequest], HttpResponseBase]


class MeteredRequest(WorkspaceRequest):
    """What a call's request has besides: its count under way, then what came of it."""

    counted_call: CountedCall
    call_decision: Decision


class CallRecordingMiddleware:
    """Records calls with what became of them, and tells the limit's figures.

    Place it around `WorkspaceMiddleware`: so it sees the answer after the transaction is over,
    and measures that as well.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and record where `CallLimitMiddleware` has met a call."""
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        began = time.perf_counter()
        cast(WorkspaceRequest, request).on_identified = partial(_begin_to_count, request)
        try:
            response = self.get_response(request)
        finally:
            begun: CountedCall | None = getattr(request, "counted_call", None)
            if begun is not None:
                begun.drop()  # where nothing came of the request before it was asked for
        decision: Decision | None = getattr(request, "call_decision", None)
        if decision is not None:
            told = tighter(decision, getattr(request, "allowance", None))
            for name, value in told.headers.items():
                # A view's own limit that was passed tells its own figures.
                response.headers.setdefault(name, value)
            _record(request, response, decision, (time.perf_counter() - began) * 1000)
        return response


class CallLimitMiddleware:
    """Refuses calls past a limit. Place it inside `WorkspaceMiddleware`, which begins to count.

    An outage of what counts refuses no call, and fails none.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The view's answer, or 429."""
        begun: CountedCall | None = getattr(request, "counted_call", None)
        if begun is None:
            return self.get_response(request)
        try:
            decision = begun.decision()
        except Exception:
            log.exception("api_call_not_counted")
            return self.get_response(request)
        cast(MeteredRequest, request).call_decision = decision
        return self.get_response(request) if decision.allowed else _refusal(request, decision)


def _is_call(request: HttpRequest) -> bool:
    """Whether somebody with a workspace calls the API, by key or signed in."""
    if not request.path.startswith(PREFIX) or request.path.startswith(FREE):
        return False
    return getattr(request, "workspace", None) is not None


def _begin_to_count(request: HttpRequest) -> None:
    """Ask for the call's place as soon as its workspace is known: the answer comes while the
    request's transaction is opened.
    """
    workspace = cast(WorkspaceRequest, request).workspace
    if workspace is None or not _is_call(request):
        return
    try:
        cast(MeteredRequest, request).counted_call = CountedCall(workspace_id=workspace.id)
    except Exception:
        log.exception("api_call_not_counted")


def _refusal(request: HttpRequest, decision: Decision) -> JsonResponse:
    error = decision.error()
    body = problem(
        request, status=error.status, code=error.code, detail=error.message, **error.extra
    )
    return JsonResponse(
        body,
        status=error.status,
        content_type="application/problem+json",
        headers=error.headers,
    )


def _route(request: HttpRequest) -> str:
    """The name of the route; of a call that was refused before it was looked up as well (C-17)."""
    match = request.resolver_match
    if match is None:
        try:
            match = resolve(request.path_info, getattr(request, "urlconf", None))
        except Resolver404:
            return UNKNOWN
    return str(match.view_name)


def _record(
    request: HttpRequest, response: HttpResponseBase, decision: Decision, duration_ms: float
) -> None:
    call = cast(WorkspaceRequest, request)
    try:
        assert call.workspace is not None
        record_call(
            Call(
                workspace_id=call.workspace.id,
                created_at=timezone.now(),
                key_id=call.api_key.id if call.api_key else None,
                user_id=None if call.api_key else call.user.pk,
                endpoint=_route(request)[:MAX_ENDPOINT],
                method=(request.method or "").replace("\x00", "")[:MAX_METHOD],
                status=response.status_code,
                duration_ms=duration_ms,
                counted=decision.allowed,
            )
        )
    except Exception:
        log.exception("api_call_not_recorded")
