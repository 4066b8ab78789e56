"""A real Synapse with people in it, and a started service that asks them there.

Synapse and matrix-nio come by pip, into a folder that `SOAR_MATRIX` names; `make matrix` fetches them.
"""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from soar.app.people import create_people
from soar.app.settings import load_settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.model.identity import Role
from tests.e2e.sending import find_port, run_program
from tests.support.repository import ROOT
from tests.support.server import SOAR, Client, wait_for
from tests.support.site import SiteFolder, keep_credential

SERVER = "soar.test"
PASSWORD = "a-password-of-the-test"
BOT, ALICE = f"@soar:{SERVER}", f"@alice:{SERVER}"

_SETTINGS = """
server_name: {server}
pid_file: {folder}/homeserver.pid
report_stats: false
listeners:
  - {{port: {port}, type: http, tls: false, bind_addresses: [127.0.0.1], resources: [{{names: [client]}}]}}
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
media_store_path: {folder}/media
signing_key_path: {folder}/signing.key
registration_shared_secret: {secret}
macaroon_secret_key: {secret}
form_secret: {secret}
trusted_key_servers: []
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_login: {{address: {{per_second: 1000, burst_count: 1000}}, account: {{per_second: 1000, burst_count: 1000}}}}
"""


def find_interpreter() -> Path:
    """Return the interpreter that has Synapse and matrix-nio, or skip the test."""
    python = Path(os.environ.get("SOAR_MATRIX", "")) / "python"
    if not python.is_absolute() or not python.exists():
        pytest.skip("Synapse and matrix-nio are not installed; `make matrix` fetches them")
    return python


