"""The products that the standard work speaks to: a reputation service, a firewall and a chat, in one process.

`python -m bench.standard.stubs` prints the port it listens on and serves until it is ended. The chat notes the moment
of each message by the number of its alert, on the machine's monotonic clock, which every process reads alike.
"""

import asyncio
import time
from collections.abc import Callable, Iterator

import orjson

Answer = bytes


class Products:
    """What the stubs remember.

    Attributes:
        received: the moments at which the chat got a message, by the number of its alert.
    """

    def __init__(self) -> None:
        self.received: dict[str, list[float]] = {}

    def answer(self, method: bytes, path: bytes, body: bytes) -> Answer:
        """Return a JSON body; what nobody knows is answered with an empty one."""
        match method, path:
            case b"GET", b"/received":
                return orjson.dumps(self.received)
            case b"GET", b"/count":
                return orjson.dumps({"count": len(self.received)})
            case b"POST", b"/forget":
                self.received.clear()
                return b"{}"
            case b"POST", b"/chat":
                self.received.setdefault(str(orjson.loads(body)["number"]), []).append(time.perf_counter())
                return b'{"ok":true}'
            case b"POST", b"/firewall":
                return b'{"rule":"fw-1","active":true}'
            case b"GET", _ if path.startswith(b"/reputation/"):
                return b'{"score":90,"verdict":"malicious"}'
            case _:
                return b"{}"


class Connection(asyncio.Protocol):
    """As much of HTTP/1.1 as well-behaved clients need: one request after another, bodies with a length.

    Args:
        answer: takes method, path and body, and returns the body of the answer.
    """

    def __init__(self, answer: Callable[[bytes, bytes, bytes], Answer]) -> None:
        self._answer = answer
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that has come whole."""
        self._buffer += data
        for method, path, body in self._take_requests():
            answer = self._answer(method, path, body)
            if self._transport is not None:
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                self._transport.write(head % len(answer) + answer)

    def _take_requests(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            line, *headers = self._buffer[:end].split(b"\r\n")
            length = next((int(text[15:]) for text in headers if text[:15].lower() == b"content-length:"), 0)
            start = end + 4
            if len(self._buffer) < start + length:
                return
            body, self._buffer = self._buffer[start : start + length], self._buffer[start + length :]
            method, path, _ = line.split(b" ", 2)
            yield method, path, body


async def serve() -> None:
    """Serve until ended."""
    products = Products()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(products.answer), "127.0.0.1", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
