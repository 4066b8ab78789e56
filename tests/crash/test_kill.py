"""kill -9 in the middle of fifty runs, and a polite end under load: nothing accepted is lost, nothing is done twice."""

import threading
from pathlib import Path

import pytest

from tests.support.server import Client, wait_for
from tests.support.site import open_product, post_alert, write_site

pytestmark = pytest.mark.crash

RUNS = 50


def list_runs(client: Client) -> list[dict[str, object]]:
    return list(client.send("GET", "/api/v1/runs?limit=200").json["items"])


def all_ended(client: Client, count: int) -> list[dict[str, object]] | None:
    runs = list_runs(client)
    ended = [run for run in runs if run["finished_at"] is not None]
    return runs if len(runs) == count and len(ended) == count else None


def test_kill_in_the_middle_of_fifty_runs_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    with open_product() as product:
        site = write_site(tmp_path, product.url)
        server, client = site.serve()
        accepted: list[int] = []

        def post(numbers: range) -> None:
            for number in numbers:
                try:
                    if post_alert(client, number) == 202:
                        accepted.append(number)
                except OSError:
                    return

        posters = [threading.Thread(target=post, args=(range(start, RUNS, 5),)) for start in range(5)]
        for poster in posters:
            poster.start()
        wait_for(lambda: product.count("/act/") >= RUNS // 3)
        server.kill()
        for poster in posters:
            poster.join()

        server, client = site.serve()
        try:
            site.sign_in(client)
            for number in sorted(set(range(RUNS)) - set(accepted)):
                assert post_alert(client, number) == 202
            stored = client.send("GET", "/api/v1/alerts?limit=200").json["items"]
            assert sorted(alert["title"] for alert in stored) == sorted(f"probe {number}" for number in range(RUNS))
            runs = wait_for(lambda: all_ended(client, RUNS))
            twice = {path: times for path, times in product.seen.items() if path.startswith("/act/") and times > 1}
            assert not twice
            unsure = [run for run in runs if run["status"] != "succeeded"]
            assert all("may or may not" in str(run["reason"]) for run in unsure), unsure
            told = client.send("GET", "/api/v1/messages?channel=%23probe&limit=200").json["items"]
            assert len(told) == len(runs) - len(unsure)
            assert client.send("POST", "/api/v1/audit/verify", {}).json["is_sound"] is True
        finally:
            server.stop()


def test_sigterm_lets_a_call_under_way_end_and_records_it(tmp_path: Path) -> None:
    with open_product() as product:
        site = write_site(tmp_path, product.url)
        server, client = site.serve()
        product.slowly.set()
        assert post_alert(client, 1) == 202
        assert product.under_way.wait(30)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        wait_for(lambda: "serve.draining" in server.output)
        product.go_on.set()
        stopping.join()
        assert server.process.returncode == 0, server.output

        server, client = site.serve()
        try:
            site.sign_in(client)
            runs = wait_for(lambda: all_ended(client, 1))
            assert runs[0]["status"] == "succeeded"
            assert product.seen["/act/1"] == 1
        finally:
            server.stop()
