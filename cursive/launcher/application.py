"""Brings the schema and the demo data up to date, in one process.

Loading the application takes longer than both commands on a second start, so it is loaded once.
Run as `python -m cursive.launcher.application COMMAND ...`; the last line has the seconds.
"""

import sys
import time
from collections.abc import Sequence

import django
from django.core.management import call_command

SCHEMA, DEMO = "migrate", "demo_data"
OPTIONS = {SCHEMA: {"database": "owner", "interactive": False}, DEMO: {}}


def run_commands(commands: Sequence[str]) -> None:
    """Run management commands one after the other and print what each took."""
    django.setup()
    lines = []
    for command in commands:
        began = time.monotonic()
        call_command(command, **OPTIONS[command])
        lines.append(f"{command} {time.monotonic() - began:.1f} s")
    print(", ".join(lines))


if __name__ == "__main__":
    run_commands(sys.argv[1:])
