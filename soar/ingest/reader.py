"""A process that reads bodies for the service, one after another, and ends when the service does.

`python -m soar.ingest.reader` reads messages from its standard input and writes an answer to each to its standard
output; see `soar.ingest.wire`. Nobody but `soar serve` starts it.
"""

import os
import resource
import signal
import sys
from typing import BinaryIO, Final

from soar.ingest.wire import LENGTH, Message, answer_message

_MEMORY: Final = 256 * 1024 * 1024  # bytes of address space; the costliest body takes a quarter of it
_PROCESSOR: Final = 5.0  # seconds of processor time for one body, fifty times what the costliest takes
_NICENESS: Final = 5  # a third of what others get, where there is not enough for everybody


def main() -> None:
    """Read bodies until there are no more."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # they are meant for the service, which may still need what is read
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer_all(sys.stdin.buffer, sys.stdout.buffer)


def answer_all(source: BinaryIO, target: BinaryIO) -> None:
    """Answer message after message until the source ends, be it in the middle of one.

    A body that takes too much processor time ends the process, whether or not somebody still waits for it.
    """
    while (message := _receive(source)) is not None:
        signal.setitimer(signal.ITIMER_PROF, _PROCESSOR)
        answer = answer_message(message)
        signal.setitimer(signal.ITIMER_PROF, 0)
        target.write(answer)
        target.flush()


def _receive(source: BinaryIO) -> Message | None:
    head = _receive_part(source)
    body = None if head is None else _receive_part(source)
    return None if head is None or body is None else Message(head, body)


def _receive_part(source: BinaryIO) -> bytes | None:
    length = source.read(LENGTH)
    if len(length) < LENGTH:
        return None
    size = int.from_bytes(length, "big")
    part = source.read(size)
    return part if len(part) == size else None


if __name__ == "__main__":
    main()
