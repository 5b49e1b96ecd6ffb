"""A page that notices what a person would not: console errors, refused content, bad markup."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from cursive.launcher.browser import find_chromium

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=ARGUMENTS)
        yield browser
        browser.close()


SETTLED = """
!document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")
&& document.getAnimations().every((animation) => animation.playState !== "running"
    || animation.effect.getComputedTiming().iterations === Infinity)
"""


class Visitor:
    """Somebody with a browser of their own. `problems` is what must be empty in the end."""

    def __init__(self, browser: Browser, url: str, shots: Path) -> None:
        self.url, self.shots = url, shots
        self.problems: list[str] = []
        self.context = browser.new_context(
            viewport=WIDE, accept_downloads=True, reduced_motion="reduce"
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            where = message.location.get("url", "")
            self.problems.append(f"{message.type}: {message.text} ({where})")

    def goto(self, path: str) -> Page:
        """Open a page of Cursive."""
        self.page.goto(f"{self.url}{path}")
        return self.page

    def settle(self) -> None:
        """Wait until nothing fades or is being swapped: half-way colours are nobody's choice."""
        for _ in range(100):  # Playwright's own waiting needs eval, which the policy forbids
            if self.page.evaluate(SETTLED):
                return
            self.page.wait_for_timeout(50)

    def look(self, name: str) -> None:
        """Check the page as it is with axe-core, and take pictures: wide, narrow, dark."""
        self.settle()
        results = Axe().run(self.page)
        self.problems += [
            f"axe on {name}: {found['id']} at {node['target']}"
            for found in results.response["violations"]
            if found["impact"] in {"serious", "critical"}
            for node in found["nodes"][:3]
        ]
        self.shots.mkdir(parents=True, exist_ok=True)
        for size, label in ((WIDE, "1280"), (NARROW, "390")):
            self.page.set_viewport_size(size)
            overflow = self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if overflow > 1:
                self.problems.append(f"{name} at {label}: {overflow} px too wide")
            self.page.screenshot(path=self.shots / f"{name}-{label}.png", full_page=True)
        self.page.set_viewport_size(WIDE)
        self.page.emulate_media(color_scheme="dark")
        self.settle()
        self.page.screenshot(path=self.shots / f"{name}-dark.png", full_page=True)
        self.problems += [
            f"axe on {name} in the dark: {found['id']} at {node['target']}"
            for found in Axe().run(self.page).response["violations"]
            if found["impact"] in {"serious", "critical"}
            for node in found["nodes"][:3]
        ]
        self.page.emulate_media(color_scheme="light")
