"""Proves the books of every workspace (C-7)."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from credits.ledger.checks import check_names, find_differences


class Command(BaseCommand):
    """Prints every difference and ends with 1, or says what was proven and ends with 0."""

    help = "Proves for every workspace that its balance is its entries, and more."

    def handle(self, *args: Any, **options: Any) -> None:
        differences = find_differences()
        if not differences:
            self.stdout.write(f"The ledger is right: {len(check_names())} checks, no difference.")
            return
        rows = [("check", "workspace", "about", "should be", "is")]
        rows += [
            (one.check, one.workspace, one.subject, one.expected, one.found) for one in differences
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
        self.stdout.write(f"{len(differences)} differences. Nothing was changed.")
        sys.exit(1)
