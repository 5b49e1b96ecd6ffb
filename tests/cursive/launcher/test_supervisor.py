"""The supervisor with small children: order, unexpected ends, signals, and its own violent end."""

import os
import signal
import subprocess
import sys
import time

import pytest

from cursive.launcher.errors import LaunchError
from cursive.launcher.processes import command_line, find_process, list_processes, read_record
from cursive.launcher.state import ROOT, State
from cursive.launcher.supervisor import Stopped, Supervisor

PYTHON = [sys.executable, "-S", "-c"]
SLEEPER = [*PYTHON, "import time; time.sleep(60)"]
# What `make run` does, with a child that takes part in nothing.
SCRIPT = """
import signal, sys
from pathlib import Path
from cursive.launcher.state import State
from cursive.launcher.supervisor import Stopped, Supervisor

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests run under nohup
with Supervisor(State(Path(sys.argv[1]))) as supervisor:
    child = supervisor.start("child", sys.argv[2:], environment={})
    print(child.child.pid, flush=True)
    try:
        supervisor.watch()
    except Stopped:
        print("stopping", flush=True)
"""


def launch(state: State, command: list[str] = SLEEPER) -> tuple[subprocess.Popen[str], int]:
    """(a supervisor in a process group of its own, the pid of its child)."""
    launcher = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(state.root), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    return launcher, int(read_line(launcher))


def read_line(launcher: subprocess.Popen[str]) -> str:
    assert launcher.stdout is not None
    return launcher.stdout.readline()


def wait_until_gone(pid: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while find_process(pid) is not None:
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.05)


def test_everything_has_stopped_after_the_block(state: State):
    with Supervisor(state) as supervisor:
        pid = supervisor.start("child", SLEEPER, environment={}).child.pid
        assert find_process(pid) is not None
    assert find_process(pid) is None
    assert not state.record.exists()


def test_a_service_that_ends_is_an_error_with_its_last_lines(state: State):
    code = "print('out of cheese'); raise SystemExit(3)"
    unexpected = pytest.raises(LaunchError, match=r"'web' ended unexpectedly \(with code 3\)")
    with unexpected as caught, Supervisor(state) as supervisor:
        other = supervisor.start("other", SLEEPER, environment={}).child.pid
        supervisor.start("web", [*PYTHON, code], environment={})
        supervisor.watch()
    assert caught.value.detail == "out of cheese"
    assert find_process(other) is None


def test_a_step_that_fails_says_so_with_its_last_lines(state: State):
    code = "print('no such table'); raise SystemExit(1)"
    failure = pytest.raises(LaunchError, match="'migrate' failed")
    with Supervisor(state) as supervisor, failure as caught:
        supervisor.run("migrate", [*PYTHON, code], environment={})
    assert caught.value.detail == "no such table"


def test_the_log_of_the_last_start_is_kept(state: State):
    with Supervisor(state) as supervisor:
        for word in ("first", "second"):
            supervisor.run("step", [*PYTHON, f"print('{word}')"], environment={})
    assert (state.logs / "step.log").read_text() == "second\n"
    assert (state.logs / "step.log.1").read_text() == "first\n"


def test_a_service_that_never_answers_is_given_up(state: State):
    given_up = pytest.raises(LaunchError, match="The page didn't answer")
    with Supervisor(state) as supervisor, given_up:
        supervisor.wait_until(lambda: False, seconds=0.2, what="The page")


def test_a_program_that_does_not_exist_is_a_sentence(state: State):
    sentence = pytest.raises(LaunchError, match="Can't run /no/such/program: No such file")
    with Supervisor(state) as supervisor, sentence:
        supervisor.start("x", ["/no/such/program"], environment={})


def test_a_signal_stops_the_waiting_for_a_step(state: State):
    with Supervisor(state) as supervisor:
        child = supervisor.start("step", SLEEPER, environment={}, service=False)
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            supervisor.wait(child)


def test_the_code_of_a_command_in_the_foreground_is_handed_on(state: State):
    with Supervisor(state) as supervisor:
        assert supervisor.foreground([*PYTHON, "raise SystemExit(7)"], environment={}) == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_to_stop_it_stops_the_children(state: State, number: int):
    launcher, child = launch(state)
    os.killpg(launcher.pid, number)
    assert launcher.communicate(timeout=10)[0] == "stopping\n"
    assert launcher.returncode == 0
    assert find_process(child) is None


def test_it_stops_at_sigint_although_a_script_started_it_with_sigint_ignored(state: State):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        launcher, child = launch(state)
    finally:
        signal.signal(signal.SIGINT, before)
    os.kill(launcher.pid, signal.SIGINT)
    assert launcher.wait(10) == 0
    assert find_process(child) is None


def test_the_second_ctrl_c_does_not_wait(state: State):
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
    launcher, child = launch(state, [*PYTHON, stubborn])
    time.sleep(0.3)
    os.kill(launcher.pid, signal.SIGINT)
    assert read_line(launcher) == "stopping\n"
    time.sleep(0.7)
    assert find_process(child) is not None
    os.kill(launcher.pid, signal.SIGINT)
    assert launcher.wait(10) == 0
    assert find_process(child) is None


def test_children_end_when_the_supervisor_is_killed(state: State):
    launcher, child = launch(state)
    launcher.kill()
    launcher.wait()
    wait_until_gone(child)


def test_the_next_start_stops_what_supervisor_and_watchdog_left(state: State):
    launcher, child = launch(state)
    watchdog = next(
        pid
        for pid in list_processes()
        if {"watchdog", str(state.record)} <= set(command_line(pid).split())
    )
    os.kill(watchdog, signal.SIGKILL)
    launcher.kill()
    launcher.wait()
    assert find_process(child) is not None
    assert [found.name for found in read_record(state.record)[1]] == ["child"]
    with Supervisor(state) as supervisor:
        assert supervisor.leftovers == ["child"]
        assert find_process(child) is None


def test_a_second_launcher_says_where_the_first_one_is(state: State):
    with Supervisor(state):
        state.announce(url="http://localhost:8000", variables={"DATABASE_URL": "x"})
        other = State(state.root)
        with pytest.raises(
            LaunchError, match="already runs in this checkout at http://localhost:8000"
        ):
            other.acquire()
        assert other.running() == {"DATABASE_URL": "x"}
    assert State(state.root).running() is None
