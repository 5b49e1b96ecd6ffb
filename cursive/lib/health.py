"""Health checks. Apps register theirs in `apps.ready()`; the page asks all of them at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeout
from dataclasses import dataclass

CHECK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """One part that can be up or down. `probe` raises when it is down."""

    name: str
    probe: Callable[[], object]
    needed: bool


_checks: dict[str, Check] = {}


def register_check(name: str, probe: Callable[[], object], *, needed: bool) -> None:
    """Have `probe` asked by the health page; `needed` parts make it 503 when they are down."""
    _checks[name] = Check(name, probe, needed)


def examine() -> tuple[int, dict[str, object]]:
    """(HTTP status, body): 200 ok, 200 degraded, or 503 down (N-14). Names no secret."""
    checks = list(_checks.values())
    results: dict[str, str] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, len(checks)))
    try:
        futures = {check.name: pool.submit(check.probe) for check in checks}
        for name, future in futures.items():
            try:
                future.result(timeout=CHECK_SECONDS)
                results[name] = "ok"
            except WaitTimeout:
                results[name] = "timeout"
            except Exception as error:
                results[name] = f"down ({type(error).__name__})"
    finally:
        pool.shutdown(wait=False)
    broken = [check for check in checks if results[check.name] != "ok"]
    if any(check.needed for check in broken):
        return 503, {"status": "down", "checks": results}
    return 200, {"status": "degraded" if broken else "ok", "checks": results}
