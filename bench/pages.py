"""Pages with many people at once, on the web server, worker and beat that `make run` starts."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bench.catalogue import FILTERS, has, prepare
from bench.load import Page, Plan, Summary, generate_beside, summarise
from bench.memory import Memory, watching
from bench.options import Options
from bench.population import populate
from bench.report import Row, figure
from cursive.launcher.processes import read_record
from cursive.launcher.services import command_environment
from cursive.launcher.state import State, free_port
from cursive.launcher.supervisor import Supervisor
from cursive.launcher.up import start_background, start_web
from leads.filters.document import parse
from leads.filters.url import to_query

SECTION = "pages"
HOST = "127.0.0.1"
WORST_MS = 500
WARM_UP_SECONDS = 5
REDIS_DATABASE = "9"
MIX = (
    Page("/dashboard/", ["/dashboard/"], weight=5, header="page"),
    Page("/leads/", ["/leads/"], weight=6, header="page"),
    Page("/segments/", ["/segments/"], weight=4, header="page"),
    Page("/credits/", ["/credits/"], weight=3, header="page"),
    Page("GET /api/leads", ["/api/leads?pageSize=25"], weight=2, header="api"),
)
SEARCH = "/segments/new/ with a filter"
# Nearly every search differs from all before it, so that few are answered from what is kept.
SEARCH_YEARS = range(1990, 2000)
# The least that the server can be asked: no session, no database, no template.
STATIC = (Page("static file", ["/static/img/favicon.svg"]),)


def run(options: Options) -> list[Row]:
    """The pages at `options.users` people, and a static file at the same load as yardstick."""
    catalogue, made = prepare(options.folder / f"catalogue-{options.rows}", options.rows)
    rows = made[:-1]  # the last one is its size, which another section says
    visitors = populate(users=options.users, leads=options.leads)
    port = free_port()
    # The state's folders, and one that the launcher keeps outside when root runs it, are ours.
    root = Path(tempfile.mkdtemp(prefix="pages-", dir=options.folder))
    state = State(root, kind="run")
    try:
        with Supervisor(state) as supervisor:
            environment = command_environment(
                {
                    "REDIS_URL": urlsplit(os.environ["REDIS_URL"])
                    ._replace(path=f"/{REDIS_DATABASE}")
                    .geturl(),
                    "CURSIVE_STATE": str(state.files),
                    "CATALOGUE_DIR": str(catalogue),
                    "BASE_URL": f"http://localhost:{port}",
                }
            )
            start_web(supervisor, environment, host=HOST, port=port)
            start_background(supervisor, environment)

            def load(pages: Sequence[Page], seconds: float) -> dict[str, Summary]:
                people = [visitor.headers() for visitor in visitors]
                plan = Plan(port, pages, people, seconds, warm_up=WARM_UP_SECONDS)
                return summarise(generate_beside(plan, check=supervisor.check))

            yardstick = load(STATIC, options.seconds / 3)[""]
            _, children = read_record(state.record)
            with watching(children) as peaks:
                pages = load([*MIX, searches()], options.seconds)
            return rows + rows_of(pages, yardstick, peaks(), options)
    finally:
        for folder in (root, state.servers.parent):
            shutil.rmtree(folder, ignore_errors=True)


def searches() -> Page:
    """The search page with the catalogue's filters, each with several years of foundation."""
    filters = [
        parse(
            {"version": 1, "all": [*wire, has("company_founded", "gte", year)]}, scope="catalogue"
        )
        for wire, _ in FILTERS
        for year in SEARCH_YEARS
    ]
    paths = [f"/segments/new/?{to_query(filter)}" for filter in filters]
    return Page(SEARCH, paths, weight=2, header="page")


def rows_of(
    pages: dict[str, Summary],
    yardstick: Summary,
    memory: dict[str, Memory],
    options: Options,
) -> list[Row]:
    """The figures as rows. RuntimeError where no request had a good answer."""
    every = pages[""]
    if not (every.times and yardstick.times):
        raise RuntimeError(f"no good answer: {dict(every.errors + yardstick.errors)}")
    who = f"{options.users} people"
    rows = [
        figure(SECTION, f"{who}, p50", every.at(0.5), "ms", yardstick=yardstick.at(0.5)),
        figure(
            SECTION,
            f"{who}, p95",
            every.at(0.95),
            "ms",
            yardstick=yardstick.at(0.95),
            at_most=WORST_MS,
        ),
        figure(SECTION, f"{who}, errors", every.failed, "", at_most=0),
        figure(SECTION, f"{who}, requests a second", every.requests / options.seconds, "/s"),
    ]
    for error, count in every.errors.most_common(5):
        rows.append(figure(SECTION, f"  errors: {error}", count, ""))
    for name in [*(page.name for page in MIX), SEARCH]:
        if (summary := pages.get(name)) and summary.times:
            rows.append(figure(SECTION, f"  {name}, p95", summary.at(0.95), "ms"))
    rows.append(figure(SECTION, "static file, errors", yardstick.failed, ""))
    for name, peak in memory.items():
        if peak.pss:
            what = f"memory of {name} ({peak.processes} processes)"
            rows.append(figure(SECTION, f"{what}, PSS", peak.pss, "MB"))
            rows.append(figure(SECTION, f"{what}, RSS", peak.rss, "MB"))
    return rows
