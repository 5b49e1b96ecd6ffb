"""Proves the books of every partner (P-6)."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from credits.ledger.checks import as_table
from partners.commission.checks import CHECKS, find_differences


class Command(BaseCommand):
    """Prints every difference and ends with 1, or says what was proven and ends with 0."""

    help = "Proves for every partner that their account is their entries, and more."

    def handle(self, *args: Any, **options: Any) -> None:
        differences = find_differences()
        if not differences:
            told = f"The partners' ledger is right: {len(CHECKS)} checks, no difference."
            self.stdout.write(told)
            return
        for line in as_table(differences):
            self.stdout.write(line)
        self.stdout.write(f"{len(differences)} differences. Nothing was changed.")
        sys.exit(1)
