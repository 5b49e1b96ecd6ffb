"""What can be chosen on the command line of `make bench ARGS='…'`."""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUICK = {
    "rows": 200_000,
    "users": 20,
    "seconds": 10,
    "leads": 1_000,
    "imported": 20_000,
    "submitted": 5_000,
}


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured. `folder` keeps the reports, and what is slow to make."""

    folder: Path
    rows: int = 10_000_000  # people in the catalogue
    users: int = 100  # people at once on the pages
    seconds: int = 30  # how long they stay
    leads: int = 5_000  # leads in the largest of their workspaces
    imported: int = 1_000_000  # rows of the imported file
    submitted: int = 100_000  # rows of a partner's file
    quick: bool = False

    def to_json(self) -> str:
        """For a child process."""
        return json.dumps(asdict(self) | {"folder": str(self.folder)})

    @classmethod
    def from_json(cls, text: str) -> "Options":
        """What `to_json` has written."""
        given = json.loads(text)
        return cls(**given | {"folder": Path(given["folder"])})


def parse(arguments: Sequence[str], sections: Sequence[str]) -> tuple[list[str], Options]:
    """(the sections to run, in the order of `sections`; the options). Exits on wrong input."""
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measures Cursive against what the machine can do at best."
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME[,NAME]",
        help=f"these sections only: {', '.join(sections)}",
    )
    parser.add_argument("--quick", action="store_true", help="small and short, to see it work")
    parser.add_argument("--rows", type=_count, help="people in the catalogue (10,000,000)")
    parser.add_argument("--users", type=_count, help="people at once on the pages (100)")
    parser.add_argument("--seconds", type=_count, help="how long they stay (30)")
    parser.add_argument("--leads", type=_count, help="leads in the largest workspace (5,000)")
    parser.add_argument("--imported", type=_count, help="rows of the imported file (1,000,000)")
    parser.add_argument("--submitted", type=_count, help="rows of a partner's file (100,000)")
    parser.add_argument("--folder", type=_folder, help="where reports and the catalogue are kept")
    given = parser.parse_args(arguments)
    wanted = {name.strip() for part in given.only for name in part.split(",")}
    if unknown := wanted - set(sections):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    chosen = {field.name: getattr(given, field.name) for field in fields(Options)}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    sizes = QUICK if given.quick else {}
    options = Options(**{"folder": kept_folder(), **sizes, **chosen})
    return [name for name in sections if not wanted or name in wanted], options


def kept_folder() -> Path:
    """Beside the application's state, since `make bench` begins and ends with an empty one."""
    state = Path(os.environ.get("CURSIVE_STATE") or ROOT / ".run" / "state")
    return state.absolute().with_name("benchmarks")


def _count(text: str) -> int:
    value = int(text.replace(",", "").replace("_", ""))
    if value < 1:
        raise ValueError
    return value


def _folder(text: str) -> Path:
    return Path(text).absolute()  # sections may work elsewhere
