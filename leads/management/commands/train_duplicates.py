"""Train the model that tells duplicate people."""

import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand

from leads.catalogue.engine import connect
from leads.duplicates.training import train


class Command(BaseCommand):
    help = (
        "Train the model of duplicate people on generated ones, without any truth about real "
        "people, and store it beside the code. The same number of people gives the same model."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=100_000)

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        with TemporaryDirectory() as name:
            folder = Path(name)
            database = folder / "work.duckdb"
            with connect(database, memory="1GB", threads=2, spill=folder) as db:
                path = train(db, folder, people=options["people"])
        self.stdout.write(f"{path}: {time.monotonic() - started:.0f} s")
