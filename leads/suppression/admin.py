"""The suppression list for staff: add people, ask whether somebody is on it, take off (A-18)."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.workspaces.requests import actor_of
from credits.purchases.admin import DecidedAdmin
from cursive.lib.errors import DomainError
from cursive.lib.ui.formatting import format_number

from .forms import LiftForm, SuppressForm
from .models import SuppressedContact
from .operations import Suppressed, lift_suppression, suppress_contacts
from .queries import hash_of
from .reading import read_contact

LIST = "admin:leads_suppressedcontact_changelist"


@admin.register(SuppressedContact)
class SuppressedContactAdmin(DecidedAdmin):
    """All contacts of the list, newest first. None can be read: they are hashes."""

    list_display = ("added_at", "kind", "reason", "people", "added_by", "decision")
    list_display_links = ("added_at",)
    list_select_related = False
    list_filter = ("kind", "reason", "added_at")
    ordering = ("-id",)
    search_fields = ("contact_hash",)
    search_help_text = "A whole e-mail address, or phone number with +: is it on the list?"
    fields = readonly_fields = ("kind", "reason", "people", "added_by", "added_at")
    nothing_yet = "Nobody is on the suppression list yet."
    decision_form = LiftForm
    decision_title = "Take off the list"

    @admin.display(description="Left the lead database")
    def people(self, row: SuppressedContact) -> str:
        """How many people of the lead database had it."""
        return format_number(len(row.catalogue_ids))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SuppressedContact], search_term: str
    ) -> tuple[QuerySet[SuppressedContact], bool]:
        """The one row of an address or number: a part of it finds nobody."""
        if not search_term.strip():
            return queryset, False
        asked = read_contact(search_term.strip())
        if asked is None:
            return queryset.none(), False
        return queryset.filter(contact_hash=hash_of(asked.form)), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may add rows."""
        return bool(request.user.has_perm("leads.add_suppressedcontact"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form that puts people on the list; what was typed stays where it is refused."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = SuppressForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                done = suppress_contacts(**form.cleaned_data, actor=actor_of(request))
            except DomainError as refusal:
                for name, said in refusal.fields.items():
                    form.add_error(name, said)
            else:
                self.message_user(request, _said(done))
                return redirect(LIST)
        context = {
            **self.admin_site.each_context(request),
            "title": "Add to the suppression list",
            "opts": self.opts,
            "form": form,
            "back": reverse(LIST),
        }
        return render(request, "leads/suppression/admin/suppress.html", context)

    def is_open(self, row: SuppressedContact) -> bool:
        """Everything on the list can be taken off it."""
        return True

    def facts(self, row: SuppressedContact) -> list[tuple[str, object]]:
        """All that is known of it."""
        return [
            ("Kind", row.get_kind_display()),
            ("Why it is on the list", row.get_reason_display()),
            ("Put there", f"{row.added_at:%-d %b %Y} by {row.added_by}"),
            ("Left the lead database for it", format_number(len(row.catalogue_ids))),
        ]

    def decide(self, request: HttpRequest, row: SuppressedContact, given: dict[str, Any]) -> str:
        """Take it off."""
        people = lift_suppression(
            contact_id=row.pk, reason=given["reason"], actor=actor_of(request)
        )
        return f"Taken off the list. Records of the lead database that are found again: {people:,}."


def _said(done: Suppressed) -> str:
    """What came of adding people, in figures."""
    parts = [f"Put on the list: {done.added:,}"]
    if done.known:
        parts.append(f"on it already: {done.known:,}")
    parts.append(f"records taken out of the lead database: {done.people:,}")
    parts += [f"{name} withdrawn: {number:,}" for name, number in done.removed.items()]
    return f"{'; '.join(parts)}."
