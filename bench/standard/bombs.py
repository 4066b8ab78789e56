"""Sends bodies and headers that are made to cost their reader much, one after another, signed where they can be.

`python -m bench.standard.bombs PORT KEY COUNT RATE`. Each must be refused, or be accepted as what it is.
"""

import asyncio
import sys
import time
from itertools import cycle, islice

from bench.standard.load import write_request

_ROOM = 1_000_000  # bytes, a little less than a body may have
_REFUSALS = frozenset({b"202", b"400", b"408", b"413", b"415", b"422", b"429", b"503"})


def list_bombs(key: bytes, seconds: int) -> tuple[bytes, ...]:
    """Return whole requests."""
    fields = b",".join(b'"k%d":%d' % (number, number) for number in range(60_000))
    bodies = (
        b"[" * _ROOM,
        b'{"a":' * (_ROOM // 5),
        b"{%b}" % fields,
        b'{"a":"%b"}' % (b"\\u0041" * (_ROOM // 6)),
        b'{"a":%b}' % (b"9" * (_ROOM - 10)),
        b'{"a":[%b]}' % (b"0," * (_ROOM // 2) + b"0"),
    )
    signed = tuple(write_request(body, key, seconds, "loud") for body in bodies)
    headers = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 4_000) for number in range(200))
    return (*signed, b"POST /hooks/loud HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n" % headers)


async def send(port: int, request: bytes) -> None:
    """Send one on a connection of its own, and read how it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        status = (await reader.readline()).split(b" ", 2)[1]
    except (ConnectionError, IndexError):
        return  # the connection was cut, which is an answer too
    finally:
        writer.close()
    if status not in _REFUSALS:
        raise SystemExit(f"a bomb was answered {status.decode()}")


async def main(port: int, key: bytes, count: int, rate: float) -> None:
    """Send so many."""
    begun = time.perf_counter()
    for index, request in enumerate(islice(cycle(list_bombs(key, int(time.time()))), count)):  # noqa: TID251 -- as a source signs
        await asyncio.sleep(max(0.0, begun + index / rate - time.perf_counter()))
        await send(port, request)


if __name__ == "__main__":
    own_port, own_key, own_count, own_rate = sys.argv[1:]
    asyncio.run(main(int(own_port), own_key.encode(), int(own_count), float(own_rate)))
