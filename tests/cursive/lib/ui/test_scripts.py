"""The pages' own scripts in a real browser, under the strict policy (X-3, X-6, X-13).

No server runs: the browser's requests are answered here, from templates and static files.
"""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.template import engines

from tests.cursive.lib.ui.test_pages import member_request
from tests.cursive.lib.ui.test_tags import job
from tests.journeys.browser import chromium

pytestmark = pytest.mark.journey

ORIGIN = "http://ui.example"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " object-src 'none'; base-uri 'none'"
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PAGE = """
{% extends "base_app.html" %}{% load ui %}
{% block title %}Kit{% endblock %}{% block balance %}{% endblock %}
{% block content %}
<input type="search" id="find">
<div id="region">old</div>
<button id="ask" data-confirm="Gone for good." data-confirm-title="Delete it?"
  data-confirm-button="Delete" hx-post="/done" hx-target="#region">Delete</button>
<button id="ask-htmx" hx-post="/done" hx-target="#region" hx-confirm="Really?">Post</button>
<button id="dialog" hx-get="/modal" hx-target="#modal">Open</button>
<button id="broken" hx-get="/broken" hx-target="#region">Broken</button>
<button id="refused" hx-get="/refused" hx-target="#region">Refused</button>
<button id="invalid" hx-get="/invalid" hx-target="#region">Invalid</button>
<button id="silent" hx-get="/silent" hx-target="#region">Silent</button>
<button id="cut" hx-get="/cut" hx-target="#region">Cut</button>
<button id="header" hx-get="/header" hx-swap="none">Header</button>
<table><thead><tr><th><input type="checkbox" data-check-all aria-label="All"></th></tr></thead>
<tbody><tr><td><input type="checkbox" aria-label="1"></td></tr>
<tr><td><input type="checkbox" aria-label="2"></td></tr></tbody></table>
{% include "_job_progress.html" %}
{% endblock %}
"""
ANSWERS = {
    "/done": (200, "new", {}),
    "/modal": (
        200, "{% load ui %}{% modal 'Buy' %}<input id=amount autofocus>{% endmodal %}", {},
    ),
    "/broken": (500, "<!doctype html><title>500</title>", {}),
    "/refused": (
        402,
        "{% include 'errors/_fragment.html' with message='Too dear.' %}",
        {"HX-Trigger": json.dumps({"toast": {"message": "Too dear.", "level": "danger"}})},
    ),
    "/invalid": (422, '<input id="x" aria-invalid="true">', {}),
    "/silent": (409, "", {}),
    "/staff": (200, '<input type="checkbox" class="action-select"><input id="text">'
        '{% include "analytics/jobs/_reload.html" with reload_after=10 %}', {}),
    "/header": (
        200,
        "",
        {"HX-Trigger": json.dumps({"toast": {"message": "One", "more": [{"message": "Two"}]}})},
    ),
}  # fmt: skip


