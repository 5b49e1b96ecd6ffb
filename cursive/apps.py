"""Registers the ground floor's own health checks."""

from django.apps import AppConfig


class CursiveConfig(AppConfig):
    """The ground floor's tables and checks."""

    name = "cursive"
    verbose_name = "Cursive"

    def ready(self) -> None:
        from cursive.lib import probes  # models are loaded only now

        probes.register()
