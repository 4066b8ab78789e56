"""Sends more alerts than a service takes, as a well-behaved product does: what is refused waits as long as it is told.

`python -m bench.standard.flood PORT KEY SOURCE FIRST COUNT CONNECTIONS RATE` prints what came of it as JSON. So many
alerts a second come into being, whatever is answered. The connections send them, each its next one when its last one is
accepted.
"""

import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import orjson

from bench.standard.load import read_length, write_alert, write_request

_ACCEPTED, _TOO_MANY, _FULL = b"202", b"429", b"503"


@dataclass(slots=True)
class Tally:
    """What came of it.

    Attributes:
        statuses: how often each was answered.
        latencies: seconds from the last sending of an alert to its 202.
        bare_refusals: refusals that did not say when to come back.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    bare_refusals: int = 0
    seconds: float = 0.0


class Product:
    """A product with a spool and some connections.

    Args:
        port: of the service.
        key: of the source.
        source: as in the path.
    """

    def __init__(self, port: int, key: bytes, source: str) -> None:
        self._port = port
        self._key = key
        self._source = source
        self._spool: asyncio.Queue[int | None] = asyncio.Queue()
        self.tally = Tally()

    async def run(self, numbers: range, connections: int, rate: float) -> None:
        """Let the alerts come into being, and send them all."""
        begun = time.perf_counter()
        sending = [asyncio.create_task(self._send_all()) for _ in range(connections)]
        for index, number in enumerate(numbers):
            ahead = begun + index / rate - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            self._spool.put_nowait(number)
        for _ in sending:
            self._spool.put_nowait(None)
        await asyncio.gather(*sending)
        self.tally.seconds = time.perf_counter() - begun

    async def _send_all(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while (number := await self._spool.get()) is not None:
            body = write_alert(number)
            while True:
                sent = time.perf_counter()
                writer.write(write_request(body, self._key, int(time.time()), self._source))  # noqa: TID251 -- a source signs by its own clock
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(read_length(head))
                status = head.split(b" ", 2)[1]
                self.tally.statuses[status.decode()] += 1
                if status == _ACCEPTED:
                    self.tally.latencies.append(time.perf_counter() - sent)
                    break
                if status not in (_TOO_MANY, _FULL):
                    raise SystemExit(f"alert {number} was answered {status.decode()}")
                await asyncio.sleep(self._read_pause(head))
        writer.close()

    def _read_pause(self, head: bytes) -> float:
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"retry-after:"):
                return float(line.partition(b":")[2])
        self.tally.bare_refusals += 1
        return 1.0


async def main(port: int, key: bytes, source: str, numbers: range, connections: int, rate: float) -> Tally:
    """Send the alerts with these numbers."""
    product = Product(port, key, source)
    await product.run(numbers, connections, rate)
    return product.tally


if __name__ == "__main__":
    own_port, own_key, own_source, first, count, own_connections, own_rate = sys.argv[1:]
    wanted = range(int(first), int(first) + int(count))
    done = asyncio.run(main(int(own_port), own_key.encode(), own_source, wanted, int(own_connections), float(own_rate)))
    sys.stdout.buffer.write(orjson.dumps(done))
