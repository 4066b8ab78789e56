"""Kills a site's processes at random moments under load, lets it recover, and counts."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random  # noqa: TID251 -- the type only; the stream is a seeded one

from tests.chaos.crew import ALONE, SHARED, Post
from tests.chaos.place import write_besieged_site
from tests.chaos.product import LONGEST_HANG, Product, open_product
from tests.chaos.senders import Senders, open_senders
from tests.chaos.verdict import Verdict, judge
from tests.support.randomness import seeded_random
from tests.support.server import Client
from tests.support.site import SiteFolder

_EARLY_SHARE = 0.2  # of the kills come while a process starts
_LONGEST_LIFE = 1.0
_SETTLING = 180.0  # seconds without a request to the product after which nothing is going to happen any more
_LONGEST_REST = 1_800.0
_OPEN = ("queued", "running", "waiting")


@dataclass
class Siege:
    """A crew whose processes are killed again and again, and those who send to it."""

    site: SiteFolder
    posts: list[Post]
    senders: Senders
    product: Product
    chance: Random
    early: int = 0

    def await_ready(self, post: Post) -> None:
        """Wait until a process works; the senders are shown the one that serves."""
        if post is not self.posts[0]:
            post.await_sign()
        elif self.senders.client is None:
            self.senders.client = post.await_face()

    def kill_once(self) -> None:
        """Start what is down, and kill a process at a random moment: while it starts, or while it works."""
        begun = time.monotonic()
        fresh = [post for post in self.posts if post.start()]
        known = [post for post in fresh if post.start_seconds]
        if known and self.chance.random() < _EARLY_SHARE:
            self.early += 1
            victim = self.chance.choice(known)
            _pass(self.chance.uniform(0, victim.start_seconds))
        else:
            (victim,) = self.chance.choices(self.posts, [post.role.weight for post in self.posts])
            self.await_ready(victim)
            if victim in fresh:
                victim.start_seconds = time.monotonic() - begun
            self.await_ready(self.posts[0])
            _pass(self.chance.uniform(0, _LONGEST_LIFE))
        victim.kill()
        if victim is self.posts[0]:
            self.senders.client = None

    def settle(self, threads: list[threading.Thread]) -> tuple[bool, int]:
        """Let everything end with a crew that lives; return whether the record is sound, and how many runs are open."""
        for post in self.posts:
            post.start()
        for post in self.posts:
            self.await_ready(post)
        client = self.senders.client
        assert client is not None
        self.senders.close()
        for thread in threads:
            thread.join(_SETTLING)
        self.site.sign_in(client)
        open_runs = _await_rest(client, self.product)
        _pass(LONGEST_HANG)  # what hangs in the product is heard of now or never
        is_sound = client.send("POST", "/api/v1/audit/verify", {}).json["is_sound"] is True
        for post in self.posts:
            post.stop()
        return is_sound, open_runs

    def end(self) -> None:
        """Leave no process behind."""
        for post in self.posts:
            post.kill()


def besiege(
    folder: Path, *, kills: int, seed: int, seconds: float = float("inf"), database: str | None = None
) -> Verdict:
    """Kill processes this often, or as often as it can be within so many seconds, and say what came of it.

    Args:
        folder: where the site is made.
        kills: how many.
        seed: decides the moments, the victims and the product's moods.
        seconds: after which no more is killed.
        database: URL of an empty PostgreSQL database, on which one process serves and two drive; without, there is one
            process on SQLite.
    """
    begun = time.monotonic()
    with open_product(seed) as product, open_senders(seed) as (senders, threads):
        site = write_besieged_site(folder, product.url, database)
        posts = [Post(site, role) for role in (SHARED if database else ALONE)]
        siege = Siege(site, posts, senders, product, seeded_random(seed, "siege"))
        killed = 0
        try:
            while killed < kills and time.monotonic() - begun < seconds:
                siege.kill_once()
                killed += 1
            is_sound, open_runs = siege.settle(threads)
        finally:
            siege.end()
        return judge(site, product, senders, kills=killed, early=siege.early, open_runs=open_runs, is_sound=is_sound)


def _await_rest(client: Client, product: Product) -> int:
    """Wait until no run is open, as long as the product hears of any; return how many still are.

    A slow machine has thousands of them left when the last process was killed.
    """
    begun = since = time.monotonic()
    heard = len(product.requests)
    while (count := _count_open(client)) and time.monotonic() < min(since + _SETTLING, begun + _LONGEST_REST):
        if len(product.requests) != heard:
            since, heard = time.monotonic(), len(product.requests)
        _pass(0.2)
    return count


def _count_open(client: Client) -> int:
    return sum(len(client.send("GET", f"/api/v1/runs?status={status}&limit=200").json["items"]) for status in _OPEN)


def _pass(seconds: float) -> None:
    """Let real time pass; another process cannot be given a virtual clock."""
    threading.Event().wait(seconds)
