"""The browser for the browser tests: Debian's Chromium, installed where root may.

`python -m cursive.launcher.browser` installs it.
"""

import os
import shutil
import subprocess
import sys

INSTALL_CHROMIUM = "cursive.launcher.browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """The path of Chromium or Chrome, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def may_install() -> bool:
    """Whether we can install it ourselves."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def advice() -> str:
    """What to do where there is none."""
    return (
        "  There is no Chromium, so the browser tests can't run. "
        "Install it: apt-get install --no-install-recommends chromium"
    )


def install() -> int:
    """Install Chromium with apt-get; its exit code."""
    # Old package lists name files that are gone; an update that fails in part may still do.
    subprocess.run(["apt-get", "update", "--quiet"])
    command = ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "chromium"]
    return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(install())
