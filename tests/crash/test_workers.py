"""Several processes on one PostgreSQL: whichever dies, every run ends, and nothing is done twice."""

import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.support.postgres import PostgresServer
from tests.support.server import Client, Server, wait_for
from tests.support.site import Product, SiteFolder, open_product, post_alert, write_site

pytestmark = pytest.mark.crash

RUNS = 40
FEW = 8
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'"


@dataclass
class Crew:
    """A process that serves and drives nothing, and two that drive."""

    site: SiteFolder
    product: Product
    client: Client
    workers: list[Server]
    end_sessions: Callable[[], object]

    def list_runs(self) -> list[dict[str, object]]:
        return list(self.client.send("GET", "/api/v1/runs?limit=200").json["items"])

    def await_end(self, count: int) -> list[dict[str, object]]:
        def look() -> list[dict[str, object]] | None:
            runs = self.list_runs()
            return runs if sum(run["finished_at"] is not None for run in runs) == count else None

        return wait_for(look)

    def check(self, runs: list[dict[str, object]]) -> None:
        """See that nothing was done twice, that what is unknown is said to be, and that the record is whole."""
        twice = {path: times for path, times in self.product.seen.items() if path.startswith("/act/") and times > 1}
        assert not twice
        unsure = [run for run in runs if run["status"] != "succeeded"]
        assert all("may or may not" in str(run["reason"]) for run in unsure), unsure
        told = self.client.send("GET", "/api/v1/messages?channel=%23probe&limit=200").json["items"]
        assert len(told) == len(runs) - len(unsure)
        assert self.client.send("POST", "/api/v1/audit/verify", {}).json["is_sound"] is True


