"""The service with a watch on it: how much processor time each part of a run takes.

`python -m bench.standard.timed FOLDER STUBS KEY` serves as `bench.standard.service` does. SIGUSR1 begins anew. At the
end `where.json` in the folder has the calls and the seconds of each part, without those of parts within it. A thread's
own processor time is read whenever a part begins, waits or ends, so that it does not matter who else runs.
"""

import inspect
import json
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from bench.standard.service import main
from soar.audit.record import record
from soar.engine.interpreter import advance
from soar.ingest.acceptance import Acceptance
from soar.ingest.receive import Receiver
from soar.registry.host import InProcessHost
from soar.runtime.commit import Committer
from soar.runtime.driver import Driver
from soar.runtime.guard import GuardedHost
from soar.sdk.egress import HttpEgress
from soar.store.audit_index import AuditIndex
from soar.store.sqlite import SqliteDatabase
from soar.store.statement import _Prepared

FILE = "where.json"

_METHODS: tuple[tuple[str, type, str], ...] = (
    ("loop: the hook", Receiver, "receive"),
    ("loop: driving", Driver, "drive"),
    ("loop: breakers, places and rates", GuardedHost, "call"),
    ("loop: connectors and their host", InProcessHost, "call"),
    ("loop: requests to products", HttpEgress, "send"),
    ("writer: groups, savepoints and the disk", SqliteDatabase, "commit"),
    ("writer: alerts", Acceptance, "_store_intake"),
    ("writer: decisions", Committer, "commit"),
    ("writer: the audit made searchable", AuditIndex, "advance"),
    ("readers: short reads", SqliteDatabase, "read"),
    ("statements", _Prepared, "send"),
    ("statements", _Prepared, "send_all"),
)
_FUNCTIONS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("loop: the engine", advance),
    ("writer: the audit's record", record),
)


class _Tally:
    """What one thread has spent, and the parts that it is in."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._within: list[str] = []
        self._since = 0.0

    def enter(self, part: str) -> None:
        self._note()
        self._within.append(part)

    def leave(self) -> None:
        self._note()
        self._within.pop()

    def _note(self) -> None:
        now = time.thread_time()
        if self._within:
            self.seconds[self._within[-1]] += now - self._since
        self._since = now


class _Stepped:
    """A coroutine whose steps are measured, and whose waits are not."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], step: Callable[[], Any]) -> None:
        self._coroutine = coroutine
        self._step = step

    def __await__(self) -> Generator[Any, Any, Any]:
        move, given = self._coroutine.send, None
        while True:
            with self._step():
                try:
                    waited = move(given)
                except StopIteration as end:
                    return end.value
            try:
                move, given = self._coroutine.send, (yield waited)
            except BaseException as error:  # noqa: BLE001 -- whatever is thrown in is the coroutine's
                move, given = self._coroutine.throw, error


class Watch:
    """Knows what each part has spent, in all threads."""

    def __init__(self) -> None:
        self._tallies: list[_Tally] = []
        self._local = threading.local()

    def reset(self) -> None:
        """Begin anew."""
        for tally in self._tallies:
            tally.seconds.clear()
            tally.calls.clear()

    def read(self) -> dict[str, tuple[int, float]]:
        """Return calls and seconds of each part."""
        seconds, calls = Counter[str](), Counter[str]()
        for tally in self._tallies:
            seconds.update(tally.seconds)
            calls.update(tally.calls)
        return {part: (calls[part], seconds[part]) for part in seconds}

    def time(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with the watch on it."""

        @wraps(function)
        def call(*given: object, **named: object) -> object:
            self._open().calls[part] += 1
            with self._step(part):
                return function(*given, **named)

        @wraps(function)
        async def wait(*given: object, **named: object) -> object:
            self._open().calls[part] += 1
            return await _Stepped(function(*given, **named), lambda: self._step(part))

        return wait if inspect.iscoroutinefunction(function) else call

    @contextmanager
    def _step(self, part: str) -> Iterator[None]:
        tally = self._open()
        tally.enter(part)
        try:
            yield
        finally:
            tally.leave()

    def _open(self) -> _Tally:
        tally: _Tally | None = getattr(self._local, "tally", None)
        if tally is None:
            tally = self._local.tally = _Tally()
            self._tallies.append(tally)
        return tally


def put_on(watch: Watch) -> None:
    """Measure every part from now on; functions are measured wherever our modules know them by their name."""
    for part, owner, name in _METHODS:
        setattr(owner, name, watch.time(part, getattr(owner, name)))
    for part, function in _FUNCTIONS:
        timed, name = watch.time(part, function), function.__name__
        for module in [module for key, module in sys.modules.items() if key.startswith("soar.")]:
            if getattr(module, name, None) is function:
                setattr(module, name, timed)


if __name__ == "__main__":
    own = Watch()
    put_on(own)
    signal.signal(signal.SIGUSR1, lambda *_: own.reset())
    code = main(Path(sys.argv[1]), *sys.argv[2:])
    (Path(sys.argv[1]) / FILE).write_text(json.dumps(own.read()), "utf-8")
    sys.exit(code)
