"""Registers what analytics offer to the other floors."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Dashboards and jobs."""

    name = "analytics"

    def ready(self) -> None:
        from cursive.lib.ui.navigation import Entry, register

        register(
            Entry("Dashboard", "dashboard", icon="home", order=10, shortcut="g d"),
            Entry("Jobs", "jobs:list", icon="activity", order=60, shortcut="g j", words="progress"),
        )
