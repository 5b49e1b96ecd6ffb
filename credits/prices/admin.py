"""Prices, packages and plans for staff. Every change is in the audit log."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.audit.admin import AuditedAdmin

from .models import Package, Plan, Price


class PriceListAdmin(AuditedAdmin):
    """Rows of the price list: taken off sale, but never deleted, since the past names them."""

    list_display_links = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Price)
class PriceAdmin(PriceListAdmin):
    """What an action costs. The product asks by `action`, so rows come with the product."""

    list_display = ("label", "action", "credits", "unit", "minimum_units", "note")
    list_display_links = ("label",)
    fields = (
        "action",
        "label",
        "credits",
        "unit",
        "per_cents",
        "minimum_units",
        "note",
        "position",
    )
    readonly_fields = ("action",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A price that nothing asks for would mean nothing."""
        return False


@admin.register(Package)
class PackageAdmin(PriceListAdmin):
    """Credits that are bought at once."""

    list_display = ("name", "credits", "price_cents", "popular", "active", "position")
    list_filter = ("active",)


@admin.register(Plan)
class PlanAdmin(PriceListAdmin):
    """Monthly plans."""

    list_display = ("name", "price_cents", "credits", "calls", "past_limit", "active", "position")
    list_filter = ("active",)
