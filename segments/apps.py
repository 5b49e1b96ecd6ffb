"""Registers what segments offer to the other floors."""

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """Finding people: the search page, saved segments, and pulling from them."""

    name = "segments"

    def ready(self) -> None:
        from credits.ledger.checks import register_ledger_check
        from cursive.lib.jobs.registry import register_kind
        from cursive.lib.ui.navigation import Entry, register
        from leads.records.checks import CHARGED_IS_DELIVERED

        from .saved.operations import SegmentPullHandler

        register_kind(SegmentPullHandler())
        register_ledger_check("charged leads are delivered leads", CHARGED_IS_DELIVERED)
        register(
            Entry(
                "Search",
                "segments:new",
                icon="world-search",
                order=20,
                shortcut="g f",
                words="find people database prospects count",
            ),
            Entry(
                "Segments",
                "segments:list",
                icon="target",
                order=30,
                shortcut="g s",
                words="saved searches lists audiences",
                exact=False,
            ),
        )
