"""Products that send: how they are found and started, and a started `soar serve` that hears them."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.first_ten_minutes import find_run
from tests.support.repository import ROOT
from tests.support.server import Answer, Client, wait_for
from tests.support.site import keep_credential, write_site

KEY = "a-key-that-only-the-test-and-the-product-know"
EXAMPLES = ROOT / "examples" / "senders"
SEARCHED = os.pathsep.join([os.environ.get("SOAR_SENDERS", ""), os.environ.get("PATH", os.defpath), "/usr/sbin"])
"""Where programs are looked for; `SOAR_SENDERS` names a folder of programs that came by pip."""

_PLAYBOOK = """
name: Tell of it
on: {{alert: {{source: {source}, match: '{match}'}}}}
inputs:
  title: {{type: string, from: alert.title}}
steps:
  - id: tell
    uses: chat.post
    with: {{channel: "#soc", text: "${{{{ inputs.title }}}}"}}
"""


def find_program(name: str) -> str:
    """Return where a program is, or skip the test."""
    found = shutil.which(name, path=SEARCHED)
    if found is None:
        pytest.skip(f"`{name}` is not installed")
    return found


@dataclass
class Program:
    """A product that runs; all that it says is in a file."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        def look() -> bool:
            assert self.process.poll() is None, self.said
            return is_ready()

        wait_for(look)

    def wait_to_say(self, text: str) -> None:
        self.wait_until(lambda: text in self.said)


@contextmanager
def run_program(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    sockets: Sequence[int] = (),
) -> Iterator[Program]:
    """Start a product in a folder and a session of its own; end it by its pid, and then what it leaves behind.

    Args:
        command: the program and its arguments.
        folder: where; what it says is written there, too.
        environment: more of it.
        sockets: numbers of sockets that it inherits.
    """
    log = folder / "said.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, "TZ": "UTC", "HOME": str(folder), **(environment or {})},
            pass_fds=sockets,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Program(process, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Receiver:
    """A started server with one source as it is shipped, and a playbook that waits for some of its alerts."""

    client: Client
    source: str

    @property
    def hook(self) -> str:
        return f"{self.client.url}/hooks/{self.source}"

    def write_headers(self, folder: Path) -> Path:
        """Write what curl reads its header from."""
        file = folder / "hook.header"
        file.write_text(f"Authorization: Bearer {KEY}\n", "utf-8")
        return file

    def write_example(self, name: str, file: Path, replaced: Mapping[str, str] | None = None) -> Path:
        """Write the example of a product's settings, for this server and this machine."""
        text = (EXAMPLES / name).read_text("utf-8")
        ours = {f"https://soar.corp.example/hooks/{self.source}": self.hook, "Bearer TOKEN": f"Bearer {KEY}"}
        for old, new in {**ours, **(replaced or {})}.items():
            text = text.replace(old, new)
        file.write_text(text, "utf-8")
        return file

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self.client.send("POST", f"/hooks/{self.source}", body, headers)

    def find_alert(self, kind: str, provoke: Callable[[], object] = lambda: None) -> dict[str, Any]:
        """Provoke until an alert of this kind is there, and return it once its run has succeeded."""

        def look() -> dict[str, Any] | None:
            provoke()
            page = self.client.send("GET", f"/api/v1/alerts?source={self.source}&limit=200").json
            alerts: list[dict[str, Any]] = [alert for alert in page["items"] if alert["kind"] == kind]
            return alerts[-1] if alerts else None

        alert = wait_for(look)
        assert find_run(self.client, alert["id"], "succeeded")["playbook"] == "tell"
        return alert


@contextmanager
def open_receiver(folder: Path, source: str, match: str) -> Iterator[Receiver]:
    """Serve a site with a source as it is shipped, whose key is `KEY`, and a playbook for alerts that match."""
    folder.mkdir()
    site = write_site(folder, "http://127.0.0.1:1")
    shutil.copy(ROOT / "config" / "sources" / f"{source}.yaml", folder / "sources")
    text = _PLAYBOOK.format(source=source, match=match)
    (folder / "playbooks" / "tell.yaml").write_text(text, "utf-8")
    asyncio.run(keep_credential(site.settings_file, f"{source}_hook", KEY))
    server, client = site.serve()
    try:
        site.sign_in(client)
        yield Receiver(client, source)
        assert server.stop() == 0, server.output
    finally:
        server.kill()


def is_fresh(alert: Mapping[str, Any]) -> bool:
    """Whether the product says that it happened within the minute before it was heard."""
    happened, heard = (datetime.fromisoformat(alert[name]) for name in ("time", "received_at"))
    return -5 < (heard - happened).total_seconds() < 60
