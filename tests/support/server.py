"""The real program in a process of its own, on a loopback port, and a plain client for it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

SOAR = str(Path(sys.executable).with_name("soar"))
_PATIENCE = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 -- whatever the server said
        return json.loads(self.body)


class Client:
    """Speaks to the API over the standard library, with a session or a token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.headers: dict[str, str] = {}

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)  # noqa: S310 -- our own server
        for name, value in {"Content-Type": "application/json", **self.headers, **(headers or {})}.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as response:  # noqa: S310 -- our own server
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def sign_in(self, name: str, password: str) -> None:
        answer = self.send("POST", "/api/v1/session", {"name": name, "password": password})
        assert answer.status == 200, answer.body
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.headers = {"Cookie": cookie, "X-CSRF-Token": answer.json["csrf"], "Origin": self.url}


class Server:
    """A started `soar demo` or `soar serve`. Ended by its pid, whatever happens."""

    def __init__(self, arguments: list[str], *, cwd: Path, environment: Mapping[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [SOAR, *arguments],
            cwd=cwd,
            env={**os.environ, "NO_COLOR": "1", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def find(self, pattern: str) -> str:
        """Wait until a line of the output matches, and return the match's first group."""

        def look() -> str | None:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.output}"
            found = re.search(pattern, self.output, re.MULTILINE)
            return found.group(1) if found else None

        return wait_for(look)

    def stop(self) -> int:
        """Ask it to drain and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=_PATIENCE)
        self._close()
        return code

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=_PATIENCE)
        self._close()

    def _close(self) -> None:
        self._reader.join(timeout=_PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()


def wait_for(look: Callable[[], T | None], patience: float = _PATIENCE) -> T:
    """Look until something is there; another process cannot be given a virtual clock."""
    deadline = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:.0f} s in vain")
        time.sleep(0.05)
