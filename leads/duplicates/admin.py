"""Duplicates in the lead database, for staff: start a look, and see what it found (L-14)."""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import display

from accounts.audit.admin import ReadOnlyAdmin
from accounts.workspaces.requests import actor_of
from cursive.lib.errors import DomainError
from cursive.lib.ui.formatting import format_duration, format_number

from .apart import take_back, tell_apart
from .catalogue import cancel_look, start_look
from .forms import ApartForm, LookForm
from .models import CatalogueLook
from .queries import pairs_of_look

SECONDS = 3
LIST = "admin:leads_cataloguelook_changelist"
PAGE = "admin:leads_cataloguelook_change"
APART = "admin:leads_cataloguelook_apart"


@admin.register(CatalogueLook)
class CatalogueLookAdmin(ReadOnlyAdmin):
    """All looks, newest first; each with its first pairs side by side."""

    list_display = (
        "created_at",
        "state_label",
        "looked_at",
        "version",
        "pairs_found",
        "groups_found",
        "took",
        "started_by",
    )
    list_before_template = "leads/duplicates/admin/_start.html"
    change_form_outer_before_template = "leads/duplicates/admin/_cancel.html"
    change_form_outer_after_template = "leads/duplicates/admin/_pairs.html"
    ordering = ("-id",)
    # Read by the list of the admin where nothing is in it.
    nothing_yet = "Nobody has looked for duplicates yet. Say above how many people to look at."
    fields = readonly_fields = (
        *("state", "looked_at", "version", "pairs_found", "sure", "groups_found"),
        *("started_by", "created_at", "started_at", "took", "error"),
    )

    @display(
        description="State",
        label={"done": "success", "failed": "danger", "running": "info", "waiting": "warning"},
    )
    def state_label(self, look: CatalogueLook) -> tuple[str, str]:
        """The state, in its colour."""
        stopping = look.cancel_requested and not look.is_over
        return look.state, "Stopping" if stopping else str(look.get_state_display())

    @admin.display(description="Looked at")
    def looked_at(self, look: CatalogueLook) -> str:
        """How much of the lead database it is about."""
        if look.state != look.State.DONE:
            return f"the best {format_number(look.wanted)} people"
        if look.people == look.of_people:
            return f"all {format_number(look.people)} people"
        best, everybody = format_number(look.people), format_number(look.of_people)
        return f"the best {best} of {everybody} people"

    @admin.display(description="Pairs")
    def pairs_found(self, look: CatalogueLook) -> str:
        """How many, and how many of them by address or number."""
        if look.state != look.State.DONE:
            return "–"
        exact = f"{format_number(look.exact_pairs)} with the same e-mail or phone"
        return f"{format_number(look.pairs)}, {exact}" if look.pairs else "none"

    @admin.display(description="By confidence")
    def sure(self, look: CatalogueLook) -> str:
        """How many pairs are how sure."""
        said, most = [], 100
        for least, count in look.by_confidence:
            said.append(f"{least} to {most} %: {format_number(count)}")
            most = least - 1
        return ", ".join(said) or "–"

    @admin.display(description="Groups")
    def groups_found(self, look: CatalogueLook) -> str:
        """How many people they would make of how many."""
        if look.state != look.State.DONE:
            return "–"
        groups, grouped = format_number(look.groups), format_number(look.grouped)
        return f"{groups} of {grouped} people together" if look.groups else "none"

    @admin.display(description="Took")
    def took(self, look: CatalogueLook) -> str:
        """From its beginning to its end."""
        if look.started_at is None or look.finished_at is None:
            return "–"
        return format_duration((look.finished_at - look.started_at).total_seconds())

    def get_urls(self) -> list[URLPattern]:
        """With the addresses that start and cancel."""
        start = self.admin_site.admin_view(require_POST(self.start))
        cancel = self.admin_site.admin_view(require_POST(self.cancel))
        apart = self.admin_site.admin_view(require_POST(self.apart))
        return [
            path("start/", start, name="leads_cataloguelook_start"),
            path("<int:look_id>/cancellation/", cancel, name="leads_cataloguelook_cancel"),
            path("<int:look_id>/apart/", apart, name="leads_cataloguelook_apart"),
            *super().get_urls(),
        ]

    def start(self, request: HttpRequest) -> HttpResponse:
        """Start a look at as many people as the form says."""
        self._check(request, "add")
        form = LookForm(request.POST)
        if not form.is_valid():
            said = " ".join(str(error) for errors in form.errors.values() for error in errors)
            self.message_user(request, said, messages.ERROR)
            return redirect(LIST)
        try:
            look = start_look(people=form.cleaned_data["people"], actor=actor_of(request))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return redirect(LIST)
        if look.wanted != form.cleaned_data["people"]:
            self.message_user(request, "Another look is under way: this one.", messages.WARNING)
        return redirect(PAGE, look.pk)

    def cancel(self, request: HttpRequest, look_id: int) -> HttpResponse:
        """End a look that isn't over."""
        self._check(request, "change")
        try:
            cancel_look(look_id=look_id, actor=actor_of(request))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.WARNING)
        return redirect(PAGE, look_id)

    def apart(self, request: HttpRequest, look_id: int) -> HttpResponse:
        """Remember that two people of a look are not the same, or take that back."""
        self._check(request, "change")
        form = ApartForm(request.POST)
        if not form.is_valid():
            raise SuspiciousOperation("no pair of people")
        given = form.cleaned_data
        change = take_back if given["back"] else tell_apart
        try:
            change(first=given["first"], second=given["second"], actor=actor_of(request))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            said = "The pair is shown again." if given["back"] else "Remembered as two people."
            self.message_user(request, said, messages.SUCCESS)
        view = {"page": given["page"] or 1, **({"apart": 1} if given["back"] else {})}
        return redirect(f"{reverse(PAGE, args=[look_id])}?{urlencode(view)}#pairs")

    def _check(self, request: HttpRequest, verb: str) -> None:
        if not self._may(request, verb):
            raise PermissionDenied

    def _may(self, request: HttpRequest, verb: str) -> bool:
        return bool(request.user.has_perm(f"leads.{verb}_cataloguelook"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All looks, with the form that starts another above them."""
        form = LookForm() if self._may(request, "add") else None
        context = {"form": form, "title": "Duplicates in the lead database"}
        answer = super().changelist_view(request, context | (extra_context or {}))
        if request.method == "GET" and CatalogueLook.objects.active().exists():
            answer["Refresh"] = str(SECONDS)
        return cast(HttpResponse, answer)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One look, with its first pairs as they are in the lead database now."""
        context = dict(extra_context or {})
        look = self.get_object(request, object_id)
        if look is not None and self.has_view_permission(request, look):
            context["title"] = str(look)
            if look.is_over:
                apart = "apart" in request.GET
                context["found"] = pairs_of_look(
                    look, page=request.GET.get("page", ""), apart=apart
                )
                context["apart"] = apart
                if self._may(request, "change"):
                    context["apart_url"] = reverse(APART, args=[look.pk])
            elif self._may(request, "change") and not look.cancel_requested:
                address = reverse("admin:leads_cataloguelook_cancel", args=[look.pk])
                context["cancel_url"] = address
        answer = super().change_view(request, object_id, form_url, context)
        if look is not None and not look.is_over:
            answer["Refresh"] = str(SECONDS)
        return cast(HttpResponse, answer)
