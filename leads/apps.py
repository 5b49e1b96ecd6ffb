"""Registers what leads offer to the other floors."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """The catalogue, leads, and what is done with them."""

    name = "leads"

    def ready(self) -> None:
        from cursive.lib.jobs.registry import register_kind
        from cursive.lib.ui.navigation import Entry, register
        from leads.exports.operations import ExportHandler

        register_kind(ExportHandler())
        register(Entry("Leads", "leads:list", icon="users", order=40, shortcut="g l"))
