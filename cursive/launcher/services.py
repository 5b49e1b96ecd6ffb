"""The databases behind the application: our own servers, or those that the caller names."""

import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from cursive.launcher.binaries import find_postgres, find_valkey, server_user
from cursive.launcher.errors import LaunchError
from cursive.launcher.roles import Passwords, Urls, prepare_roles
from cursive.launcher.servers import PostgresServer, Server, ValkeyServer, server_environment
from cursive.launcher.state import ROOT, State
from cursive.launcher.supervisor import Supervisor

DATABASE = "cursive"
START_SECONDS = 60
LEFT_OUT = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
DATABASE_VARIABLES = ("DATABASE_URL", "ADMIN_DATABASE_URL", "OWNER_DATABASE_URL")


@dataclass
class Services:
    """Where PostgreSQL and Valkey are. `superuser` is '' where the caller gave all three URLs."""

    urls: Urls
    superuser: str
    redis: str
    described: list[str] = field(default_factory=list)

    def variables(self) -> dict[str, str]:
        """The environment variables that settings.py reads."""
        return {
            "DATABASE_URL": self.urls.user,
            "ADMIN_DATABASE_URL": self.urls.admin,
            "OWNER_DATABASE_URL": self.urls.owner,
            "REDIS_URL": self.redis,
        }


def start_services(
    supervisor: Supervisor, *, throwaway: bool = False, may_create_databases: bool = False
) -> Services:
    """Start the servers that the caller's environment doesn't name, and prepare the roles.

    `throwaway` servers begin empty and are as fast as they can be, with no care for power loss.
    """
    state, user = supervisor.state, server_user()
    given = [os.environ.get(name, "") for name in DATABASE_VARIABLES]
    redis = os.environ.get("REDIS_URL", "")
    postgres = None
    servers: list[Server] = []
    if not given[0]:
        if any(given):
            raise LaunchError("Set DATABASE_URL too, or none of the three database variables.")
        postgres = PostgresServer(state, find_postgres(user), user, throwaway)
        servers.append(postgres)
    elif any(given[1:]) and not all(given):
        raise LaunchError(f"Set all of {', '.join(DATABASE_VARIABLES)}, or only the first.")
    if not redis:
        valkey = ValkeyServer(state, find_valkey(user), user, throwaway)
        servers.append(valkey)
        redis = valkey.url
    for server in servers:
        server.prepare()
        supervisor.start(
            server.name,
            server.command(),
            environment=server_environment(),
            wave=server.wave,
            stops=server.stops,
            user=server.user,
            folder=server.folder,
        )
    for server in servers:
        supervisor.wait_until(server.is_ready, seconds=START_SECONDS, what=server.describe())
    described = [server.describe() for server in servers]
    if all(given):
        return Services(
            Urls(*given), os.environ.get("SUPERUSER_DATABASE_URL", ""), redis, described
        )
    superuser, database = _superuser(postgres, given[0])
    passwords = Passwords(*(state.secret(role) for role in ("app_user", "app_admin", "app_owner")))
    urls = prepare_roles(
        superuser,
        database,
        passwords,
        may_create_databases=may_create_databases,
        set_passwords=postgres is not None,
    )
    return Services(urls, superuser, redis, described)


def _superuser(postgres: PostgresServer | None, given: str) -> tuple[str, str]:
    """(URL of the privileged role, name of the application's database)."""
    if postgres is not None:
        return postgres.superuser_url, DATABASE
    database = unquote(urlsplit(given).path.lstrip("/"))
    if not database:
        raise LaunchError("DATABASE_URL must end in the name of the database.")
    return os.environ.get("SUPERUSER_DATABASE_URL") or given, database


def application_variables(
    state: State, services: Services, *, mode: str, base_url: str
) -> dict[str, str]:
    """The variables of everything that runs the application. `mode` is CURSIVE_ENV."""
    return services.variables() | {
        "CURSIVE_ENV": mode,
        "CURSIVE_STATE": str(state.files),
        "BASE_URL": base_url,
        "SECRET_KEY": os.environ.get("SECRET_KEY") or state.secret("secret key"),
        "SUPPRESSION_KEY": os.environ.get("SUPPRESSION_KEY") or state.secret("suppression key"),
    }


def command_environment(variables: dict[str, str]) -> dict[str, str]:
    """The whole environment for a child: the caller's, ours, and the virtual environment's.

    What would lead Python or Django elsewhere is left out. Who wants no bytecode beside the sources
    gets it in .run: without any, each of our many processes would compile all packages anew.
    """
    inherited = {key: value for key, value in os.environ.items() if key not in LEFT_OUT}
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        inherited.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / ".run" / "bytecode"))
    folder = ROOT / ".venv"
    return inherited | {
        "DJANGO_SETTINGS_MODULE": "cursive.settings",
        "PYTHONUNBUFFERED": "1",
        "VIRTUAL_ENV": str(folder),
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        **variables,
    }
