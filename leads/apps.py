"""Registers what leads offer to the other floors."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Leads."""

    name = "leads"
