"""Sends bodies and headers that are made to cost their reader much, one after another, signed where they can be.

`python -m bench.standard.bombs PORT KEY COUNT RATE` prints a line when the first is sent and then, as JSON, how often
they were answered what, and how long the longest answer took. Each must be refused, or be accepted as what it is.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import orjson

from bench.standard.bombed import BOMBED
from bench.standard.load import write_request
from tests.support.heavy_bodies import BOMBS

_ROOM = 1_000_000  # bytes, a little less than a body may have
_REFUSALS = frozenset({b"202", b"400", b"408", b"413", b"415", b"422", b"429", b"503"})


def list_bombs(key: bytes) -> Iterator[bytes]:
    """Yield whole requests, signed when they are asked for."""
    fields = b",".join(b'"k%d":%d' % (number, number) for number in range(60_000))
    bodies = (
        b"{%b}" % fields,
        b'{"a":"%b"}' % (b"\\u0041" * (_ROOM // 6)),
        b'{"a":%b}' % (b"9" * (_ROOM - 10)),
    )
    headers = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 4_000) for number in range(200))
    while True:
        for body in bodies:
            yield write_request(body, key, _now(), "loud")
        for rule, parcel in BOMBS.values():
            packed = b"".join(b"%b: %b\r\n" % (name.encode(), text.encode()) for name, text in parcel.headers.items())
            yield write_request(parcel.body, key, _now(), BOMBED[rule], packed)
        yield b"POST /hooks/loud HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n" % headers


def _now() -> int:
    return int(time.time())  # noqa: TID251 -- as a source signs


async def send(port: int, request: bytes) -> str:
    """Send one on a connection of its own, and return how it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        status = (await reader.readline()).split(b" ", 2)[1]
    except (ConnectionError, IndexError):
        return "cut"  # which is an answer too
    finally:
        writer.close()
    if status not in _REFUSALS:
        raise SystemExit(f"a bomb was answered {status.decode()}")
    return status.decode()


async def main(port: int, key: bytes, count: int, rate: float) -> dict[str, object]:
    """Send so many."""
    print("ready", flush=True)
    begun, longest, answers = time.perf_counter(), 0.0, Counter[str]()
    for index, request in enumerate(islice(list_bombs(key), count)):
        await asyncio.sleep(max(0.0, begun + index / rate - time.perf_counter()))
        sent = time.perf_counter()
        answers[await send(port, request)] += 1
        longest = max(longest, time.perf_counter() - sent)
    return {"answers": answers, "longest": longest}


if __name__ == "__main__":
    own_port, own_key, own_count, own_rate = sys.argv[1:]
    done = asyncio.run(main(int(own_port), own_key.encode(), int(own_count), float(own_rate)))
    sys.stdout.buffer.write(orjson.dumps(done))
