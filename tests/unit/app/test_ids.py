import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from soar.app.ids import RandomIds, SystemRandomness
from soar.model.ids import ALPHABET

DRAWN = 2000


def test_ids_are_all_different_and_sayable() -> None:
    ids = RandomIds(SystemRandomness())
    drawn = [ids.new("run") for _ in range(DRAWN)]
    assert len(set(drawn)) == DRAWN
    assert {one[:4] for one in drawn} == {"run_"}
    assert {len(one) for one in drawn} == {16}
    assert set("".join(one[4:] for one in drawn)) == set(ALPHABET)


def test_a_code_is_as_long_as_asked_and_in_upper_case() -> None:
    ids = RandomIds(SystemRandomness())
    for length in (1, 4, 7, 8, 20):
        code = ids.code(length)
        assert len(code) == length
        assert set(code) <= set(ALPHABET.upper())
    assert len({ids.code(20) for _ in range(100)}) == 100


def test_randomness_is_as_much_as_asked() -> None:
    randomness = SystemRandomness()
    assert len(randomness.bytes(0)) == 0
    assert len(randomness.bytes(32)) == 32
    assert randomness.bytes(32) != randomness.bytes(32)
    drawn = [randomness.uniform(0.5, 1.5) for _ in range(100)]
    assert min(drawn) >= 0.5
    assert max(drawn) <= 1.5
    assert len(set(drawn)) > 1


def test_no_two_threads_are_given_the_same() -> None:
    randomness = SystemRandomness()
    with ThreadPoolExecutor(4) as threads:
        drawn = [*threads.map(lambda _: randomness.bytes(8), range(DRAWN))]
    assert len({*drawn}) == DRAWN


def test_a_process_that_is_forked_draws_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    randomness = SystemRandomness()
    randomness.bytes(8)
    left = randomness._supply._drawn[8:16]
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert randomness.bytes(8) != left


def test_keys_come_from_the_operating_system_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def draw(count: int) -> bytes:
        asked.append(count)
        return bytes(count)

    monkeypatch.setattr(os, "urandom", draw)
    SystemRandomness().bytes(32)
    assert asked == [32]
