#!/usr/bin/env python3
"""Cursive from a clean checkout, with Python 3.11 or later and nothing else."""

# This file is read by any Python 3, also one that is too old; it must parse there.
import os
import shutil
import signal
import sys
import types

USAGE = """\
python3 run.py up [--port 8000] [--host 127.0.0.1]   everything here, with demo data
python3 run.py test [PYTEST ARGUMENTS]               the checks, then the tests
python3 run.py check                                 the checks only
python3 run.py bench [ARGUMENTS]                     the benchmarks
python3 run.py exec -- COMMAND ...                   a command with the servers and variables
python3 run.py lock [--upgrade]                      requirements*.in into the lock files"""
NEEDED = (3, 11)
NEWER = [f"python3.{minor}" for minor in (13, 12, 11, 14)]
DEVELOPMENT = ("test", "check", "bench")


def find_python() -> None:
    """Go on with a newer Python from the PATH, or say what is missing."""
    for name in NEWER:
        path = shutil.which(name)
        if path:
            os.execv(path, [path, __file__, *sys.argv[1:]])  # noqa: S606
    sys.exit(
        "Cursive needs Python {}.{} or later, and this is Python {}.{} ({}).".format(
            *NEEDED, *sys.version_info[:2], sys.executable
        )
    )


def open_launcher() -> None:
    """Make `cursive.launcher` importable without `cursive` itself, which needs the packages."""
    package = types.ModuleType("cursive")
    package.__path__ = [os.path.join(os.path.dirname(__file__), "cursive")]  # noqa: PTH118, PTH120
    sys.modules["cursive"] = package


def main(arguments: "list[str]") -> "int | str":
    """Prepare the environment and hand over; the exit code, or the sentence that says why not."""
    if not arguments or arguments[0] in ("help", "-h", "--help"):
        print(USAGE)
        return 0
    if os.name != "posix":
        return "Cursive runs on Linux and macOS; on Windows use WSL."

    open_launcher()
    from cursive.launcher import environment
    from cursive.launcher.errors import LaunchError

    if arguments[0] == "watchdog":
        from cursive.launcher.watchdog import watch

        watch(*arguments[1:], pipe=sys.stdin.fileno())
        return 0
    # A script's `make run &` starts us with SIGINT ignored, but it has to stop us all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        place = environment.Environment()
        if arguments[0] == "lock":
            place.lock(upgrade="--upgrade" in arguments)
            return 0
        development = arguments[0] in DEVELOPMENT
        place.prepare(environment.DEVELOPMENT if development else environment.RUNTIME)
    except LaunchError as error:
        return "\n".join(part for part in (error.detail, str(error)) if part)
    if not place.is_active():
        command = [str(place.python), __file__, *arguments]
        os.execv(command[0], command)  # noqa: S606

    from cursive.launcher.cli import main as launch

    return launch(arguments)


if __name__ == "__main__":
    if sys.version_info < NEEDED:
        find_python()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("Stopped.")
