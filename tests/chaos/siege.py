"""Kills a real server at random moments under load, lets it recover, and counts."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random  # noqa: TID251 -- the type only; the stream is a seeded one

from tests.chaos.place import build_environment, write_besieged_site
from tests.chaos.product import LONGEST_HANG, Product, open_product
from tests.chaos.senders import Senders, open_senders
from tests.chaos.verdict import Verdict, judge
from tests.support.randomness import seeded_random
from tests.support.server import Client, Server, wait_for
from tests.support.site import SiteFolder

_EARLY_SHARE = 0.2  # of the kills come while the server starts
_LONGEST_LIFE = 1.0
_SETTLING = 180.0
_OPEN = ("queued", "running", "waiting")


@dataclass
class Siege:
    """One server, killed again and again, and those who send to it."""

    site: SiteFolder
    product: Product
    senders: Senders
    chance: Random
    start_seconds: float = 0.0
    early: int = 0

    def start(self) -> Server:
        """Start the server, and do not wait for it."""
        environment = build_environment(self.site.folder)
        return Server(
            ["serve", "--config", str(self.site.settings_file)], cwd=self.site.folder, environment=environment
        )

    def await_ready(self, server: Server) -> Client:
        """Wait until it serves and show it to the senders."""
        client = Client(server.find(r'"url":"(http[^"]+)"'))
        wait_for(lambda: client.send("GET", "/readyz").status == 200)
        self.senders.client = client
        return client

    def kill_once(self) -> None:
        """Start the server and kill it at a random moment: while it starts, or while it works."""
        begun = time.monotonic()
        server = self.start()
        try:
            if self.start_seconds and self.chance.random() < _EARLY_SHARE:
                self.early += 1
                _pass(self.chance.uniform(0, self.start_seconds))
            else:
                self.await_ready(server)
                self.start_seconds = time.monotonic() - begun
                _pass(self.chance.uniform(0, _LONGEST_LIFE))
        finally:
            server.kill()
            self.senders.client = None

    def settle(self, threads: list[threading.Thread]) -> tuple[bool, int]:
        """Let everything end on a last server; return whether the record is sound, and how many runs never ended."""
        server = self.start()
        try:
            client = self.await_ready(server)
            self.senders.close()
            for thread in threads:
                thread.join(_SETTLING)
            self.site.sign_in(client)
            open_runs = _await_rest(client)
            _pass(LONGEST_HANG)  # what hangs in the product is heard of now or never
            is_sound = client.send("POST", "/api/v1/audit/verify", {}).json["is_sound"] is True
            code = server.stop()
            assert code == 0, f"it ended with {code}:\n{server.output}"
        finally:
            server.kill()
        return is_sound, open_runs


def besiege(folder: Path, *, kills: int, seed: int, seconds: float = float("inf")) -> Verdict:
    """Kill a server this often, or as often as it can be within so many seconds, and say what came of it."""
    begun = time.monotonic()
    with open_product(seed) as product, open_senders(seed) as (senders, threads):
        site = write_besieged_site(folder, product.url)
        siege = Siege(site, product, senders, seeded_random(seed, "siege"))
        killed = 0
        while killed < kills and time.monotonic() - begun < seconds:
            siege.kill_once()
            killed += 1
        is_sound, open_runs = siege.settle(threads)
        return judge(
            site.database,
            product,
            senders,
            kills=killed,
            early=siege.early,
            open_runs=open_runs,
            is_sound=is_sound,
        )


def _await_rest(client: Client) -> int:
    """Wait until no run is open, as long as it is sensible to; return how many still are."""
    deadline = time.monotonic() + _SETTLING
    while (count := _count_open(client)) and time.monotonic() < deadline:
        _pass(0.2)
    return count


def _count_open(client: Client) -> int:
    return sum(len(client.send("GET", f"/api/v1/runs?status={status}&limit=200").json["items"]) for status in _OPEN)


def _pass(seconds: float) -> None:
    """Let real time pass; another process cannot be given a virtual clock."""
    threading.Event().wait(seconds)
