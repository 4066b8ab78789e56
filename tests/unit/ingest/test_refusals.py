from datetime import timedelta

from soar.ingest.refusals import RefusalBudget
from tests.support.clock import START


def test_a_budget_is_for_each_source_and_minute_and_counts_what_it_passes_over() -> None:
    budget = RefusalBudget(2)
    assert [budget.spend("a", START) for _ in range(5)] == [0, 0, None, None, None]
    assert budget.spend("b", START) == 0
    assert budget.spend("a", START + timedelta(seconds=59)) is None
    assert budget.spend("a", START + timedelta(seconds=60)) == 4
    assert budget.spend("a", START + timedelta(seconds=61)) == 0
    assert budget.spend("a", START + timedelta(seconds=62)) is None


def test_a_clock_that_goes_back_opens_a_new_minute() -> None:
    budget = RefusalBudget(1)
    assert budget.spend("a", START) == 0
    assert budget.spend("a", START - timedelta(hours=1)) == 0
