"""The launcher's command line: what run.py hands over to."""

import argparse
import os
from collections.abc import Sequence

from cursive.launcher import checks, up
from cursive.launcher.errors import LaunchError
from cursive.launcher.output import say
from cursive.launcher.services import application_variables, command_environment, start_services
from cursive.launcher.state import State
from cursive.launcher.supervisor import Stopped, Supervisor

INTERRUPTED = 130
COMMANDS = ("up", "test", "check", "bench", "exec")


def main(arguments: Sequence[str]) -> int:
    """Run one command and answer with its exit code; what goes wrong is a printed sentence."""
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    try:
        match command:
            case "up":
                options = _up_options(rest)
                up.run_everything(host=options.host, port=options.port)
                return 0
            case "test":
                return checks.run_tests(rest)
            case "check":
                return checks.run_checks()
            case "bench":
                return checks.run_benchmarks(rest)
            case "exec":
                return run_command(rest[1:] if rest[:1] == ["--"] else rest)
        say(f"There is no command '{command}'. There are: {', '.join(COMMANDS)}, lock.")
        return 2
    except Stopped:
        return INTERRUPTED
    except LaunchError as error:
        if error.detail:
            say(error.detail)
        say(str(error))
        return 1


def run_command(command: list[str]) -> int:
    """Run a command with the demo's variables, on its servers; they start for it if need be."""
    if not command:
        raise LaunchError("Say what to run: python3 run.py exec -- COMMAND ...")
    state = State()
    variables = state.running()
    if variables is not None:
        if not variables:
            raise LaunchError("The servers of this checkout are just starting; wait for them.")
        environment = command_environment(variables)
        try:
            os.execvpe(command[0], command, environment)  # noqa: S606
        except OSError as error:
            raise LaunchError(f"Can't run {command[0]}: {error.strerror}.") from error
    with Supervisor(state) as supervisor:
        state.announce()
        services = start_services(supervisor)
        base_url = f"http://localhost:{up.DEFAULT_PORT}"
        variables = application_variables(state, services, mode="demo", base_url=base_url)
        state.announce(variables=variables)
        environment = command_environment(variables)
        up.run_in_application(supervisor, environment, "migrate")
        return supervisor.foreground(command, environment=environment)


def _up_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py up", description=up.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", default=up.DEFAULT_PORT, type=port_number, help="the port")
    return parser.parse_args(arguments)


def port_number(text: str) -> int:
    """A port from the command line; ValueError when it is none."""
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port
