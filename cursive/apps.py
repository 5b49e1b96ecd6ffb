"""Registers the ground floor's own health checks."""

from django.apps import AppConfig


class CursiveConfig(AppConfig):
    """The ground floor's tables and checks."""

    name = "cursive"
    verbose_name = "Cursive"

    def ready(self) -> None:
        from django.core import checks

        from cursive.lib import probes  # models are loaded only now
        from cursive.lib.ui.navigation import check_navigation

        probes.register()
        checks.register(check_navigation, "urls")