@dataclass
class Person:
    """Somebody at a client of their own.

    Attributes:
        seen: every event that their client was told, in order.
        invited: rooms to which they were invited.
    """

    process: subprocess.Popen[str]
    seen: list[dict[str, Any]] = field(default_factory=list)
    invited: list[str] = field(default_factory=list)

    def do(self, what: str, **more: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def say(self, room: str, text: str) -> str:
        content = {"msgtype": "m.text", "body": text}
        return str(self.do("send", room=room, type="m.room.message", content=content)["event"])

    def react(self, room: str, message: str, key: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": message, "key": key}
        return str(self.do("send", room=room, type="m.reaction", content={"m.relates_to": relation})["event"])

    def wait_to_see(self, is_it: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
        """Return the first event of its kind that they were not shown before."""

        def look() -> dict[str, Any] | None:
            told = self.do("sync")
            self.seen += told["events"]
            self.invited += told["invited"]
            return next((event for event in self.seen if is_it(event)), None)

        return next((event for event in self.seen if is_it(event)), None) or wait_for(look)

    def wait_to_be_invited(self) -> str:
        """Join the room that somebody opens for them, and return its id."""

        def look() -> str | None:
            told = self.do("sync")
            self.seen += told["events"]
            self.invited += told["invited"]
            return self.invited[-1] if self.invited else None

        room = wait_for(look)
        return str(self.do("join", room=room)["room"])


@dataclass
class Homeserver:
    """A started Synapse."""

    url: str
    python: Path
    folder: Path

    def register(self, name: str) -> None:
        """Make an account."""
        command = [self.python.with_name("register_new_matrix_user"), "-c", self.folder / "homeserver.yaml"]
        more = ["-u", name, "-p", PASSWORD, "--no-admin", self.url]
        subprocess.run([*command, *more], check=True, capture_output=True, timeout=60)

    def log_in(self, name: str) -> str:
        """Return an access token."""
        who = {"type": "m.id.user", "user": name}
        body = {"type": "m.login.password", "identifier": who, "password": PASSWORD}
        return str(Client(self.url).send("POST", "/_matrix/client/v3/login", body).json["access_token"])

    @contextmanager
    def open_client(self, user: str) -> Iterator[Person]:
        """Start somebody's client; end it by closing its input."""
        script = ROOT / "tests" / "e2e" / "matrix_client.py"
        process = subprocess.Popen(
            [self.python, script, self.url, user, PASSWORD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            yield Person(process)
        finally:
            process.communicate(timeout=60)


@contextmanager
def run_homeserver(folder: Path) -> Iterator[Homeserver]:
    """Start a Synapse in a folder, with accounts for the bot and for alice."""
    python, port = find_interpreter(), find_port()
    folder.mkdir()
    settings = folder / "homeserver.yaml"
    settings.write_text(_SETTINGS.format(server=SERVER, folder=folder, port=port, secret=PASSWORD), "utf-8")
    synapse = [python.with_name("synapse_homeserver"), "-c", settings]
    subprocess.run([*synapse, "--generate-keys"], cwd=folder, check=True, capture_output=True, timeout=60)
    homeserver = Homeserver(f"http://127.0.0.1:{port}", python, folder)
    with run_program(synapse, folder) as program:
        program.wait_until(lambda: is_listening(port))
        for name in ("soar", "alice"):
            homeserver.register(name)
        yield homeserver


def is_listening(port: int) -> bool:
    """Whether something answers on a loopback port."""
    try:
        return Client(f"http://127.0.0.1:{port}").send("GET", "/_matrix/client/versions").status == 200
    except OSError:
        return False


@dataclass
class Room:
    """A room in which a service asks, and somebody who answers.

    Attributes:
        passwords: of the service's people, by name.
    """

    site: SiteFolder
    alice: Person
    id: str
    passwords: Mapping[str, str]
    url: str = ""

    def run_cli(self, *arguments: str, stdin: str | None = None) -> str:
        """Run `soar` as a person would, and return what it printed."""
        home = str(self.site.folder / "home")
        done = subprocess.run(
            [SOAR, *arguments],
            env={**os.environ, "SOAR_URL": self.url, "XDG_CONFIG_HOME": home, "NO_COLOR": "1"},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"soar {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def log_in(self, name: str) -> None:
        self.run_cli("login", "--name", name, "--password-stdin", stdin=self.passwords[name])

    def wait_for_card(self, question: str) -> dict[str, Any]:
        """Return the first card that asks this."""
        return self.alice.wait_to_see(
            lambda event: (
                event["sender"] == BOT and "formatted_body" in event["content"] and question in event["content"]["body"]
            )
        )

    def wait_for_edit(self, card: str, text: str) -> dict[str, Any]:
        """Return the edit by which a card says something."""
        return self.alice.wait_to_see(
            lambda event: (
                event["content"].get("m.relates_to", {}).get("event_id") == card
                and text in event["content"].get("m.new_content", {}).get("body", "")
            )
        )

    def _is_heard(self) -> bool:
        self.alice.say(self.id, "!help")
        told = self.alice.do("sync")
        self.alice.seen += told["events"]
        return any("!approve" in event["content"].get("body", "") for event in told["events"])

    def link(self) -> None:
        """Link alice's account to ann, as the how-to says; what was said before anybody listened is no command."""
        self.alice.wait_to_see(lambda event: event["sender"] == BOT and event["content"].get("membership") == "join")
        wait_for(self._is_heard)
        self.alice.say(self.id, "!link")
        direct = self.alice.wait_to_be_invited()
        whispered = self.alice.wait_to_see(
            lambda event: event["room_id"] == direct and "soar chat link" in event["content"].get("body", "")
        )
        found = re.search(r"soar chat link (\S+)", whispered["content"]["body"])
        assert found is not None
        self.log_in("ann")
        self.run_cli("chat", "link", found[1])


@contextmanager
def open_room(site: SiteFolder, folder: Path, *, reactions: bool = False, more: str = "") -> Iterator[Room]:
    """Run a homeserver with a room, and connect a site to it that is not served yet.

    Args:
        site: is given the connection, and the people ann and bob, analysts, and olga, an auditor.
        folder: the homeserver's.
        reactions: whether reactions are votes.
        more: further connections.
    """
    with ExitStack() as stack:
        homeserver = stack.enter_context(run_homeserver(folder))
        alice = stack.enter_context(homeserver.open_client(ALICE))
        room = str(alice.do("create", alias="soc", invite=[BOT])["room"])
        connection = f"""
  matrix:
    hosts: ["127.0.0.1"]
    settings:
      homeserver: {homeserver.url}
      user: "{BOT}"
      rooms: ["{room}"]
      reactions: {str(reactions).lower()}
      private: true
    credentials: {{access_token: matrix_token}}
"""
        file = site.folder / "connections.yaml"
        file.write_text(file.read_text("utf-8") + connection + more, "utf-8")
        asyncio.run(keep_credential(site.settings_file, "matrix_token", homeserver.log_in("soar")))
        yield Room(site, alice, room, asyncio.run(make_people(site)))


async def make_people(site: SiteFolder) -> Mapping[str, str]:
    """Make ann and bob, who decide, and olga, who audits; return their passwords."""
    settings = load_settings(site.settings_file)
    async with open_service(read_site(settings), "http://127.0.0.1") as service:
        return await create_people(
            service.store,
            service.workspace,
            {"ann": Role.ANALYST, "bob": Role.ANALYST, "olga": Role.AUDITOR},
            passwords=service.passwords,
            clock=service.clock,
            ids=service.ids,
            randomness=service.randomness,
        )
