"""Views that the product has none of, to see what the middleware does with them."""

import asyncio

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.messages import get_messages
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.urls import include, path
from django.utils import timezone

from accounts.workspaces.models import Membership, Workspace
from cursive.lib.errors import Conflict
from cursive.lib.tenancy import current_workspace_id, tenant_context


def rename(request, to):
    """Change something, then answer as asked."""
    Workspace.objects.filter(id=request.workspace.id).update(name=to)
    if to == "crash":
        raise RuntimeError("on purpose")
    if to == "refuse":
        raise Conflict("On purpose.")
    return HttpResponse("ok", status=503 if to == "unavailable" else 200)


def who(request):
    """What the request knows."""
    return HttpResponse(
        f"{request.workspace} {request.membership} {current_workspace_id()}"
        f" {timezone.get_current_timezone_name()} {len(list(get_messages(request)))}"
    )


def stream(request):
    """A line per look at the people, as a plain generator."""

    def lines():
        for number in range(3):
            yield f"{number}:{Membership.objects.count()} "

    return StreamingHttpResponse(lines())


def broken_stream(request):
    """Breaks after its first line."""

    def lines():
        yield "first"
        Workspace.objects.filter(id=request.workspace.id).update(name="half")
        raise RuntimeError("on purpose")

    return StreamingHttpResponse(lines())


async def events(request):
    """An asynchronous stream, which enters the workspace itself."""
    workspace_id = request.workspace.id

    def look():
        with tenant_context(workspace_id):
            return Membership.objects.count()

    async def lines():
        for number in range(3):
            yield f"{number}:{await sync_to_async(look)()} "
            await asyncio.sleep(0)

    return StreamingHttpResponse(lines())


async def page(request):
    """An asynchronous page inside the workspace."""
    return HttpResponse(str(await Membership.objects.acount()))


def file(request):
    """A file."""
    return FileResponse((settings.BASE_DIR / "manage.py").open("rb"))


handler429 = "accounts.access.views.too_many_requests"
urlpatterns = [
    path("odd/rename/<str:to>/", rename),
    path("odd/who/", who),
    path("odd/stream/", stream),
    path("odd/broken-stream/", broken_stream),
    path("odd/events/", events),
    path("odd/page/", page),
    path("odd/file/", file),
    path("", include("cursive.urls")),
]
