"""How requests are served: pages in threads, event streams beside them, in one process.

Django's own ASGI handler goes from the event loop to a thread and back twice for each page, since
it runs the view as if it might be a coroutine. Our middleware and views are all plain functions,
so the whole of a page is one trip here; what it answers may still be an asynchronous stream.
"""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import FunctionType
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from cursive.lib.problems import problem

log = logging.getLogger(__name__)

Message = Mapping[str, Any]
_CUT_OFF = "The request ended before its body did. Send it again, whole."
# In words of 8 bytes; see `with_room`.
ROOM = 20_000


class CutOff(Exception):
    """The connection, or the client's half of it, was closed in the middle of a body."""


class PageHandler(ASGIHandler):
    """The ASGI application.

    Pages of a process share one interpreter lock and one pool of connections: beyond some at once
    they only slow each other down, so the others wait for their turn, first come, first served.
    A stream keeps no turn once it has begun.
    """

    def __init__(self) -> None:
        super().__init__()
        self._answer = sync_to_async(with_room(self.get_response), thread_sensitive=True)
        self._turns = asyncio.Semaphore(settings.PAGES_AT_ONCE)

    def load_middleware(self, is_async: bool = False) -> None:
        """The middleware as plain functions, whatever is asked for."""
        super().load_middleware(is_async=False)

    async def handle(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Serve one request; one whose body is cut off is told so, since it may still listen.

        Django answers nothing then, of which the server makes a bare 500.
        """
        try:
            await super().handle(scope, receive, send)
        except CutOff:
            log.info("request_cut_off", extra={"path": scope["path"]})
            await self.send_response(_cut_off(scope["path"]), send)

    async def read_body(self, receive: Callable[[], Awaitable[Message]]) -> Any:
        """The body as a file. Raises CutOff where it has no end."""
        try:
            return await super().read_body(receive)
        except RequestAborted as error:
            raise CutOff from error

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """What the middleware and the view answer to a request."""
        async with self._turns:
            return await self._answer(request)


def _cut_off(path: str) -> HttpResponse:
    if not path.startswith("/api/"):
        return HttpResponse(_CUT_OFF, status=400, content_type="text/plain; charset=utf-8")
    return JsonResponse(
        problem(HttpRequest(), status=400, code="cut_off", detail=_CUT_OFF),
        status=400,
        content_type="application/problem+json",
    )


def with_room(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, called with room for deep calls below it.

    Up to 3.13, CPython maps a new piece of its stack each time that a call crosses the end of one
    (16 KB), and unmaps it on return (python/cpython#142183). A loop in a template sits just there,
    deep down, and crosses with every variable: a fifth of a page's time went into it. A caller
    that claims a large frame gets a piece in which all the rest has room.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return FunctionType(
        call.__code__.replace(co_stacksize=ROOM),
        call.__globals__,
        closure=call.__closure__,
    )


def settle() -> None:
    """Tell the garbage collector that what was loaded until now stays.

    Else each full collection walks the whole application, a tenth of a page's time.
    """
    gc.collect()
    gc.freeze()
