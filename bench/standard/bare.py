"""The same calls by a bare loop, through the same HTTP client, and nothing written down.

`python -m bench.standard.bare STUBS FIRST COUNT CONCURRENCY` prints the seconds it took, and those of processor time.
"""

import asyncio
import sys
import time
from collections.abc import Iterator

from bench.standard.site import RISKY
from soar.sdk.client import Client
from soar.sdk.egress import HttpEgress

TIMEOUT = 30.0


async def do_work(http: Client, stubs: str, number: int) -> None:
    """Weigh an address, block it, and say so."""
    address = f"203.0.{number // 250 % 250}.{number % 250}"
    reputation = await http.get(f"{stubs}/reputation/{address}")
    if reputation.json()["score"] >= RISKY:
        await http.post(f"{stubs}/firewall", json={"address": address, "reason": "a beacon"})
    await http.post(f"{stubs}/chat", json={"number": number, "text": f"met {address}, and it is blocked"})


async def keep_working(http: Client, stubs: str, numbers: Iterator[int]) -> None:
    """Do one after another."""
    for number in numbers:
        await do_work(http, stubs, number)


async def measure(stubs: str, numbers: range, concurrency: int) -> tuple[float, float]:
    """Return the seconds that all of it took, and the seconds of processor time."""
    hosts, egress, left = frozenset({"127.0.0.1"}), HttpEgress(), iter(numbers)
    http = Client(egress, hosts=hosts, private_hosts=hosts, idempotency_key="bare", timeout=TIMEOUT)
    begun, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(keep_working(http, stubs, left) for _ in range(concurrency)))
    taken, used = time.perf_counter() - begun, time.process_time() - used
    await egress.close()
    return taken, used


if __name__ == "__main__":
    own_stubs, first, count, own_concurrency = sys.argv[1:]
    print(*asyncio.run(measure(own_stubs, range(int(first), int(first) + int(count)), int(own_concurrency))))
