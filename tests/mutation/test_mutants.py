"""The measure itself is held to something: what is changed, and that the change is what runs."""

from collections.abc import Iterator
from datetime import timedelta

import libcst as cst
import pytest

from soar.engine.retry import delay_before_next
from soar.model.step import Retry
from tests.mutation.__main__ import EQUIVALENT, PARTS, find_interval
from tests.mutation.mutants import Mutant, apply, list_mutants
from tests.support.repository import ROOT

MODULE = ROOT / "soar/engine/retry.py"


@pytest.fixture
def restored() -> Iterator[None]:
    code = delay_before_next.__code__
    yield
    delay_before_next.__code__ = code


def find_mutant(after: str) -> Mutant:
    (found,) = (mutant for mutant in list_mutants(MODULE) if mutant.describe()[1] == after)
    return found


def delay_after_last() -> timedelta | None:
    return delay_before_next(Retry(attempts=2), attempt=2, code="unavailable", retry_after=None, jitter=1.0)


def test_a_mutant_is_what_runs_from_then_on(restored: None) -> None:
    mutant = find_mutant("if attempt > retry.attempts or code not in codes:")
    assert mutant.function == "delay_before_next"
    assert mutant.describe()[0] == "if attempt >= retry.attempts or code not in codes:"
    assert delay_after_last() is None
    assert apply(mutant)
    assert delay_after_last() is not None


def test_the_lines_of_a_mutant_are_where_it_stands_in_the_file() -> None:
    mutant = find_mutant("if attempt >= retry.attempts and code not in codes:")
    lines = MODULE.read_text("utf-8").splitlines()
    assert [lines[number - 1].strip() for number in mutant.lines] == [mutant.describe()[0]]


def test_a_sample_is_the_same_for_its_seed_and_another_for_another() -> None:
    mutants = list_mutants(MODULE)

    def choose(seed: int) -> list[int]:
        return [mutant.number for mutant in sorted(mutants, key=lambda mutant: mutant.rank(seed))[:10]]

    assert choose(1) == choose(1)
    assert choose(1) != choose(2)


def test_decorated_functions_are_changed_and_unreachable_arms_are_not() -> None:
    transaction = [
        mutant for mutant in list_mutants(ROOT / "soar/store/sqlite.py") if mutant.function == "_transaction"
    ]
    assert transaction
    arms = [mutant for mutant in list_mutants(ROOT / "soar/runtime/commit.py") if isinstance(mutant.node, cst.Match)]
    assert arms
    assert not any("assert_never" in mutant.describe()[0] for mutant in arms)


@pytest.mark.parametrize(("share", "count", "low", "high"), [(0.9, 100, 0.826, 0.945), (1.0, 10, 0.722, 1.0)])
def test_the_interval_is_wilsons(share: float, count: int, low: float, high: float) -> None:
    assert find_interval(share, count) == pytest.approx((low, high), abs=0.001)


def test_every_part_has_its_modules_and_tests() -> None:
    for part in PARTS.values():
        assert all(list(ROOT.glob(glob)) for glob in part.modules)
        assert all((ROOT / name).exists() for name in part.tests if name.startswith("tests/"))


def test_what_is_said_to_be_equivalent_is_still_in_the_code() -> None:
    for mutant in EQUIVALENT:
        lines = {line.strip() for line in (ROOT / mutant.module).read_text("utf-8").splitlines()}
        assert set(mutant.before.splitlines()) <= lines, mutant
