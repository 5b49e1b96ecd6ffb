"""Show the versions of the lead database, or switch between them."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timesince import timesince

from cursive.lib.errors import DomainError
from leads.catalogue.snapshots import Snapshots


class Command(BaseCommand):
    help = "Show the kept versions of the lead database: rows, age and size."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--switch", type=int, metavar="N", help="put the kept version N in force, at once"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        snapshots = Snapshots(Path(settings.CATALOGUE_DIR))
        if options["switch"] is not None:
            try:
                snapshots.switch_to(options["switch"])
            except DomainError as error:
                raise CommandError(error.message) from error
        versions = snapshots.versions()
        if not versions:
            self.stdout.write("No catalogue has been loaded yet.")
        for version in versions:
            age = timesince(version.built_at, datetime.now(UTC), depth=1).replace("\xa0", " ")
            self.stdout.write(
                f"{'*' if version.current else ' '} version {version.number}:"
                f" {version.rows:,} people, built {age} ago, {version.size / 1e6:,.0f} MB,"
                f" from {', '.join(version.sources)}"
            )
        for folder in snapshots.unfinished():
            self.stdout.write(f"  unfinished load of {folder}: start it again to go on")
