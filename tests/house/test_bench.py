"""What `make bench` says can be believed: figures, failures and errors are reported as they are."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.__main__ import main, measure_all
from bench.load import Page, Plan, generate, generate_beside, summarise
from bench.memory import watching
from bench.options import ROOT, Options, kept_folder, parse
from bench.report import Outcome, Row, figure, keep, quantile, render
from bench.sections import SECTIONS, Section
from cursive.launcher.processes import Child, find_process

NAMES = [section.name for section in SECTIONS]


# --- sections for the tests, called in a process of their own ---
def works(options: Options) -> list[Row]:
    return [figure("works", "rows asked for", options.rows, "rows")]


def raises(options: Options) -> list[Row]:
    raise RuntimeError("the disk is full")


def dies(options: Options) -> list[Row]:
    os._exit(9)


def hangs(options: Options) -> list[Row]:
    time.sleep(60)
    return []


def section(name: str, **fields) -> Section:
    return Section(name, f"tests.house.test_bench:{name}", database=False, **fields)


# --- figures and the report ---
@pytest.mark.parametrize(
    ("limits", "target", "met"),
    [
        ({}, "", ""),
        ({"at_most": 100}, "≤ 100 ms", "met"),
        ({"at_most": 80}, "≤ 80 ms", "missed by 10 ms (12%)"),
        ({"at_least": 100}, "≥ 100 ms", "missed by 10 ms (10%)"),
        ({"ratio_at_most": 1.5}, "≤ 1.50 ×", "met"),
        ({"ratio_at_most": 1.2}, "≤ 1.20 ×", "missed by 0.30 × (25%)"),
        (
            {"ratio_at_most": 1.2, "at_most": 80},
            "≤ 1.20 × and ≤ 80 ms",
            "missed by 0.30 × (25%) and 10 ms (12%)",
        ),
    ],
)
def test_a_figure_is_judged_by_all_its_targets(limits: dict, target: str, met: str):
    row = figure("catalogue", "count p95", 90, "ms", yardstick=60, **limits)
    assert (row.ratio, row.target, row.met) == (1.5, target, met)


def test_a_ratio_without_a_yardstick_is_missed():
    assert figure("x", "y", 1, "ms", ratio_at_most=2).met == "missed by not measured"


def test_no_error_is_allowed_where_none_is():
    assert figure("pages", "errors", 0, "", at_most=0).met == "met"
    assert figure("pages", "errors", 3, "", at_most=0).met == "missed by 3"


def test_quantiles_are_values_that_were_measured():
    values = [float(value) for value in range(100, 0, -1)]
    assert (quantile(values, 0.5), quantile(values, 0.95), quantile(values, 1)) == (50, 95, 100)
    assert quantile([7.0], 0.95) == 7
    with pytest.raises(ValueError, match="nothing was measured"):
        quantile([], 0.5)


def outcomes() -> list[Outcome]:
    rows = (
        figure("catalogue", "count, p95", 61.25, "ms", yardstick=50, at_most=100),
        figure("catalogue", "preview, p95", 1612, "ms", at_most=150),
    )
    return [
        Outcome("catalogue", rows, "", 12.4, "the engine"),
        Outcome("pull", (), "no database.", 0.1),
    ]


def test_the_report_shows_figures_targets_and_what_is_missing():
    assert render(outcomes()).splitlines() == [
        "catalogue, against the engine (12 s)",
        "                 measured   yardstick    ratio   target",
        "  count, p95      61.2 ms       50 ms   1.23 ×   ≤ 100 ms   met",
        "  preview, p95   1,612 ms                        ≤ 150 ms   missed by 1,462 ms (975%)",
        "",
        "pull (0 s)",
        "  could not be measured: no database.",
        "",
        "1 of 2 targets met.",
        "Not measured: pull.",
    ]


def test_the_report_is_kept_as_json(tmp_path):
    path = keep(outcomes(), tmp_path / "new", options={"rows": 5})
    content = json.loads(path.read_text())
    assert content["options"] == {"rows": 5}
    assert content["machine"]["processors"] >= 1
    assert content["sections"][0]["rows"][0]["ratio"] == 1.225
    assert content["sections"][1]["error"] == "no database."


# --- options ---
def test_by_default_everything_is_measured_in_full():
    names, options = parse([], NAMES)
    assert names == NAMES
    assert (options.rows, options.users, options.seconds) == (10_000_000, 100, 30)
    assert not options.quick


def test_sections_and_sizes_can_be_chosen():
    names, options = parse(["--only", "pages,ledger", "--rows", "1_000_000", "--quick"], NAMES)
    assert names == ["ledger", "pages"]
    assert (options.rows, options.users, options.quick) == (1_000_000, 20, True)
    assert Options.from_json(options.to_json()) == options


def test_a_folder_stays_the_same_wherever_a_section_works():
    assert parse(["--folder", "kept"], NAMES)[1].folder == Path.cwd() / "kept"


@pytest.mark.parametrize("wrong", [["--only", "page"], ["--rows", "0"], ["--rows", "many"]])
def test_wrong_options_are_refused(wrong: list[str], capsys):
    with pytest.raises(SystemExit) as refused:
        parse(wrong, NAMES)
    assert refused.value.code == 2


def test_what_is_kept_lies_beside_the_state_that_make_bench_empties(monkeypatch):
    monkeypatch.setenv("CURSIVE_STATE", "/srv/cursive/state")
    assert kept_folder() == Path("/srv/cursive/benchmarks")


# --- sections ---
def test_a_section_that_fails_does_not_stop_the_others(tmp_path, capfd):
    sections = [section("raises"), section("dies"), section("hangs", limit=1), section("works")]
    raised, died, hung, worked = measure_all(sections, Options(tmp_path, rows=7))
    assert raised.error == "RuntimeError: the disk is full"
    assert died.error == "its process ended with code 9."
    assert hung.error == "it took longer than 1 seconds."
    assert hung.seconds < 15
    assert worked.error == ""
    assert worked.rows == (figure("works", "rows asked for", 7, "rows"),)


def test_a_section_without_its_databases_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SUPERUSER_DATABASE_URL", "")
    needy = Section("works", "tests.house.test_bench:works")
    assert "SUPERUSER_DATABASE_URL" in measure_all([needy], Options(tmp_path))[0].error


def test_the_exit_code_says_that_something_was_not_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SUPERUSER_DATABASE_URL", "")
    assert main(["--only", "ledger", "--folder", str(tmp_path / "kept")]) == 1
    (report,) = (tmp_path / "kept").iterdir()
    printed = capsys.readouterr().out
    assert "Not measured: ledger." in printed
    assert str(report) in printed


@pytest.mark.parametrize("target", [section.target for section in SECTIONS])
def test_every_section_has_its_function(target: str):
    module, _, function = target.partition(":")
    assert f"\ndef {function}(" in (ROOT / f"{module.replace('.', '/')}.py").read_text()


# --- the load generator ---
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
ANSWERS = {
    "/good": GOOD,
    "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "/hangs-up": GOOD,
    "/says-close": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    "/down": b"HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n",
    "/signed-out": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /login\r\n\r\n",
    "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello",
    "/empty": b"",
    "/not-http": b"hello\r\n\r\n",
}
ENDS = {"/hangs-up", "/says-close", "/cut", "/empty", "/not-http"}


async def toy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that answers as its paths say; the API wants a header."""
    try:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode():
            path = head.split()[1]
            if path == "/silent":
                await asyncio.sleep(30)
            elif path == "/api":
                writer.write(GOOD if "X-Key: bench" in head else ANSWERS["/down"])
            else:
                writer.write(ANSWERS[path])
            await writer.drain()
            if path in ENDS:
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def load(pages: list[Page], **fields) -> dict:
    server = await asyncio.start_server(toy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    plan = Plan(port, pages, **{"seconds": 0.6, "think": (0.0, 0.02), "timeout": 2.0, **fields})
    try:
        return summarise(await generate(plan))
    finally:
        server.close()


NOBODY = [{"api": ("X-Key", "bench")}] * 4


EXPECTED = {
    "/good": "",
    "/chunked": "",
    "/hangs-up": "",
    "/says-close": "",
    "/api": "",
    "/down": "status 503",
    "/signed-out": "status 302",
    "/cut": "IncompleteReadError",
    "/empty": "IncompleteReadError",
    "/not-http": "ValueError",
    "/silent": "timeout",
}


def test_every_bad_answer_is_an_error_and_no_good_one():
    pages = [Page(path, [path], header="api" if path == "/api" else "") for path in EXPECTED]
    found = asyncio.run(load(pages, people=NOBODY * 5, seconds=1.5, timeout=0.5))
    every = found.pop("")
    assert found.keys() == EXPECTED.keys()
    for path, error in EXPECTED.items():
        asked = found[path]
        assert dict(asked.errors) == ({error: asked.requests} if error else {}), path
        assert len(asked.times) == asked.requests - asked.failed
    assert every.requests == sum(asked.requests for asked in found.values())
    assert every.failed == sum(asked.failed for asked in found.values())


def test_a_server_that_is_not_there_is_an_error():
    plan = Plan(1, [Page("nothing", ["/"])], NOBODY, seconds=0.2, think=(0.0, 0.05))
    found = summarise(asyncio.run(generate(plan)))[""]
    assert found.failed == found.requests >= 4
    assert set(found.errors) == {"ConnectionRefusedError"}


def test_a_request_counts_by_its_weight_and_only_after_the_warm_up():
    pages = [Page("often", ["/good"], weight=9), Page("rarely", ["/chunked"], weight=1)]
    found = asyncio.run(load(pages, people=NOBODY))
    assert found["often"].requests > 3 * found["rarely"].requests
    cold = asyncio.run(load(pages, people=NOBODY, warm_up=0.6, seconds=0.0))
    assert cold[""].requests == 0


def test_only_this_machine_is_asked():
    plan = Plan(80, [Page("x", ["/"])], NOBODY, seconds=0.1, host="192.0.2.1")
    with pytest.raises(ValueError, match="only asks servers on this machine"):
        asyncio.run(generate(plan))


def in_a_thread(use: Callable[[int], None]) -> None:
    """Call `use` with the port of the toy server."""
    ready, ports = threading.Event(), []
    over: asyncio.Event
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(toy, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await over.wait()
        server.close()

    over = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(5)
    try:
        use(ports[0])
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(5)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def test_the_generators_process_ends_by_itself_though_the_server_hangs():
    def use(port: int) -> None:
        pages = [Page("good", ["/good"]), Page("silent", ["/silent"])]
        plan = Plan(port, pages, NOBODY, seconds=0.5, think=(0.0, 0.1), timeout=0.5)
        began = time.monotonic()
        found = summarise(generate_beside(plan))
        assert time.monotonic() - began < plan.longest + 5
        assert dict(found["silent"].errors) == {"timeout": found["silent"].requests}
        assert found["good"].failed == 0

    in_a_thread(use)


def test_the_generators_failure_is_not_taken_for_no_samples():
    plan = Plan(80, [Page("x", ["/"])], NOBODY, seconds=0.1, host="192.0.2.1")
    with pytest.raises(RuntimeError, match="ended with code 1"):
        generate_beside(plan)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux says it")
def test_memory_is_that_of_the_whole_group():
    script = "import os, time; held = bytearray(30_000_000); os.fork(); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    try:
        found = find_process(process.pid)
        assert found is not None
        with watching([Child("toy", process.pid, found.started, 0, ())]) as peaks:
            deadline = time.monotonic() + 10
            while peaks()["toy"].processes < 2 and time.monotonic() < deadline:
                time.sleep(0.1)
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    peak = peaks()["toy"]
    assert peak.processes == 2
    assert peak.rss > 60 > peak.pss > 30
