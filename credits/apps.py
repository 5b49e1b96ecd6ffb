"""Registers what credits offer to the other floors."""

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    """Credits."""

    name = "credits"

    def ready(self) -> None:
        from credits.ledger.queries import jobs_as_references, register_reference
        from cursive.lib.ui.navigation import Entry, register

        register(
            Entry(
                "Credits",
                "credits:overview",
                icon="coins",
                order=50,
                shortcut="g c",
                words="balance billing buy packages history ledger",
            )
        )
        register_reference("job", jobs_as_references)
