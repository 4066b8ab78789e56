"""Keys that change while everything uses them: no request fails, and nothing stays under the old ones."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from soar.app.settings import load_settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from tests.support.server import Client, wait_for
from tests.support.site import HOOK_TOKEN, SiteFolder, open_product, post_alert, write_site

pytestmark = pytest.mark.crash

CREDENTIALS = 24
ROUNDS = 3
PASSWORD = "a password for the second person"
GOOD = frozenset({200, 201, 202})


@dataclass
class Load:
    """Everything that uses keys at once: credentials are set and listed, and alerts prove themselves and start runs.

    Attributes:
        written: what each credential was last set to.
        statuses: of every answer.
        alerts: how many were taken.
    """

    url: str
    people: Client
    written: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    alerts: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def write(self, share: range) -> None:
        client = self.again()
        for turn in count():
            for index in share:
                name, value = f"c{index}", f"value {index} of turn {turn}"
                self.statuses.append(client.send("PUT", f"/api/v1/credentials/{name}", {"value": value}).status)
                self.written[name] = value
            self.statuses.append(client.send("GET", "/api/v1/credentials").status)
            if self.is_over.is_set():
                return

    def post(self) -> None:
        client = Client(self.url)
        while not self.is_over.is_set():
            self.statuses.append(post_alert(client, self.alerts))
            self.alerts += 1

    def again(self) -> Client:
        client = Client(self.url)
        client.headers = dict(self.people.headers)
        return client

    @contextmanager
    def running(self) -> Iterator[None]:
        works: list[Callable[[], None]] = [self.post, *(lambda s=share: self.write(s) for share in self.shares())]
        threads = [threading.Thread(target=work) for work in works]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: len(self.written) == CREDENTIALS)
            yield
        finally:
            self.is_over.set()
            for thread in threads:
                thread.join()

    @staticmethod
    def shares() -> list[range]:
        return [range(start, CREDENTIALS, 3) for start in range(3)]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "sqlite":
        yield None
        return
    with request.getfixturevalue("postgres").create() as url:
        yield url


def call(client: Client, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 -- whatever the server said
    answer = client.send(method, f"/api/v1{path}", body)
    assert answer.status in GOOD, answer.body
    return answer.json


def find_key(client: Client, status: str) -> str:
    return str(next(key["id"] for key in call(client, "GET", "/vault")["keys"] if key["status"] == status))


def make_second_admin(client: Client) -> Client:
    """Return somebody who may confirm what the first has begun."""
    wanted = {"name": "second", "email": "second@corp.example", "roles": ["admin"]}
    code = call(client, "POST", "/users", wanted)["code"]
    second = Client(client.url)
    call(second, "POST", "/invitations", {"code": code, "password": PASSWORD})
    second.sign_in("second", PASSWORD)
    return second


def replace_key(first: Client, second: Client) -> str:
    """Let a new key take the place of the current one, end that one, and return its id."""
    old = find_key(first, "wrapping")
    call(first, "POST", "/vault/keys", {})
    place = f"/api/v1/vault/keys/{quote(old, safe='')}"

    def retire() -> bool:
        call(first, "POST", "/vault/rewrap", {})
        return first.send("POST", f"{place}/retire", {}).status == 200

    wait_for(retire)
    for person, status in ((first, "condemned"), (second, "destroyed")):
        assert person.send("POST", f"{place}/destroy", {}).json["status"] == status
    return old


async def read_all(site: SiteFolder, names: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return what the credentials are after a restart, and the keys that there are."""
    settings = load_settings(site.settings_file)
    async with open_service(read_site(settings), "http://127.0.0.1") as service:
        found = {name: (await service.vault.resolve(settings.workspace, name)).reveal() for name in names}
        return found, await service.keyring.list()


def test_keys_change_under_load_and_nobody_notices(tmp_path: Path, database: str | None) -> None:
    with ExitStack() as stack:
        product = stack.enter_context(open_product())
        site = write_site(tmp_path, product.url, database)
        server, client = site.serve()
        stack.callback(server.stop)
        site.sign_in(client)
        second = make_second_admin(client)
        load = Load(client.url, client)
        with load.running():
            ended = [replace_key(client, second) for _ in range(ROUNDS)]
        call(client, "POST", "/vault/rewrap", {})
        shown = call(client, "GET", "/vault")
        runs = wait_for(lambda: find_ended(client, load.alerts))

    assert {status for status in load.statuses if status not in GOOD} == set()
    assert len(load.statuses) > CREDENTIALS * ROUNDS
    assert shown["current"] == shown["credentials"] >= CREDENTIALS
    assert {
        key["id"]: (key["status"], key["credentials"], key["keys"]) for key in shown["keys"] if key["id"] in ended
    } == dict.fromkeys(ended, ("destroyed", 0, 0))
    assert {run["status"] for run in runs} == {"succeeded"}
    values, keys = asyncio.run(read_all(site, [*load.written, "probe_hook"]))
    assert values == {**load.written, "probe_hook": HOOK_TOKEN}
    assert not {*ended} & {*keys}


def find_ended(client: Client, number: int) -> list[dict[str, Any]] | None:
    """Return all runs once they have ended."""
    runs, cursor = [], ""
    while cursor is not None:
        page = call(client, "GET", f"/runs?limit=200{f'&cursor={cursor}' if cursor else ''}")
        runs, cursor = [*runs, *page["items"]], page["next"]
    return runs if sum(run["finished_at"] is not None for run in runs) == number else None
