"""People at once: a load generator on plain asyncio, for a server on this machine.

Everybody has a connection of their own, asks for a page, reads it for a while, asks for the next.
`python -m bench.load` reads a Plan as JSON from standard input and writes its samples as JSON; it
ends by itself a little after `seconds`, whatever the server does.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.options import ROOT
from bench.report import quantile

LOOPBACK = ("127.0.0.1", "::1", "localhost")
HEAD_LIMIT = 65_536
GRACE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Page:
    """Something to ask for at one of its `paths`; anything but `status` is an error.

    `weight` is how often, `header` which of a person's headers it takes.
    """

    name: str
    paths: Sequence[str]
    weight: int = 1
    header: str = ""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """Who asks for what. `people` have each their headers by name, as (header, value).

    Requests that begin in the first `warm_up` seconds aren't counted. `think` is the shortest and
    longest pause between an answer and the next request, in seconds.
    """

    port: int
    pages: Sequence[Page]
    people: Sequence[Mapping[str, tuple[str, str]]]
    seconds: float
    warm_up: float = 0.0
    think: tuple[float, float] = (2.0, 5.0)
    timeout: float = 10.0
    host: str = "127.0.0.1"
    seed: int = 1

    @property
    def longest(self) -> float:
        """Seconds after which the generator has ended, at the latest."""
        return self.warm_up + self.seconds + self.timeout + GRACE_SECONDS

    def to_json(self) -> str:
        """For the generator's process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """What `to_json` has written."""
        given = json.loads(text)
        given["pages"] = [Page(**page) for page in given["pages"]]
        given["think"] = tuple(given["think"])
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: how long until the last byte, and '' or what was wrong with the answer."""

    page: str
    milliseconds: float
    error: str = ""


@dataclass(slots=True)
class Summary:
    """What several requests were like; times are in milliseconds and of good answers only."""

    requests: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many had no good answer."""
        return self.errors.total()

    def at(self, share: float) -> float:
        """The time that this share of the good answers kept to. ValueError without any."""
        return quantile(self.times, share)


def generate_beside(plan: Plan, *, check: Callable[[], None] = lambda: None) -> list[Sample]:
    """Run the load generator in a process of its own and answer with its samples.

    `check` is called now and then and may raise to break it off. It can't outlast the plan.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    try:
        given: str | None = plan.to_json()
        waited = 0.0
        while True:
            try:
                output, _ = child.communicate(given, timeout=1)
                break
            except subprocess.TimeoutExpired:
                given, waited = None, waited + 1
                check()
                if waited > plan.longest + 10:
                    raise
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    if child.returncode != 0:
        raise RuntimeError(f"the load generator ended with code {child.returncode}")
    return [Sample(*one) for one in json.loads(output)]


def summarise(samples: Sequence[Sample]) -> dict[str, Summary]:
    """A summary for each page, and under '' one for all."""
    found: dict[str, Summary] = {"": Summary()}
    for sample in samples:
        for name in ("", sample.page):
            summary = found.setdefault(name, Summary())
            summary.requests += 1
            if sample.error:
                summary.errors[sample.error] += 1
            else:
                summary.times.append(sample.milliseconds)
    return found


async def generate(plan: Plan) -> list[Sample]:
    """Be all the people at once. ValueError for a server that isn't on this machine."""
    if plan.host not in LOOPBACK:
        raise ValueError("The load generator only asks servers on this machine.")
    samples: list[Sample] = []
    began = time.monotonic()
    everybody = asyncio.gather(
        *(
            _be_person(plan, headers, random.Random(f"{plan.seed}-{number}"), began, samples)
            for number, headers in enumerate(plan.people)
        )
    )
    await asyncio.wait_for(everybody, plan.longest)
    return samples


async def _be_person(
    plan: Plan,
    headers: Mapping[str, tuple[str, str]],
    chance: random.Random,
    began: float,
    samples: list[Sample],
) -> None:
    connection = Connection(plan.host, plan.port)
    counted_from = began + plan.warm_up
    ends = counted_from + plan.seconds
    weights = [page.weight for page in plan.pages]
    try:
        # Nobody comes at the same moment as everybody else.
        await asyncio.sleep(chance.uniform(0, plan.think[1]))
        while time.monotonic() < ends:
            (page,) = chance.choices(plan.pages, weights)
            path = chance.choice(page.paths)
            sent = [headers[page.header]] if page.header else []
            asked = time.monotonic()
            error = await _ask(connection, page, path, sent, plan.timeout)
            took = (time.monotonic() - asked) * 1000
            if asked >= counted_from:
                samples.append(Sample(page.name, took, error))
            pause = chance.uniform(*plan.think)
            await asyncio.sleep(max(0.0, min(pause, ends - time.monotonic())))
    finally:
        connection.close()


async def _ask(
    connection: "Connection",
    page: Page,
    path: str,
    headers: Sequence[tuple[str, str]],
    timeout: float,
) -> str:
    """'' for the answer that was expected, else what came in its place."""
    try:
        async with asyncio.timeout(timeout):
            status = await connection.get(path, headers)
    except TimeoutError:
        problem = "timeout"
    except (OSError, EOFError, ValueError) as error:
        problem = type(error).__name__
    else:
        return "" if status == page.status else f"status {status}"
    connection.close()
    return problem


class Connection:
    """A kept-alive HTTP/1.1 connection, opened when it is needed."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def get(self, path: str, headers: Sequence[tuple[str, str]] = ()) -> int:
        """The status of the answer, once all of it is there.

        Raises OSError, EOFError for an answer that breaks off, ValueError for one that isn't HTTP.
        """
        lines = [f"GET {path} HTTP/1.1", f"Host: localhost:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers]
        request = "\r\n".join([*lines, "", ""]).encode()
        head = b""
        if self._streams is not None:
            # A server may hang up between two requests; like a browser, we then try anew.
            try:
                head = await self._send(request)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                if getattr(error, "partial", b""):
                    raise
                self.close()
        if not head:
            self._streams = await asyncio.open_connection(self.host, self.port, limit=HEAD_LIMIT)
            head = await self._send(request)
        return await self._finish(head)

    async def _send(self, request: bytes) -> bytes:
        assert self._streams is not None
        reader, writer = self._streams
        writer.write(request)
        await writer.drain()
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise ValueError("the answer's head is too long") from error

    async def _finish(self, head: bytes) -> int:
        assert self._streams is not None
        reader = self._streams[0]
        first, *rest = head.decode("latin-1").split("\r\n")
        protocol, status, *_ = first.split(" ")
        if not protocol.startswith("HTTP/1."):
            raise ValueError("this isn't HTTP/1")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in rest if line)
        }
        closes = headers.get("connection", "").lower() == "close"
        if status in ("204", "304"):
            pass  # these have no body, whatever their headers say
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                await reader.readexactly(size + 2)
            await reader.readuntil(b"\r\n")
        elif "content-length" in headers:
            await reader.readexactly(int(headers["content-length"]))
        else:
            await reader.read()
            closes = True
        if closes:
            self.close()
        return int(status)


def main() -> None:
    """Be the generator's process."""
    samples: Any = asyncio.run(generate(Plan.from_json(sys.stdin.read())))
    json.dump([[one.page, one.milliseconds, one.error] for one in samples], sys.stdout)


if __name__ == "__main__":
    main()
