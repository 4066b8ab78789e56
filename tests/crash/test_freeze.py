"""A freeze on two workers under load, held against what the product saw."""

import threading
import time
from pathlib import Path

import pytest

from tests.crash.test_workers import Crew, find_held, is_taken, open_crew
from tests.support.postgres import PostgresServer
from tests.support.server import wait_for

pytestmark = pytest.mark.crash

WRITES = 20
AFTERWARDS = 10
UNDER_WAY = 12
"""Runs that the stream keeps under way: always some, and never a heap that outlasts it."""
PROMISED = 1.0
"""Seconds after the answer to the freeze within which the last write may be begun."""


def post_steadily(crew: Crew, has_enough: threading.Event) -> None:
    """Post an alert whenever an earlier one has been looked into, until there are enough."""
    number = 0
    while not has_enough.is_set():
        if number - crew.product.count("/look/") < UNDER_WAY:
            number += is_taken(crew.client, number)
        else:
            has_enough.wait(0.01)


def has_seen_both(crew: Crew, postgres: PostgresServer, holders: set[str]) -> bool:
    """Note down which workers hold runs now; whether each of them has been seen to. Runs that wait have no holder."""
    holders.update(worker for worker in find_held(postgres, crew.site.url) if worker)
    return len(holders) == len(crew.workers)


def count_stopped(crew: Crew) -> int:
    return sum(" frozen by " in str(run["reason"]) for run in crew.list_runs())


def test_a_freeze_stops_every_write_within_a_second_on_two_workers(tmp_path: Path, postgres: PostgresServer) -> None:
    with open_crew(tmp_path, postgres, "--concurrency", "4") as crew:
        has_enough, holders = threading.Event(), set[str]()
        stream = threading.Thread(target=post_steadily, args=(crew, has_enough))
        stream.start()
        try:
            wait_for(lambda: has_seen_both(crew, postgres, holders))
            wait_for(lambda: crew.product.count("/act/") >= WRITES)
            answer = crew.client.send("POST", "/api/v1/freeze", {"reason": "the playbooks run wild"})
            frozen_at = time.monotonic()
            assert answer.status == 200, answer.json
            late = frozen_at + PROMISED
            wait_for(lambda: sum(moment > late for moment in crew.product.list_moments("/look/")) >= AFTERWARDS)
            wait_for(lambda: count_stopped(crew) >= AFTERWARDS)
        finally:
            has_enough.set()
            stream.join()
        writes = crew.product.list_moments("/act/")
        assert len([moment for moment in writes if moment < frozen_at]) >= WRITES
        assert [moment - frozen_at for moment in writes if moment > late] == []
