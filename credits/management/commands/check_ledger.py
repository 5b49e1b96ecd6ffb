"""Proves the books of every workspace (C-7)."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from credits.ledger.checks import as_table, check_names, find_differences


class Command(BaseCommand):
    """Prints every difference and ends with 1, or says what was proven and ends with 0."""

    help = "Proves for every workspace that its balance is its entries, and more."

    def handle(self, *args: Any, **options: Any) -> None:
        differences = find_differences()
        if not differences:
            self.stdout.write(f"The ledger is right: {len(check_names())} checks, no difference.")
            return
        for line in as_table(differences):
            self.stdout.write(line)
        self.stdout.write(f"{len(differences)} differences. Nothing was changed.")
        sys.exit(1)
