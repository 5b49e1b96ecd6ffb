"""Write a large synthetic catalogue to a file."""

import datetime
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads.catalogue.generate import SUFFIXES, generate_people


class Command(BaseCommand):
    help = (
        "Write people who don't exist to a file, for trying Cursive out and for measuring. "
        "The same seed, day and number of rows give the same people."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rows", type=int, default=200_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--out", type=Path, default=Path("people.parquet"), metavar="FILE")
        parser.add_argument(
            "--as-of",
            type=datetime.date.fromisoformat,
            metavar="DATE",
            help="the newest source date (today)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if out.suffix not in SUFFIXES:
            raise CommandError(f"--out must end in {', '.join(SUFFIXES)}.")
        if options["rows"] < 1:
            raise CommandError("--rows must be at least 1.")
        started = time.monotonic()
        out.parent.mkdir(parents=True, exist_ok=True)
        generate_people(out, rows=options["rows"], seed=options["seed"], as_of=options["as_of"])
        seconds = time.monotonic() - started
        self.stdout.write(
            f"{out}: {options['rows']:,} people, {out.stat().st_size / 1e6:,.0f} MB,"
            f" {seconds:.1f} s"
        )
