"""Load people into the lead database."""

from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cursive.lib.errors import DomainError
from cursive.lib.tenancy import system_context
from leads.catalogue.loader import STALE_SECONDS, load_file
from leads.catalogue.models import CatalogueTombstone
from leads.catalogue.progress import ProgressBar
from leads.catalogue.suppression import suppression_list
from leads.catalogue.tombstones import bury, current_aliases, current_tombstones
from leads.suppression.operations import bury_suppressed


def _bury(ids: Iterable[int]) -> None:
    """Whose other record a merge hides is suppressed with it: no other stands in."""
    with system_context():
        bury(ids, reason=CatalogueTombstone.Reason.SUPPRESSED)


class Command(BaseCommand):
    help = (
        "Load a CSV (plain or packed) or Parquet file into the lead database. The people are "
        "merged with those who are there, newer wins field by field. Searches go on meanwhile; "
        "the new version takes over at once when it is complete. Killed, it goes on where it was "
        "when started again with the same file and options."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--map",
            metavar="COLUMN=FIELD,…",
            help="what columns mean; those not named are guessed, - leaves one out",
        )
        parser.add_argument("--country", help="where numbers without a prefix are from, such as US")
        parser.add_argument("--replace", action="store_true", help="start over from this file")
        parser.add_argument(
            "--allow-empty",
            action="store_true",
            help="let --replace leave a lead database in which nobody is",
        )
        parser.add_argument("--limit", type=int, metavar="N", help="read only the first N rows")
        parser.add_argument(
            "--reject-file",
            type=Path,
            metavar="FILE",
            help="where rows that can't be used are written, with the reason",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with system_context():
                suppressed, tombstones = suppression_list(), current_tombstones()
                merged = current_aliases().everyone
            loaded = load_file(
                options["file"],
                Path(settings.CATALOGUE_DIR),
                mapping=options["map"],
                country=options["country"],
                replace=options["replace"],
                limit=options["limit"],
                reject_file=options["reject_file"],
                suppressed=suppressed,
                tombstones=tombstones,
                merged=merged,
                bury=_bury,
                allow_empty=options["allow_empty"],
                progress=ProgressBar(quiet=options["verbosity"] == 0),
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        since = timezone.now() - timedelta(seconds=STALE_SECONDS)
        if late := bury_suppressed(since=since):
            self.stdout.write(f"Taken out, for they were suppressed meanwhile: {late:,}.")
        self.stdout.write(
            f"Version {loaded.version}: {loaded.rows:,} people. Read {loaded.read:,} rows,"
            f" merged {loaded.merged:,}, left out {loaded.suppressed:,} as suppressed,"
            f" rejected {loaded.rejected:,}."
        )
        if loaded.reject_file:
            self.stdout.write(f"Rejected rows: {loaded.reject_file}")
