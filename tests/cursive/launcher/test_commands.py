"""The command line, and what `run.py up` waits for."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cursive.launcher import cli, services
from cursive.launcher.errors import LaunchError
from cursive.launcher.state import ROOT, State, free_port
from cursive.launcher.supervisor import Supervisor
from cursive.launcher.up import health_probe


class Health(BaseHTTPRequestHandler):
    """Answers with the server's `status`, and keeps quiet."""

    def do_GET(self) -> None:
        self.send_response(getattr(self.server, "status"))  # noqa: B009
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False), (404, False)])
def test_only_a_healthy_page_counts(web: HTTPServer, status: int, ready: bool):
    vars(web)["status"] = status
    assert health_probe("127.0.0.1", web.server_port)() is ready


def test_nobody_listening_is_not_ready():
    assert health_probe("0.0.0.0", free_port())() is False


def test_an_unknown_command_names_those_that_exist(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["start"]) == 2
    assert "There is no command 'start'. There are: up, test" in capsys.readouterr().out


@pytest.mark.parametrize("port", ["abc", "0", "65536"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        cli.main(["up", "--port", port])
    assert "--port" in capsys.readouterr().err


def test_exec_without_a_command_says_what_to_write(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["exec", "--"]) == 1
    assert "Say what to run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"OWNER_DATABASE_URL": "postgresql://x@y/z"}, "Set DATABASE_URL too"),
        (
            {"DATABASE_URL": "postgresql://x@y/z", "ADMIN_DATABASE_URL": "postgresql://x@y/z"},
            "Set all of",
        ),
        ({"DATABASE_URL": "postgresql://x@127.0.0.1:1"}, "must end in the name of the database"),
        ({"DATABASE_URL": "postgresql://x@127.0.0.1:1/z"}, "doesn't let us in"),
    ],
)
def test_database_variables_that_do_not_add_up_are_a_sentence(
    state: State, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], sentence: str
):
    for name in (*services.DATABASE_VARIABLES, "SUPERUSER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with Supervisor(state) as supervisor, pytest.raises(LaunchError, match=sentence):
        services.start_services(supervisor)


def test_servers_that_are_given_are_used_as_they_are(state: State, monkeypatch: pytest.MonkeyPatch):
    urls = [f"postgresql://{role}@db.example/cursive" for role in ("user", "admin", "owner")]
    for name, url in zip(services.DATABASE_VARIABLES, urls, strict=True):
        monkeypatch.setenv(name, url)
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/0")
    with Supervisor(state) as supervisor:
        found = services.start_services(supervisor)
    assert found.described == []
    variables = services.application_variables(
        state, found, mode="demo", base_url="http://localhost:1"
    )
    assert [variables[name] for name in services.DATABASE_VARIABLES] == urls
    assert variables["REDIS_URL"] == "redis://cache.example/0"
    assert variables["CURSIVE_STATE"] == str(state.files)
    assert "SUPERUSER_DATABASE_URL" not in variables


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ({}, None),
        ({"PYTHONDONTWRITEBYTECODE": "1"}, str(ROOT / ".run" / "bytecode")),
        ({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/mine"}, "/mine"),
    ],
)
def test_bytecode_is_kept_somewhere(given, prefix, monkeypatch: pytest.MonkeyPatch):
    """Else each process that starts compiles all packages anew, for seconds."""
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    environment = services.command_environment({})
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment.get("PYTHONPYCACHEPREFIX") == prefix
