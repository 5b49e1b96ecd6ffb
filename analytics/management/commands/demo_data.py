"""Make what is missing of the demo."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analytics.demo.operations import make_demo


class Command(BaseCommand):
    help = "Make the demo's people, workspaces, credits, lead database and first leads."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo isn't for production.")
        make_demo(say=self.stdout.write)
