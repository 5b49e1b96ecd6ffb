"""A page that notices what a person would not: console errors, refused content, bad markup."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
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

    def __init__(self, browser: Browser, url: str, shots: Path | None) -> None:
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

    def sign_in(self, email: str, password: str) -> Page:
        """Sign in at the page for it, and wait for the page after it."""
        page = self.goto("/accounts/login/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name=re.compile("^sign in$", re.I)).click()
        page.wait_for_url(lambda url: "/accounts/login/" not in url)
        return page

    def settle(self) -> None:
        """Wait until nothing fades or is being swapped: half-way colours are nobody's choice."""
        for _ in range(100):  # Playwright's own waiting needs eval, which the policy forbids
            if self.page.evaluate(SETTLED):
                return
            self.page.wait_for_timeout(50)

    def _findings(self, *rules: str) -> list[str]:
        """What axe-core finds serious. Looked at twice: a part that was just being put into the
        page, such as the balance every half minute, is no finding."""
        seen = self._seen_by_axe(rules)
        again = self._seen_by_axe(rules) if seen else []
        return [finding for finding in seen if finding in again]

    def _seen_by_axe(self, rules: tuple[str, ...]) -> list[str]:
        options: dict[str, object] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": list(rules)}
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.evaluate(AXE_SCRIPT)
        return [
            f"{found['id']} at {node['target']}"
            for found in self.page.evaluate("(options) => axe.run(options)", options)["violations"]
            if found["impact"] in {"serious", "critical"}
            for node in found["nodes"][:3]
        ]

    def picture(self, name: str) -> None:
        """Take one of the page as it is, where somebody wants to see pictures."""
        if self.shots is not None:
            self.shots.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.shots / f"{name}.png", full_page=True)

    def look(self, name: str) -> None:
        """Check the page as it is: with axe-core, whether it fits, wide and narrow, in the dark.

        Takes pictures where somebody wants to see them.
        """
        self.settle()
        self.problems += [f"axe on {name}: {finding}" for finding in self._findings()]
        for size, label in ((WIDE, "1280"), (NARROW, "390")):
            self.page.set_viewport_size(size)
            overflow = self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if overflow > 1:
                self.problems.append(f"{name} at {label}: {overflow} px too wide")
            self.picture(f"{name}-{label}")
        self.page.set_viewport_size(WIDE)
        self.page.emulate_media(color_scheme="dark")
        self.settle()
        self.picture(f"{name}-dark")
        self.problems += [
            # Nothing but colours is different in the dark.
            f"axe on {name} in the dark: {finding}"
            for finding in self._findings("color-contrast", "link-in-text-block")
        ]
        self.page.emulate_media(color_scheme="light")
