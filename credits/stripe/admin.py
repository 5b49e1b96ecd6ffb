"""Stripe's events and customers for staff: states, errors, payloads, and trying again (C-10)."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.audit.admin import ReadOnlyAdmin, text_filter
from accounts.workspaces.admin import link_from_workspace
from accounts.workspaces.requests import actor_of
from cursive.lib.errors import DomainError

from .models import StripeCustomer, StripeEvent
from .operations import retry_event

WORKSPACE_FILTER = text_filter("workspace", "workspace's id", "workspace_id", UUID)
LABELS = {"pending": "warning", "done": "success", "ignored": "info", "failed": "danger"}
link_from_workspace("Stripe events", "admin:credits_stripeevent_changelist", "workspace")
link_from_workspace("Stripe customer", "admin:credits_stripecustomer_changelist", "workspace")


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """Everything that Stripe has told, newest first. What failed is tried again from here."""

    list_display = (
        "received_at",
        "type",
        "state_label",
        "try_again",
        "attempts",
        "next_try",
        "short_error",
        "workspace",
        "stripe_event_id",
    )
    list_display_links = ("received_at", "type")
    list_select_related = ("workspace",)
    list_filter = (
        "state",
        text_filter("kind", "type starts with", "type__startswith"),
        text_filter("event", "event's id", "stripe_event_id"),
        WORKSPACE_FILTER,
        text_filter("text", "error holds", "error__icontains"),
        "received_at",
    )
    list_filter_submit = True
    ordering = ("-received_at", "-id")
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("try_chosen_again",)
    change_form_outer_before_template = "credits/stripe/_try_again.html"
    fields = readonly_fields = (
        "stripe_event_id",
        "type",
        "state",
        "error",
        "attempts",
        "workspace",
        "received_at",
        "next_try",
        "finished_at",
        "content",
    )

    @display(description="State", label=LABELS, ordering="state")
    def state_label(self, event: StripeEvent) -> tuple[str, str]:
        """The state, in its colour."""
        return event.state, event.get_state_display()

    @admin.display(description="Next attempt")
    def next_try(self, event: StripeEvent) -> Any:
        """When it is tried next, or nothing where it isn't."""
        return event.next_attempt_at if event.state == StripeEvent.State.PENDING else None

    @admin.display(description="Error")
    def short_error(self, event: StripeEvent) -> str:
        """The beginning of what went wrong."""
        return event.error[:120]

    @admin.display(description="")
    def try_again(self, event: StripeEvent) -> SafeString:
        """A button that sends the list's form to the event's own address."""
        if not event.can_retry:
            return SafeString("")
        return format_html(
            '<button type="submit" formaction="{}" class="cursor-pointer text-primary-600'
            ' dark:text-primary-500 font-medium whitespace-nowrap">Try again</button>',
            _retry_url(event.pk),
        )

    @admin.display(description="As Stripe sent it")
    def content(self, event: StripeEvent) -> SafeString:
        """The whole payload, in a box of its own that scrolls, also with keys."""
        if not event.payload:
            return SafeString("Emptied 90 days after the event was settled.")
        return format_html(
            '<textarea readonly rows="24" aria-label="As Stripe sent it"'
            ' class="bg-transparent border border-base-200 dark:border-base-700 font-mono p-2'
            ' rounded-default text-xs w-full">{}</textarea>',
            json.dumps(event.payload, indent=2, sort_keys=True, ensure_ascii=False),
        )

    @admin.action(description="Try again", permissions=["retry"])
    def try_chosen_again(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> None:
        """Those chosen that failed or wait; says how many of them couldn't be."""
        refused = 0
        chosen = list(queryset.values_list("id", flat=True))
        for event_id in chosen:
            try:
                retry_event(event_id=event_id, actor=actor_of(request))
            except DomainError:
                refused += 1
        if taken := len(chosen) - refused:
            self.message_user(request, f"Processed again: {taken}.")
        if refused:
            told = f"Left alone, being done, ignored or just in work: {refused}."
            self.message_user(request, told, messages.WARNING)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Who may change events may have them processed again."""
        return bool(request.user.has_perm("credits.change_stripeevent"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[StripeEvent]:
        """Without the payloads, which only the page of one event shows."""
        return super().get_queryset(request).defer("payload")

    def get_urls(self) -> list[URLPattern]:
        """With the address that 'Try again' is sent to."""
        retry = path(
            "<uuid:event_id>/retry/",
            self.admin_site.admin_view(self.retry),
            name="credits_stripeevent_retry",
        )
        return [retry, *super().get_urls()]

    def retry(self, request: HttpRequest, event_id: UUID) -> HttpResponse:
        """One click: process it again, and go back to where it was asked for."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_retry_permission(request):
            raise PermissionDenied
        try:
            event = retry_event(event_id=event_id, actor=actor_of(request))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, f"{event.type} is processed again.")
        asked_on = request.headers.get("Referer", "")
        if url_has_allowed_host_and_scheme(asked_on, {request.get_host()}, request.is_secure()):
            return redirect(asked_on)
        return redirect("admin:credits_stripeevent_changelist")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One event; with the button where it can be tried again."""
        context = {"retry_url": ""}
        event = self.get_object(request, object_id)
        if event is not None and event.can_retry and self.has_retry_permission(request):
            context["retry_url"] = _retry_url(event.pk)
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))


def _retry_url(event_id: UUID) -> str:
    return reverse("admin:credits_stripeevent_retry", args=[event_id])


@admin.register(StripeCustomer)
class StripeCustomerAdmin(ReadOnlyAdmin):
    """Which customer of Stripe's each workspace is."""

    list_display = ("customer_id", "workspace", "mode", "created_at")
    list_select_related = ("workspace",)
    list_filter = ("mode", WORKSPACE_FILTER)
    list_filter_submit = True
    search_fields = ("customer_id", "workspace__name")
    ordering = ("-created_at", "-id")
    show_full_result_count = False
