"""Sends signed alerts and says when each was sent and when it was answered, as a JSON list of lists.

`python -m bench.standard.load PORT KEY FIRST COUNT CONNECTIONS RATE`. A rate of 0 is full speed: each connection sends
its next alert when its last one is answered. Otherwise so many are sent a second, whatever is answered, and a delay of
the sender counts as latency.
"""

import asyncio
import hashlib
import hmac
import sys
import time
from collections.abc import Iterator

import orjson

ALERT_BYTES = 1024
ACCEPTED = b"202"
PAUSE = 0.05  # seconds before what was refused for now is sent again

Sent = tuple[int, float, float, int]
"""Number, moments of sending and of the answer, and how often it was refused in between."""


def write_alert(number: int) -> bytes:
    """Return the body of an alert: 1 KB of JSON."""
    document = {
        "number": number,
        "title": "Beacon to a known bad address",
        "user": f"User-{number % 977}@corp.example",
        "host": f"ws-{number % 1709:04}",
        "ip": f"203.0.{number // 250 % 250}.{number % 250}",
        "risk": {"score": 83, "reasons": ["beaconing", "rare destination"]},
        "note": "",
    }
    document["note"] = "x" * (ALERT_BYTES - len(orjson.dumps(document)))
    return orjson.dumps(document)


def write_request(
    body: bytes, key: bytes, seconds: int, source: str = "bench", headers: bytes = b"Content-Type: application/json\r\n"
) -> bytes:
    """Return the whole request, signed as the source wants it; each header with the end of its line."""
    stamp = str(seconds).encode()
    signature = hmac.digest(key, stamp + b"." + body, hashlib.sha256).hex().encode()
    return (
        b"POST /hooks/%b HTTP/1.1\r\nHost: 127.0.0.1\r\n%bX-Timestamp: %b\r\nX-Signature: %b\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (source.encode(), headers, stamp, signature, len(body), body)
    )


class Sender:
    """One kept connection.

    Args:
        port: of the service.
        key: of the source.
    """

    def __init__(self, port: int, key: bytes) -> None:
        self._port = port
        self._key = key
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, number: int, due: float | None = None) -> Sent:
        """Send one alert until it is accepted."""
        body = write_alert(number)
        sent, refused = due or time.perf_counter(), 0
        while (status := await self._exchange(body)) != ACCEPTED:
            if status != b"503":
                raise SystemExit(f"alert {number} was answered {status.decode()}")
            refused += 1
            await asyncio.sleep(PAUSE)
        return number, sent, time.perf_counter(), refused

    async def _exchange(self, body: bytes) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(write_request(body, self._key, int(time.time())))  # noqa: TID251 -- a source signs by its own clock
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(read_length(head))
        return head.split(b" ", 2)[1]


def read_length(head: bytes) -> int:
    """Return how many bytes follow the head of an answer."""
    return next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")


async def send_at_full_speed(senders: list[Sender], numbers: Iterator[int]) -> list[Sent]:
    """Let each connection send one alert after another."""

    async def keep_sending(sender: Sender) -> list[Sent]:
        return [await sender.send(number) for number in numbers]

    return [sent for part in await asyncio.gather(*map(keep_sending, senders)) for sent in part]


async def send_at_rate(senders: list[Sender], numbers: Iterator[int], rate: float) -> list[Sent]:
    """Send so many a second; an alert that finds no idle connection waits for one, and that counts."""
    idle: asyncio.Queue[Sender] = asyncio.Queue()
    for sender in senders:
        idle.put_nowait(sender)

    async def send_one(number: int, due: float) -> Sent:
        sender = await idle.get()
        sent = await sender.send(number, due)
        idle.put_nowait(sender)
        return sent

    begun, sending = time.perf_counter(), []
    for index, number in enumerate(numbers):
        due = begun + index / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sending.append(asyncio.create_task(send_one(number, due)))
    return await asyncio.gather(*sending)


async def main(port: int, key: bytes, numbers: range, connections: int, rate: float) -> list[Sent]:
    """Send the alerts with these numbers."""
    senders = [Sender(port, key) for _ in range(connections)]
    return await (send_at_rate(senders, iter(numbers), rate) if rate else send_at_full_speed(senders, iter(numbers)))


if __name__ == "__main__":
    own_port, own_key, first, count, own_connections, own_rate = sys.argv[1:]
    wanted = range(int(first), int(first) + int(count))
    done = asyncio.run(main(int(own_port), own_key.encode(), wanted, int(own_connections), float(own_rate)))
    sys.stdout.buffer.write(orjson.dumps(done))
