"""What a call of an action costs of the processor's time, from its turn to its output.

`python -m bench.call` makes calls of the standard work, without a service around them: over sockets, and with a product
that answers within the process, so that neither the system nor the client below the one way out counts. Beside each
stands what the bare HTTP client takes for the same requests. Compare two versions in turns.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NoReturn

import uvloop

from bench.standard.bare import do_work
from bench.standard.processes import serving
from bench.standard.site import write_site
from soar.app.clock import SystemClock
from soar.app.guard import make_allowances
from soar.app.site import Site, read_site
from soar.model.network import Egress, EgressRequest, EgressResponse
from soar.model.process import ActionCall
from soar.model.values import JsonValue
from soar.registry.host import InProcessHost, Surroundings
from soar.runtime.guard import GuardedHost, GuardRule
from soar.sdk.client import Client
from soar.sdk.egress import HttpEgress
from soar.sdk.simulation import MemoryLedger
from soar.sdk.target import parse_target
from soar.sdk.testing import MemoryAlerts, MemoryLists, MemoryMessages

RUNS = 300
ROUNDS = 8
CONCURRENCY = 8
CALLS = 3
HOSTS = frozenset({"127.0.0.1"})

Work = Callable[[int], Awaitable[None]]


class Within:
    """A way out at whose end a product answers at once."""

    async def send(self, request: EgressRequest) -> EgressResponse:
        """Answer, if it may be asked."""
        parse_target(request.url, request.hosts, request.private_hosts)
        body = b'{"score":90,"verdict":"malicious"}'
        headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
        return EgressResponse(status=200, headers=headers, body=body)

    async def close(self) -> None:
        """Nothing is held open."""


async def refuse(*_: object) -> NoReturn:
    raise RuntimeError("the standard work needs no credential, changes no breaker, and is not frozen")


def open_guard(site: Site, egress: Egress) -> GuardedHost:
    clock = SystemClock()
    surroundings = Surroundings(
        find_connection=lambda _, connection: site.connections.get(connection),
        resolve=refuse,
        keep=refuse,
        open_ledger=lambda *_: MemoryLedger(),
        open_messages=lambda _: MemoryMessages(),
        open_lists=lambda _: MemoryLists("none"),
        open_alerts=lambda _: MemoryAlerts(),
        egress=egress,
        clock=clock,
    )
    return GuardedHost(
        InProcessHost(site.connectors, surroundings),
        find_allowance=make_allowances(site),
        rule=GuardRule(),
        clock=clock,
        keep=refuse,
        explain_stop=refuse,
    )


async def make_call(guard: GuardedHost, number: int, action: str, arguments: JsonValue) -> None:
    answer = await guard.call(
        ActionCall(
            workspace="main",
            run=f"run_{number}",
            step="steps/0",
            action=action,
            connection="http",
            arguments=arguments,
            secrets=(),
            effect_key=f"run_{number}/steps/0",
            attempt=1,
            timeout=30.0,
        )
    )
    if answer.code is not None:
        raise SystemExit(f"{action} failed: {answer.message}")


async def do_run(guard: GuardedHost, stubs: str, number: int) -> None:
    address = f"203.0.{number // 250 % 250}.{number % 250}"
    block: JsonValue = {"address": address, "reason": "a beacon"}
    said: JsonValue = {"number": number, "text": f"met {address}, and it is blocked"}
    await make_call(guard, number, "http.get", {"url": f"{stubs}/reputation/{address}"})
    await make_call(guard, number, "http.request", {"url": f"{stubs}/firewall", "json": block})
    await make_call(guard, number, "http.request", {"url": f"{stubs}/chat", "json": said})


async def keep_working(work: Work, numbers: Iterator[int]) -> None:
    for number in numbers:
        await work(number)


async def measure(work: Work) -> float:
    """Return the microseconds of processor time that a call takes, in the best of some rounds."""
    best = float("inf")
    for first in range(0, ROUNDS * RUNS, RUNS):
        numbers = iter(range(first, first + RUNS))
        used = time.process_time()
        await asyncio.gather(*(keep_working(work, numbers) for _ in range(CONCURRENCY)))
        best = min(best, (time.process_time() - used) / RUNS / CALLS * 1e6)
    return best


async def measure_both(site: Site, egress: Egress, stubs: str) -> tuple[float, float]:
    """Return what a call of an action takes, and what one of the bare HTTP client."""
    guard = open_guard(site, egress)
    http = Client(egress, hosts=HOSTS, private_hosts=HOSTS, idempotency_key="bare", timeout=30.0)
    try:
        called = await measure(lambda number: do_run(guard, stubs, number))
        return called, await measure(lambda number: do_work(http, stubs, number))
    finally:
        await egress.close()


async def print_table(site: Site, stubs: str) -> None:
    print(f"{'microseconds a call':30}{'over sockets':>14}{'within':>10}")
    sockets = await measure_both(site, HttpEgress(), stubs)
    within = await measure_both(site, Within(), stubs)
    for name, *row in zip(("calls of actions", "the bare HTTP client"), sockets, within, strict=True):
        print(f"{name:30}{row[0]:>14.0f}{row[1]:>10.0f}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serving("stubs") as running:
        stubs = f"http://127.0.0.1:{running.port}"
        site = read_site(write_site(Path(folder), stubs))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(print_table(site, stubs))


if __name__ == "__main__":
    main()
