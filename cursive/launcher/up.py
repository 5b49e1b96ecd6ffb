"""`make run`: everything on this machine, until a signal comes."""

import errno
import http.client
import json
import os
import sys
import time
from collections.abc import Callable

from cursive.launcher.errors import LaunchError
from cursive.launcher.output import report, say, step
from cursive.launcher.payments import local_address, start_payments
from cursive.launcher.services import application_variables, command_environment, start_services
from cursive.launcher.state import ROOT, State, free_port, port_problem
from cursive.launcher.supervisor import Stopped, Supervisor

HEALTH_SECONDS = 120
WEB_STOP_SECONDS = 3
MAX_WEB_WORKERS = 4
DEFAULT_PORT = 8000
PYTHON = sys.executable


def run_everything(*, host: str, port: int) -> None:
    """Start the servers, the schema, the demo data, web, worker and beat; stay until a signal.

    Raises LaunchError when something fails; all has been stopped then, too.
    """
    state = State()
    with Supervisor(state) as supervisor:
        try:
            _start_all(supervisor, host=host, port=port)
            supervisor.watch()
        except Stopped:
            began = time.monotonic()
            say("\nStopping (press Ctrl-C again to stop at once) ...")
    report("stopped", time.monotonic() - began)


def _start_all(supervisor: Supervisor, *, host: str, port: int) -> None:
    began, state = time.monotonic(), supervisor.state
    if supervisor.leftovers:
        say(f"Stopped what an earlier run had left: {', '.join(supervisor.leftovers)}.")
    require_port(host, port)
    url = f"http://localhost:{port}"
    with step("servers") as notes:
        services = start_services(supervisor)
        notes += services.described
    variables = application_variables(state, services, mode="demo", base_url=url)
    with step("test payments") as notes:
        variables |= start_payments(supervisor, variables, host=host, port=port)
        notes.append(variables.get("STRIPE_LOCAL_URL", "off"))
    state.announce(url=url, variables=variables)
    environment = command_environment(variables)
    with step("database") as notes:
        notes.append(run_in_application(supervisor, environment, "migrate", "demo_data"))
    with step("web"):
        start_web(supervisor, environment, host=host, port=port)
    start_background(supervisor, environment)
    report("ready", time.monotonic() - began)
    say(f"\nCursive runs at {url}")
    for line in sign_ins():
        say(f"  {line}")
    say(f"Logs are in {state.logs.relative_to(ROOT)}, data in {state.servers}. Stop: Ctrl-C.")


def require_port(host: str, port: int) -> None:
    """LaunchError when we can't listen on the port, mostly since another program does."""
    problem = port_problem(host, port)
    if problem is not None and problem.errno == errno.EADDRINUSE:
        raise LaunchError(
            f"Another program uses port {port} on {host}. "
            f"Stop it, or take another one: make run PORT={free_port()}"
        )
    if problem is not None:
        raise LaunchError(f"Can't listen on {host}, port {port}: {problem.strerror}.")


def run_in_application(supervisor: Supervisor, environment: dict[str, str], *commands: str) -> str:
    """Run some of `application.OPTIONS`; answers with a line about what each took."""
    command = [PYTHON, "-m", "cursive.launcher.application", *commands]
    running = supervisor.start(commands[0], command, environment=environment, service=False)
    supervisor.finish(running)
    return running.last_lines(1).strip()


def start_web(supervisor: Supervisor, environment: dict[str, str], *, host: str, port: int) -> None:
    """Start the web server and wait until its health page answers."""
    # Python runs pages on one core a process: one alone is too slow for a hundred people.
    workers = min(os.cpu_count() or 1, MAX_WEB_WORKERS)
    command = [PYTHON, "-m", "granian", "--interface", "asgi", "--host", host, "--port", str(port)]
    command += ["--workers", str(workers), "--no-ws", "--no-access-log"]
    # Open event streams would keep a worker process for ever.
    command += ["--workers-kill-timeout", str(WEB_STOP_SECONDS), "cursive.asgi:application"]
    web = supervisor.start("web", command, environment=environment | {"DATABASE_POOLED": "true"})
    try:
        supervisor.wait_until(
            health_probe(host, port), seconds=HEALTH_SECONDS, what="The health page"
        )
    except LaunchError as error:
        error.detail = error.detail or web.last_lines()
        raise


def health_probe(host: str, port: int) -> Callable[[], bool]:
    """A function that says whether GET /api/health answers with 200."""
    address = local_address(host)

    def probe() -> bool:
        connection = http.client.HTTPConnection(address, port, timeout=5)
        try:
            connection.request("GET", "/api/health", headers={"Host": f"localhost:{port}"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe


def start_background(supervisor: Supervisor, environment: dict[str, str]) -> None:
    """Start the worker and beat."""
    celery = [PYTHON, "-m", "celery", "--app", "cursive"]
    worker = ["worker", "--pool=prefork", "--concurrency=2", "-O", "fair"]
    worker += ["--prefetch-multiplier=1", "--without-gossip", "--without-mingle"]
    supervisor.start("worker", [*celery, *worker, "--loglevel=INFO"], environment=environment)
    schedule = supervisor.state.files / "beat-schedule"
    beat = ["beat", f"--schedule={schedule}", "--loglevel=INFO"]
    supervisor.start("beat", [*celery, *beat], environment=environment)


def sign_ins() -> list[str]:
    """The demo's sign-ins for people, from what `demo_data` has written."""
    try:
        people = json.loads((ROOT / ".run" / "demo.json").read_text())
    except (OSError, ValueError):
        return []
    return [
        f"{name}: {person['email']}  {_password(person)}"
        for name, person in people.items()
        if isinstance(person, dict) and {"email", "password"} <= person.keys()
    ]


def _password(person: dict[str, object]) -> object:
    if person.get("changed"):
        return "(a password of their own; remove .run/demo.json for new ones)"
    return person["password"]