@contextmanager
def open_crew(folder: Path, postgres: PostgresServer, *flags: str) -> Iterator[Crew]:
    """Start them; the flags are the workers'."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.create())
        product = stack.enter_context(open_product())
        site = write_site(folder, product.url, url)
        server, client = site.serve("--no-worker")
        stack.callback(server.stop)
        site.sign_in(client)
        workers: list[Server] = []
        for _ in range(2):
            workers.append(site.work(*flags))
            stack.callback(workers[-1].kill)
        yield Crew(site, product, client, workers, partial(postgres.psql, END_SESSIONS))


def is_taken(client: Client, number: int) -> bool:
    """Post an alert, as senders do again until it is taken."""
    status = post_alert(client, number)
    assert status in {202, 503}
    return status == 202


def post_all(client: Client, numbers: range) -> None:
    def post(share: range) -> None:
        for number in share:
            wait_for(partial(is_taken, client, number))

    posters = [threading.Thread(target=post, args=(numbers[start::4],)) for start in range(4)]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()


def test_a_worker_killed_in_the_middle_of_its_runs_leaves_them_to_the_other(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with open_crew(tmp_path, postgres) as crew:
        poster = threading.Thread(target=post_all, args=(crew.client, range(RUNS)))
        poster.start()
        wait_for(lambda: crew.product.count("/act/") >= RUNS // 4)
        crew.workers[0].kill()
        poster.join()
        crew.check(crew.await_end(RUNS))


def test_what_a_killed_worker_held_goes_on_with_the_other_one_and_says_that_nobody_knows(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with open_crew(tmp_path, postgres) as crew:
        crew.product.slowly.set()
        post_all(crew.client, range(FEW))
        wait_for(partial(has_done, crew.product, FEW))
        held = find_held(postgres, crew.site.url)
        victim = max(crew.workers, key=lambda worker: len(held[name_of(worker)]))
        lost = held[name_of(victim)]
        assert lost
        victim.kill()
        crew.product.go_on.set()
        runs = crew.await_end(FEW)
        assert {run["id"] for run in runs if run["status"] != "succeeded"} == lost
        crew.check(runs)
        wait_for(lambda: not find_held(postgres, crew.site.url))


def find_held(postgres: PostgresServer, url: str) -> Mapping[str, set[str]]:
    """Return which runs each worker holds, by its name."""
    held = defaultdict[str, set[str]](set)
    for line in postgres.psql("SELECT worker, run FROM handouts", make_url(url).database or "").splitlines():
        worker, run = line.split("|")
        held[worker].add(run)
    return held


def name_of(worker: Server) -> str:
    return worker.find(r'"worker":"(\w+)"')


def test_a_worker_says_how_it_is_and_stays_alive_while_its_database_is_away(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with postgres.create() as url:
        site = write_site(tmp_path, "http://127.0.0.1:1", url)
        worker = site.work("--health", "127.0.0.1:0", "--concurrency", "7")
        try:
            probe = Client(worker.find(r'"health":"(http[^"]+)"'))
            assert probe.send("GET", "/readyz").status == 200
            wait_for(lambda: probe.send("GET", "/healthz").json["looked_at"])
            health = probe.send("GET", "/healthz").json
            assert (health["status"], health["driven"], health["limit"]) == ("ok", 0, 7)
            assert f'"worker":"{health["worker"]}"' in worker.output
            set_open(postgres, url, is_open=False)
            (reason,) = wait_for(lambda: probe.send("GET", "/readyz").json["reasons"])
            assert reason.startswith("database: ")
            assert probe.send("GET", "/healthz").status == 200
            set_open(postgres, url, is_open=True)
            wait_for(lambda: probe.send("GET", "/readyz").status == 200)
            assert worker.stop() == 0, worker.output
        finally:
            worker.kill()


def set_open(postgres: PostgresServer, url: str, *, is_open: bool) -> None:
    """Let nobody into a database any more, nor anybody stay; or let them in again."""
    postgres.psql(f"ALTER DATABASE {make_url(url).database} WITH ALLOW_CONNECTIONS {is_open}")
    postgres.psql(END_SESSIONS)


def test_a_worker_that_was_stopped_and_wakes_up_writes_nothing_more_into_its_runs(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with open_crew(tmp_path, postgres) as crew:
        crew.product.slowly.set()
        assert post_alert(crew.client, 0) == 202
        assert crew.product.under_way.wait(30)
        for worker in crew.workers:
            worker.process.send_signal(signal.SIGSTOP)
        third = crew.site.work()
        try:
            (run,) = crew.await_end(1)
            assert "may or may not" in str(run["reason"])
            crew.product.go_on.set()
            for worker in crew.workers:
                worker.process.send_signal(signal.SIGCONT)
            crew.product.slowly.clear()
            assert post_alert(crew.client, 1) == 202
            after = crew.await_end(2)
            assert [again for again in after if again["id"] == run["id"]] == [run]
            crew.check(after)
        finally:
            third.kill()


def test_a_worker_that_is_asked_to_end_finishes_its_calls_and_gives_its_runs_back(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with open_crew(tmp_path, postgres) as crew:
        poster = threading.Thread(target=post_all, args=(crew.client, range(RUNS)))
        poster.start()
        wait_for(lambda: crew.product.count("/act/") >= RUNS // 4)
        assert crew.workers[0].stop() == 0, crew.workers[0].output
        poster.join()
        runs = crew.await_end(RUNS)
        assert {run["status"] for run in runs} == {"succeeded"}
        crew.check(runs)


def test_a_server_that_ends_every_connection_delays_runs_and_loses_none(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with open_crew(tmp_path, postgres) as crew:
        poster = threading.Thread(target=post_all, args=(crew.client, range(RUNS)))
        poster.start()
        for share in (8, 4, 2):
            wait_for(partial(has_done, crew.product, RUNS // share))
            crew.end_sessions()
        poster.join()
        runs = crew.await_end(RUNS)
        assert {run["status"] for run in runs} == {"succeeded"}
        crew.check(runs)
        assert [worker.process.poll() for worker in crew.workers] == [None, None]


def has_done(product: Product, count: int) -> bool:
    return product.count("/act/") >= count
