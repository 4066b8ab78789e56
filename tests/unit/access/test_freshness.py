from datetime import timedelta

import pytest

from soar.access.freshness import is_fresh
from tests.support.clock import START


@pytest.mark.parametrize("ago", [timedelta(), timedelta(minutes=5)])
def test_a_proof_is_good_for_five_minutes(ago: timedelta) -> None:
    assert is_fresh(START - ago, START)


@pytest.mark.parametrize("ago", [timedelta(minutes=5, microseconds=1), timedelta(microseconds=-1)])
def test_a_proof_is_no_good_later_nor_from_the_future(ago: timedelta) -> None:
    assert not is_fresh(START - ago, START)


def test_who_never_proved_anything_has_no_fresh_proof() -> None:
    assert not is_fresh(None, START)
