"""A tenth of `make chaos`: as many of these kills as fit into their time."""

from pathlib import Path

import pytest

from tests.chaos.siege import besiege
from tests.support.postgres import PostgresServer

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

KILLS = 20
SHARED_KILLS = 5
SECONDS = 45.0


def test_a_server_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    verdict = besiege(tmp_path, kills=KILLS, seed=7, seconds=SECONDS)
    assert verdict.is_good, f"\n{verdict}"
    assert verdict.kills >= 3
    assert verdict.unsafe > 0


def test_workers_and_faces_that_are_killed_again_and_again_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with postgres.create() as database:
        verdict = besiege(tmp_path, kills=SHARED_KILLS, seed=7, seconds=SECONDS, database=database)
    assert verdict.is_good, f"\n{verdict}"
    assert verdict.kills >= 2
    assert verdict.unsafe > 0
