"""Queues that others have written: started on the loopback address, and published to."""

import asyncio
import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pamqp import body, commands, header

from connectors.rabbitmq.session import Session
from soar.sdk.stream import Stream
from tests.e2e.sending import Program, find_port, find_program, run_program

RABBITMQ = "/usr/lib/rabbitmq/bin"
"""Where Debian's package has the script that does not change the user."""

_KEY = "a-password-of-the-test"


class Queue(Protocol):
    """A started queue."""

    connector: str
    connection: dict[str, Any]
    poll: dict[str, Any]

    def publish(self, numbers: Sequence[int]) -> None:
        """Publish a message for each number, and wait until the queue answers for them."""
        ...

    def count_waiting(self) -> int:
        """Return how many messages the queue still keeps for us; 0 where it does not tell."""
        ...


def _can_connect(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait_for(program: Program, port: int) -> None:
    program.wait_until(lambda: _can_connect(port))


def _connect(port: int) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "tls": False, "private": True}


@dataclass
class Nats:
    """nats-server with JetStream, and a stream."""

    port: int
    connector = "nats"

    def __post_init__(self) -> None:
        self.connection = {"settings": {**_connect(self.port), "user": "soar"}, "secret": ("password", _KEY)}
        self.poll = {"uses": "nats.stream", "with": {"stream": "ALERTS", "count": 10}}
        made = self._ask("$JS.API.STREAM.CREATE.ALERTS", {"name": "ALERTS", "subjects": ["alerts.>"]})
        assert made["config"]["name"] == "ALERTS"

    def publish(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            assert self._ask("alerts.door", {"n": number})["stream"] == "ALERTS"

    def count_waiting(self) -> int:
        consumer = self._ask("$JS.API.CONSUMER.INFO.ALERTS.soar", {})
        return int(consumer["num_pending"]) + int(consumer["num_ack_pending"])

    def _ask(self, subject: str, question: dict[str, Any]) -> dict[str, Any]:
        content = json.dumps(question).encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            file = connection.makefile("rwb")
            signed = json.dumps({"verbose": False, "user": "soar", "pass": _KEY}).encode()
            file.write(b"CONNECT " + signed + b"\r\nSUB answer 1\r\n")
            file.write(b"PUB %b answer %d\r\n%b\r\n" % (subject.encode(), len(content), content))
            file.flush()
            while not (line := file.readline()).startswith(b"MSG answer"):
                assert not line.startswith(b"-ERR"), line
            answer: dict[str, Any] = json.loads(file.read(int(line.split()[-1])))
            return answer


@contextmanager
def run_nats(folder: Path) -> Iterator[Nats]:
    """Start nats-server."""
    program, port = find_program("nats-server"), find_port()
    command = [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", folder, "--user", "soar", "--pass", _KEY]
    with run_program(command, folder) as server:
        _wait_for(server, port)
        yield Nats(port)


@dataclass
class Mqtt:
    """mosquitto, which keeps sessions."""

    port: int
    connector = "mqtt"

    def __post_init__(self) -> None:
        self.connection = {"settings": {**_connect(self.port), "user": "soar"}, "secret": ("password", _KEY)}
        self.poll = {"uses": "mqtt.topics", "with": {"topics": ["alerts/#"], "client": "soar-test", "count": 10}}

    def publish(self, numbers: Sequence[int]) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            file = connection.makefile("rwb")

            def say(first: int, *parts: bytes) -> bytes:
                content = b"".join(parts)
                file.write(bytes([first, len(content)]) + content)
                file.flush()
                return bytes(file.read(4))

            assert say(0x10, b"\0\4MQTT\4\2\0\x3c", b"\0\5tests") == b"\x20\2\0\0"
            for place, number in enumerate(numbers, 1):
                packet = place.to_bytes(2, "big")
                assert say(0x32, b"\0\x0balerts/door", packet, b'{"n": %d}' % number) == b"\x40\2" + packet

    def count_waiting(self) -> int:
        return 0


@contextmanager
def run_mosquitto(folder: Path) -> Iterator[Mqtt]:
    """Start mosquitto."""
    program, port = find_program("mosquitto"), find_port()
    settings = f"listener {port} 127.0.0.1\nallow_anonymous true\n"
    (folder / "mosquitto.conf").write_text(settings, "utf-8")
    with run_program([program, "-c", folder / "mosquitto.conf"], folder) as server:
        _wait_for(server, port)
        yield Mqtt(port)


@dataclass
class RabbitMq:
    """rabbitmq-server, and a queue."""

    port: int
    connector = "rabbitmq"

    def __post_init__(self) -> None:
        self.connection = {"settings": {**_connect(self.port), "user": "soar"}, "secret": ("password", _KEY)}
        self.poll = {"uses": "rabbitmq.queue", "with": {"queue": "alerts", "count": 10}}
        asyncio.run(self._speak([]))

    def publish(self, numbers: Sequence[int]) -> None:
        asyncio.run(self._speak(numbers))

    def count_waiting(self) -> int:
        return asyncio.run(self._speak([]))

    async def _speak(self, numbers: Sequence[int]) -> int:
        """Publish, and return how many messages wait."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        session = Session(Stream(reader, writer, "127.0.0.1"))
        await session.sign_in("soar", _KEY, "/")
        await session._send(commands.Queue.Declare(queue="alerts", durable=True))
        count = (await session._await(commands.Queue.DeclareOk)).message_count
        await session._send(commands.Confirm.Select())
        await session._await(commands.Confirm.SelectOk)
        for number in numbers:
            content = b'{"n": %d}' % number
            await session._send(commands.Basic.Publish(exchange="", routing_key="alerts"))
            await session._send(header.ContentHeader(0, len(content), commands.Basic.Properties(delivery_mode=2)))
            await session._send(body.ContentBody(content))
            await session._await(commands.Basic.Ack)
        writer.close()
        await writer.wait_closed()
        return count


@contextmanager
def run_rabbitmq(folder: Path) -> Iterator[RabbitMq]:
    """Start rabbitmq-server, and what Erlang's nodes are found by, on ports of their own."""
    program, epmd = find_program(f"{RABBITMQ}/rabbitmq-server"), find_program("epmd")
    names, port = find_port(), find_port()
    (folder / "plugins").touch()
    (folder / "rabbitmq.conf").write_text(f"default_user = soar\ndefault_pass = {_KEY}\n", "utf-8")
    (folder / "names").mkdir()
    environment = {
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_NODENAME": "soar@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(find_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
    }
    with (
        run_program([epmd, "-address", "127.0.0.1", "-port", str(names)], folder / "names") as register,
        run_program([program], folder, environment) as server,
    ):
        _wait_for(register, names)
        _wait_for(server, port)
        yield RabbitMq(port)
