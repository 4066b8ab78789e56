"""Bodies that may cost much are read in a process of their own, so that nothing else waits for this one's lock."""

import asyncio
import contextlib
import os
import socket
import sys
from dataclasses import dataclass
from typing import Final

import structlog

from soar.ingest.reading import Errand, Reading
from soar.ingest.wire import LARGEST_ANSWER, LENGTH, parse_answer, write_errand
from soar.model.errors import UnavailableError

PATIENCE: Final = 10.0
"""Seconds that a body may take, with the start of the process if there is none."""

IDLE: Final = 300.0
"""Seconds after its last body that the process stays."""

_RETRY_AFTER = 5.0
_COMMAND: Final = ("-P", "-m", "soar.ingest.reader")


@dataclass(frozen=True, slots=True)
class _Child:
    process: asyncio.subprocess.Process
    answers: asyncio.StreamReader
    messages: asyncio.StreamWriter


class ProcessReader:
    """Reads bodies one at a time; see `soar.ingest.reading.BodyReader`.

    The process is started with the first of them, knows nothing of our environment but where modules are, and ends
    when it has had nothing to read for a while, when it takes too long, and when we end, however that comes about.

    Args:
        patience: seconds that a body may take.
        idle: seconds that the process stays after its last body.
    """

    def __init__(self, *, patience: float = PATIENCE, idle: float = IDLE) -> None:
        self._patience = patience
        self._idle = idle
        self._turn = asyncio.Lock()
        self._child: _Child | None = None
        self._leaving: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process; None if there is none."""
        return None if self._child is None else self._child.process.pid

    async def read(self, errand: Errand) -> Reading:
        """Read a body, in its turn.

        Raises:
            InputError: it is not what its source sends.
            UnavailableError: the process took too long or ended (`reader_failed`); the next body gets a new one.
        """
        async with self._turn:
            return parse_answer(await self._hand_over(errand))

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            self._stay()
            await self._end()

    async def _hand_over(self, errand: Errand) -> bytes:
        answer = None
        self._stay()
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._ask(errand)
        except (OSError, EOFError) as error:
            structlog.get_logger().warning("a body was not read", action="body.read", error=repr(error))
            raise UnavailableError(
                "the body could not be read",
                code="reader_failed",
                retry_after=_RETRY_AFTER,
                hint="send it again after Retry-After seconds; if it is refused so again, send less at once",
            ) from error
        finally:
            if answer is None:  # what it still says would be taken for the next body's answer
                await self._end()
            else:
                self._leaving = asyncio.create_task(self._leave(), name="idle reader")
        return answer

    async def _ask(self, errand: Errand) -> bytes:
        child = self._child
        if child is None or child.process.returncode is not None:
            await self._end()
            child = self._child = await _start()
        message = write_errand(errand)
        child.messages.write(message.prefix)
        child.messages.write(message.body)
        await child.messages.drain()
        size = int.from_bytes(await child.answers.readexactly(LENGTH), "big")
        if size > LARGEST_ANSWER:
            raise ConnectionError(f"an answer of {size} bytes")
        return await child.answers.readexactly(size)

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    async def _leave(self) -> None:
        await asyncio.sleep(self._idle)
        async with self._turn:
            await self._end()

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.process.kill()
        await child.process.wait()
        child.messages.close()
        with contextlib.suppress(ConnectionError):
            await child.messages.wait_closed()


async def _start() -> _Child:
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *_COMMAND,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        except BaseException:
            ours.close()
            raise
    answers, messages = await asyncio.open_connection(sock=ours)
    return _Child(process, answers, messages)
