"""`python -m bench`: measure, print the report, keep it. Exit code 1 where a section has none."""

import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict

from bench.options import Options, parse
from bench.report import Outcome, keep, render
from bench.sections import SECTIONS, Section, measure


def main(arguments: Sequence[str]) -> int:
    """Run the chosen sections one after the other, report, and answer with the exit code."""
    names, options = parse(arguments, [section.name for section in SECTIONS])
    options.folder.mkdir(parents=True, exist_ok=True)
    outcomes = measure_all([section for section in SECTIONS if section.name in names], options)
    print(f"\n{render(outcomes)}")
    chosen = asdict(options) | {"folder": str(options.folder)}
    print(f"Kept in {keep(outcomes, options.folder, options=chosen)}.")
    return 1 if any(outcome.error for outcome in outcomes) else 0


def measure_all(sections: Sequence[Section], options: Options) -> list[Outcome]:
    """Measure one after the other, whatever becomes of each."""
    outcomes = []
    for section in sections:
        print(f"measuring: {section.name} ...", flush=True)
        outcome = measure(section, options)
        print(f"  {outcome.error or 'done'} ({outcome.seconds:.0f} s)", flush=True)
        outcomes.append(outcome)
    return outcomes


if __name__ == "__main__":
    # As an exception, so that children are ended and databases dropped.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
