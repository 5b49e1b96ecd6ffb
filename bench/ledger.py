"""Spending credits: `operations.spend` against the same two statements sent by pgbench.

The yardstick is bare SQL by PostgreSQL's own load generator, in the same tables, as the same role
under the same row-level security: set the workspace, UPDATE … WHERE balance ≥ price, INSERT the
entry, commit. The operation does what a request does: it enters the tenant's context, spends with
an idempotency key, looks whether credits run low, and commits. Both are measured by turns, so
that what else the machine does disturbs both. Last, the books are proven: a fast ledger that is
wrong has no figures.
"""

import os
import re
import subprocess
import tempfile
import time
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from django.db import connections
from psycopg.conninfo import conninfo_to_dict

from accounts.workspaces.models import Workspace
from bench.clients import Work, together
from bench.options import Options
from bench.report import Row, figure
from credits.ledger.checks import find_differences
from credits.ledger.operations import grant, spend
from cursive.launcher.binaries import find_postgres
from cursive.launcher.errors import LaunchError
from cursive.lib.actors import Actor
from cursive.lib.tenancy import atomic, system_context, tenant_context

SECTION = "ledger"
ACCOUNTS = 1_000
# (name, accounts, clients)
LOADS = (
    ("spends on one account, 8 at once", 1, 8),
    ("spends on 1,000 accounts, 8 at once", ACCOUNTS, 8),
    ("spends on 1,000 accounts, 32 at once", ACCOUNTS, 32),
)
GOAL = 0.7
TURNS = 2
WARM_UP_SECONDS = 0.3
TURN_SECONDS = 2  # whole, for pgbench
PRICE = Decimal("0.01")
FUNDS = Decimal(1_000_000)
SYSTEM = Actor.system("bench")
# Both sides write a workspace's id as this and a number of four digits.
PREFIX = "00000000-0000-7000-8000-00000000"
FIRST = 1_000
SCRIPT = f"""
\\set n random({FIRST}, {FIRST} + :accounts - 1)
BEGIN;
SELECT set_config('app.workspace', '{PREFIX}:n', true);
UPDATE credits_account SET balance = balance - {PRICE}
    WHERE workspace_id = '{PREFIX}:n' AND balance >= {PRICE}
    RETURNING balance + held AS after \\gset
INSERT INTO credits_entry (workspace_id, kind, amount, balance_after, action, reference_kind,
    reference_id, key, actor_kind, actor_label, metadata, created_at)
    VALUES ('{PREFIX}:n', 'spend', -{PRICE}, :after, 'pull', 'job', '1',
    gen_random_uuid()::text, 'system', 'bench', '{{}}', clock_timestamp());
COMMIT;
"""


def run(options: Options) -> list[Row]:
    """Spends a second at each load, and their ratio to bare SQL."""
    _open_accounts()
    pgbench = _find_pgbench()
    rows = []
    for name, accounts, clients in LOADS:
        ours = bare = 0.0
        for _ in range(TURNS):
            if pgbench is not None:
                bare += _run_pgbench(pgbench, accounts, clients) / TURNS
            ours += _rate(partial(_spend_for, accounts), clients) / TURNS
        driver = _rate(partial(_bare_for, accounts), clients)
        if pgbench is not None:
            rows.append(_row(f"{name}; yardstick: pgbench", ours, bare, goal=GOAL))
        # What a Python driver costs by itself; the yardstick where there is no pgbench.
        goal = None if pgbench is not None else GOAL
        rows.append(_row(f"{name}; yardstick: psycopg", ours, driver, goal=goal))
    began = time.perf_counter()
    differences = find_differences()
    if differences:
        raise AssertionError(f"the books are wrong after this: {differences[0]}")
    rows.append(figure(SECTION, "proof of the books after that", time.perf_counter() - began, "s"))
    return rows


def _row(name: str, ours: float, bare: float, *, goal: float | None) -> Row:
    return figure(SECTION, name, ours, "a second", yardstick=bare, ratio_at_least=goal)


def _rate(work: Work, clients: int) -> float:
    """What so many clients did together, a second."""
    done, took = together(work, clients, seconds=TURN_SECONDS, warm_up=WARM_UP_SECONDS)
    return sum(done) / took


def _workspace(number: int) -> UUID:
    return UUID(f"{PREFIX}{FIRST + number}")


def _open_accounts() -> None:
    with system_context(), atomic():
        Workspace.objects.bulk_create(
            Workspace(id=_workspace(number), name=f"Bench {number}") for number in range(ACCOUNTS)
        )
        for number in range(ACCOUNTS):
            grant(
                workspace_id=_workspace(number),
                amount=FUNDS,
                action="grant",
                reference=("bench", number),
                key="funds",
                actor=SYSTEM,
            )
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE credits_account, credits_entry, accounts_workspace")
    connections.close_all()


# ---- The operation -----------------------------------------------------------------------------


def _spend_for(accounts: int, client: int, ends: float) -> int:
    done = 0
    spree = uuid4().hex
    while time.perf_counter() < ends:
        # Every account in turn, each client from another one on.
        workspace_id = _workspace((client * 131 + done * 7) % accounts)
        with tenant_context(workspace_id):
            spend(
                workspace_id=workspace_id,
                amount=PRICE,
                action="pull",
                reference=("job", "1"),
                key=f"{spree}-{done}",
                actor=SYSTEM,
            )
        done += 1
    return done


# ---- Bare SQL ----------------------------------------------------------------------------------


def _find_pgbench() -> Path | None:
    """PostgreSQL's load generator, beside the server's other programs."""
    try:
        program = find_postgres(None).folder / "pgbench"
    except LaunchError:
        return None
    return program if program.exists() else None


def _run_pgbench(program: Path, accounts: int, clients: int) -> float:
    parts = conninfo_to_dict(os.environ["DATABASE_URL"])
    named = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    environment = os.environ | {named[key]: str(parts[key]) for key in named if parts.get(key)}
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT)
        script.flush()
        command = [str(program), "--no-vacuum", f"--file={script.name}", f"--client={clients}"]
        command += ["--jobs=2", f"--time={TURN_SECONDS}", f"--define=accounts={accounts}"]
        done = subprocess.run(
            [*command, str(parts["dbname"])],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"pgbench: {done.stderr.strip()[-300:]}")
    return float(found.group(1))


def _bare_for(accounts: int, client: int, ends: float) -> int:
    done = 0
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        while time.perf_counter() < ends:
            workspace_id = _workspace((client * 131 + done * 7) % accounts)
            connection.execute("SELECT set_config('app.workspace', %s, true)", [str(workspace_id)])
            after = connection.execute(
                "UPDATE credits_account SET balance = balance - %s"
                " WHERE workspace_id = %s AND balance >= %s RETURNING balance + held",
                [PRICE, workspace_id, PRICE],
            ).fetchone()
            connection.execute(
                "INSERT INTO credits_entry (workspace_id, kind, amount, balance_after, action,"
                " reference_kind, reference_id, key, actor_kind, actor_label, metadata,"
                " created_at) VALUES (%s, 'spend', %s, %s, 'pull', 'job', '1', %s, 'system',"
                " 'bench', '{}', clock_timestamp())",
                [workspace_id, -PRICE, after[0] if after else 0, uuid4().hex],
            )
            connection.commit()
            done += 1
    return done
