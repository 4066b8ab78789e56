from dataclasses import replace
from random import Random  # noqa: TID251 -- the same seed has to give the same changes

import pytest

from soar.ingest.authentication import Signed
from tests.forgery.__main__ import forge, run
from tests.forgery.genuine import Genuine, list_genuine


@pytest.mark.parametrize("genuine", list_genuine(), ids=lambda genuine: genuine.name)
def test_what_is_genuine_is_let_in_up_to_the_end_of_its_window(genuine: Genuine) -> None:
    assert genuine.judge(genuine.request) is None
    if isinstance(genuine.recipe, Signed) and genuine.recipe.timestamp is not None:
        for end in (genuine.recipe.tolerance, -genuine.recipe.tolerance):
            assert genuine.judge(genuine.request, genuine.at + end) is None


def test_no_forgery_is_let_in() -> None:
    tried = 0
    for name, count, let_in in run(20_000, 1):
        assert let_in == [], name
        tried += count
    assert tried >= 20_000


def test_no_key_of_another_source_opens_a_door() -> None:
    for genuine in list_genuine():
        others = [
            other for other in list_genuine() if other is not genuine and set(other.keys).isdisjoint(genuine.keys)
        ]
        assert all(genuine.judge(other.request) is not None for other in others)


def test_a_forgery_that_is_let_in_is_found() -> None:
    bearer = next(genuine for genuine in list_genuine() if genuine.name == "bearer")
    _, tried, let_in = forge(replace(bearer, is_bound=True), Random(1), 200)  # noqa: S311 -- the same each time
    assert tried == 200
    assert {name for name, _ in let_in} == {"change_body_byte", "resize_body", "reorder_body"}
