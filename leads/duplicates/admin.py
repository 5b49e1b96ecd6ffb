"""Duplicates in the lead database, for staff: start a look, and see what it found (L-14)."""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import display

from accounts.audit.admin import ReadOnlyAdmin
from accounts.workspaces.requests import actor_of
from cursive.lib.errors import DomainError, NotFound
from cursive.lib.ui.formatting import format_duration, format_number
from leads.catalogue.models import CatalogueMerge

from .apart import take_back, tell_apart
from .catalogue import cancel_look, start_look
from .forms import ApartForm, LookForm, SameForm, UndoForm
from .models import UNDO_KEPT, CatalogueLook
from .queries import APART, MERGED, OPEN, pairs_of_look, side_by_side, two_people
from .same import better_of, can_undo, merge_people, undo_people_merge

SECONDS = 3
LIST = "admin:leads_cataloguelook_changelist"
PAGE = "admin:leads_cataloguelook_change"
TELL_APART = "admin:leads_cataloguelook_apart"
MERGE = "admin:leads_cataloguelook_merge"
MERGE_PAGE = "admin:leads_cataloguemerge_change"
UNDO = "admin:leads_cataloguemerge_undo"
MAY_MERGE, MAY_UNDO = "leads.add_cataloguemerge", "leads.change_cataloguemerge"


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
        merge = self.admin_site.admin_view(self.merge)
        return [
            path("<int:look_id>/merge/", merge, name="leads_cataloguelook_merge"),
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
        return _to_pairs(look_id, given["page"], APART if given["back"] else OPEN)

    def merge(self, request: HttpRequest, look_id: int) -> HttpResponse:
        """Ask whether one of two people is to be hidden as the same as the other; then do it."""
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied
        form = SameForm(request.POST if request.method == "POST" else request.GET)
        if not form.is_valid():
            raise SuspiciousOperation("no pair of people")
        hidden, kept, page = (form.cleaned_data[name] for name in ("hidden", "kept", "page"))
        try:
            if request.method == "POST":
                merge_people(hidden=hidden, kept=kept, actor=actor_of(request))
                self.message_user(request, "They are one person now.", messages.SUCCESS)
                return _to_pairs(look_id, page)
            people = two_people(hidden, kept)
            if people is None:
                raise NotFound("One of the two is not in the lead database any more.")
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return _to_pairs(look_id, page)
        context = {
            **self.admin_site.each_context(request),
            **{"title": "Merge two people", "opts": self.opts, "page": page or 1},
            **{"hidden": hidden, "kept": kept, "lines": side_by_side(*people)},
            **{"is_worse": better_of(*people) == 0, "days": UNDO_KEPT.days},
            "back": _address_of_pairs(look_id, page),
        }
        return render(request, "leads/duplicates/admin/merge_people.html", context)

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
                kind = next((one for one in (APART, MERGED) if one in request.GET), OPEN)
                page = request.GET.get("page", "")
                context |= {
                    "found": pairs_of_look(look, page=page, kind=kind),
                    "kind": kind,
                    "is_cut": len(look.shown) < look.pairs,
                    "may_undo": request.user.has_perm(MAY_UNDO),
                }
                if self._may(request, "change"):
                    context["apart_url"] = reverse(TELL_APART, args=[look.pk])
                if request.user.has_perm(MAY_MERGE):
                    context["merge_url"] = reverse(MERGE, args=[look.pk])
            elif self._may(request, "change") and not look.cancel_requested:
                address = reverse("admin:leads_cataloguelook_cancel", args=[look.pk])
                context["cancel_url"] = address
        answer = super().change_view(request, object_id, form_url, context)
        if look is not None and not look.is_over:
            answer["Refresh"] = str(SECONDS)
        return cast(HttpResponse, answer)


@admin.register(CatalogueMerge)
class CatalogueMergeAdmin(ReadOnlyAdmin):
    """All merges of people of the lead database, newest first; each can be undone for 30 days."""

    list_display = ("merged_at", "people", "state_label", "undo_until", "merged_by")
    change_form_outer_before_template = "leads/duplicates/admin/_undo.html"
    change_form_outer_after_template = "leads/duplicates/admin/_merged.html"
    ordering = ("-id",)
    # Read by the list of the admin where nothing is in it.
    nothing_yet = "Nobody has merged people yet. A look for duplicates shows who may be the same."
    fields = readonly_fields = (
        *("people", "merged_at", "merged_by", "undo_until", "undone_at", "undone_by"),
    )

    @admin.display(description="Person")
    def people(self, merge: CatalogueMerge) -> str:
        """Who went into whom."""
        return f"{merge.hidden_id} into {merge.kept_id}"

    @display(description="State", label={"undone": "warning", "merged": "success"})
    def state_label(self, merge: CatalogueMerge) -> tuple[str, str]:
        """Whether it is in force, in its colour."""
        return ("undone", "Undone") if merge.undone_at else ("merged", "Merged")

    @admin.display(description="Can be undone until")
    def undo_until(self, merge: CatalogueMerge) -> str:
        """The day, as long as it can be."""
        return f"{merge.merged_at + UNDO_KEPT:%-d %b %Y}" if can_undo(merge) else "–"

    def get_urls(self) -> list[URLPattern]:
        """With the address that undoes."""
        undo = self.admin_site.admin_view(require_POST(self.undo))
        name = "leads_cataloguemerge_undo"
        return [path("<int:merge_id>/undo/", undo, name=name), *super().get_urls()]

    def undo(self, request: HttpRequest, merge_id: int) -> HttpResponse:
        """Undo a merge, and go back to the look that it was seen on."""
        if not request.user.has_perm(MAY_UNDO):
            raise PermissionDenied
        form = UndoForm(request.POST)
        if not form.is_valid():
            raise SuspiciousOperation("no look")
        try:
            undo_people_merge(merge_id=merge_id, actor=actor_of(request))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.WARNING)
        else:
            said = "They are two people again, and who owns them is as without the merge."
            self.message_user(request, said, messages.SUCCESS)
        look, page = form.cleaned_data["look"], form.cleaned_data["page"]
        return _to_pairs(look, page, MERGED) if look else redirect(MERGE_PAGE, merge_id)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One merge, with both people as they are in the lead database now."""
        context = dict(extra_context or {})
        merge = self.get_object(request, object_id)
        if merge is not None and self.has_view_permission(request, merge):
            context |= {"title": f"Merge of {merge}", "lines": _lines_of(merge)}
            if can_undo(merge) and request.user.has_perm(MAY_UNDO):
                context["undo_url"] = reverse(UNDO, args=[merge.pk])
        return cast(HttpResponse, super().change_view(request, object_id, form_url, context))


def _lines_of(merge: CatalogueMerge) -> list[tuple[str, str, str]]:
    try:
        people = two_people(merge.hidden_id, merge.kept_id)
    except DomainError:  # no lead database, or it is busy: the merge itself can be read
        return []
    return side_by_side(*people) if people else []


def _address_of_pairs(look_id: int, page: int | None, kind: str = OPEN) -> str:
    view = {"page": page or 1, **({kind: 1} if kind else {})}
    return f"{reverse(PAGE, args=[look_id])}?{urlencode(view)}#pairs"


def _to_pairs(look_id: int, page: int | None, kind: str = OPEN) -> HttpResponse:
    return redirect(_address_of_pairs(look_id, page, kind))