def html_of(source, **context):
    return engines["django"].from_string(source).render(context, member_request())


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser):
    """A page whose `problems` must be empty in the end; `posted` has the tokens sent."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.problems, page.posted = [], []
    running = job(pk="7", progress=50)
    done = {"is_over": True, "status": "completed", "get_status_display": "Done"}
    over = job(pk="7", can_cancel=False, **done)
    bar = {"stream_url": "", "poll_url": "/poll"}
    first = html_of(PAGE, job=running, **bar)
    last = html_of('{% include "_job_progress.html" %}', job=over, **bar)
    answers = {path: (code, html_of(text), head) for path, (code, text, head) in ANSWERS.items()}

    def answer(route):
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            found = Path(finders.find(path.removeprefix("/static/")))
            kind = TYPES.get(found.suffix, "application/octet-stream")
            return route.fulfill(body=found.read_bytes(), content_type=kind)
        if path == "/cut":
            return route.abort()
        if route.request.method == "POST":
            page.posted.append(route.request.headers.get("x-csrftoken", ""))
        code, text, head = answers.get(path, (200, last if path == "/poll" else first, {}))
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
        return route.fulfill(status=code, body=text, headers={**headers, **head})

    page.route("**/*", answer)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: page.problems.append(message.text)
            if "Content Security Policy" in message.text else None)  # fmt: skip
    page.goto(f"{ORIGIN}/kit/")
    yield page
    assert page.problems == []
    context.close()


def toasts(page):
    page.wait_for_selector(".toast-note")
    return [note.inner_text().strip() for note in page.query_selector_all(".toast-note")]


def region(page):
    return page.inner_text("#region")


@pytest.mark.parametrize(
    ("button", "said"),
    [
        ("#broken", "Something went wrong on our side. Try again."),
        ("#refused", "Too dear."),
        ("#silent", "Somebody changed this in the meantime. Reload the page."),
        ("#cut", "The server can't be reached. Try again."),
    ],
)
def test_a_failed_request_is_told_and_destroys_nothing(page, button, said):
    """X-3: never a silent nothing."""
    page.click(button)
    assert toasts(page) == [said]
    assert page.get_attribute(".toast-note", "role") == "alert"
    assert region(page) == "old"


def test_a_form_that_comes_back_with_errors_is_shown_and_gets_the_cursor(page):
    page.click("#invalid")
    page.wait_for_selector("#x")
    assert page.evaluate("document.activeElement.id") == "x"


def test_all_toasts_of_an_answer_arrive(page):
    page.click("#header")
    assert toasts(page) == ["One", "Two"]


@pytest.mark.parametrize("button", ["#ask", "#ask-htmx"])
def test_what_destroys_asks_first(page, button):
    """X-13"""
    page.click(button)
    page.wait_for_selector("#confirm[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#confirm", state="hidden")
    assert page.posted == [] and region(page) == "old"
    page.click(button)
    page.click("[data-confirm-yes]")
    page.locator("#region", has_text="new").wait_for()
    assert len(page.posted) == 1 and page.posted[0]


def test_an_answer_for_the_modal_opens_it_and_notices_show_inside(page):
    page.click("#dialog")
    page.wait_for_selector("#modal[open] #amount:focus")
    page.evaluate("document.dispatchEvent(new CustomEvent('toast', {detail: {message: 'Hi'}}))")
    assert page.query_selector("#modal .toast-note")
    page.keyboard.press("Escape")
    page.wait_for_selector("#modal > *", state="detached")
    assert toasts(page) == ["Hi"]


@pytest.mark.parametrize("way", ["Escape", "button"])
def test_the_cursor_goes_back_to_what_opened_the_dialog(page, way):
    """X-13"""
    page.focus("#dialog")
    page.keyboard.press("Enter")
    page.wait_for_selector("#modal[open] #amount:focus")
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.click("#modal [data-dialog-close]")
    page.wait_for_selector("#modal > *", state="detached")
    assert page.evaluate("document.activeElement.id") == "dialog"


def test_the_palette_finds_moves_and_follows(page):
    """X-13: every action by keyboard."""
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open]")
    page.keyboard.type("dash")
    active = page.get_attribute("#palette [role=combobox]", "aria-activedescendant")
    assert "Dashboard" in page.inner_text(f"#{active}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/")


def test_keys_are_for_the_page_not_for_what_is_typed(page):
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("?g")
    assert page.input_value("#find") == "?g"
    assert not page.query_selector("dialog[open]")


def test_colours_are_remembered(page):
    page.evaluate("document.querySelector('[data-theme-choice=dark]').click()")
    page.reload()
    assert page.get_attribute("html", "data-bs-theme") == "dark"


def test_the_box_in_the_head_ticks_all_rows(page):
    page.check("[data-check-all]")
    assert page.locator("tbody input:checked").count() == 2
    page.uncheck("tbody tr:first-child input")
    assert page.evaluate("document.querySelector('[data-check-all]').indeterminate")


def test_a_job_is_asked_about_until_it_is_over(page):
    """L-21: where no stream is, polling."""
    page.wait_for_selector("#job-7[data-job-over=completed]", timeout=10_000)
    assert "Done" in page.inner_text("#job-7")


def test_a_page_of_staffs_loads_anew_but_not_under_their_hands(page):
    """N-10: what is ticked or typed would be lost."""
    loads = []
    page.on("load", lambda _: loads.append(page.url))
    page.clock.install()
    page.goto(f"{ORIGIN}/staff")

    def wait_for_a_load():
        with page.expect_event("load"):
            page.clock.run_for(10_000)

    wait_for_a_load()
    page.check(".action-select")
    page.clock.run_for(60_000)
    page.uncheck(".action-select")
    wait_for_a_load()
    page.fill("#text", "half a word")
    page.clock.run_for(60_000)
    page.check(".action-select")  # the cursor is elsewhere, and what was typed is still there
    page.uncheck(".action-select")
    page.clock.run_for(60_000)
    assert page.input_value("#text") == "half a word"
    assert len(loads) == 3
