"""Answers that are sent piece by piece: no transaction is open while the client reads."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest
from django.http.response import FileResponse, HttpResponseBase, StreamingHttpResponse

from cursive.lib.tenancy import tenant_context

END = object()


def continue_stream(
    request: HttpRequest, response: HttpResponseBase, workspace_id: UUID | None
) -> None:
    """Let a streamed answer be made inside its workspace, one transaction a piece.

    The view's generator reads what it needs for one piece between two yields; neither a database
    cursor nor a transaction of its own may live past a yield, so it pages by key. On ASGI the
    pieces are made in a thread, one by one: Django by itself would make them all before it sends
    the first. A generator that is asynchronous is left alone: it enters `tenant_context` itself,
    in a thread.

    Connections are given back before and between the pieces: a stream may be open for long.
    """
    assert isinstance(response, StreamingHttpResponse)
    _give_back_connections()
    if response.is_async:
        return
    is_file = isinstance(response, FileResponse)
    on_asgi = isinstance(request, ASGIRequest)
    if is_file and not on_asgi:
        return  # the server may send it by itself
    pieces: Iterator[Any] = iter(cast(Iterator[bytes], response.streaming_content))
    if workspace_id is not None and not is_file:
        pieces = _pieces(pieces, workspace_id)
    response.streaming_content = _from_thread(pieces) if on_asgi else pieces


def _pieces(inner: Iterator[Any], workspace_id: UUID) -> Iterator[Any]:
    while True:
        try:
            with tenant_context(workspace_id):
                piece = next(inner, END)
        finally:
            _give_back_connections()
        if piece is END:
            return
        yield piece


async def _from_thread(pieces: Iterator[Any]) -> AsyncIterator[Any]:
    def take() -> Any:
        return next(pieces, END)

    while (piece := await sync_to_async(take)()) is not END:
        yield piece


def _give_back_connections() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
