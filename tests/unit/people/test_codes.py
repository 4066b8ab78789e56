from datetime import timedelta

import pytest

from soar.model.factor import CodePurpose
from soar.people.codes import draw_code, hash_code, issue_code
from soar.store import Store
from tests.support.clock import START
from tests.support.randomness import SeededRandomness

CODE = "7k2m-9q4w-z1xt-03ab"


@pytest.mark.parametrize(
    "typed", [CODE, CODE.upper(), "7k2m9q4wz1xt03ab", " 7K2M 9Q4W Z1XT O3AB ", "7k2m-9q4w-zixt-03ab"]
)
def test_how_a_code_is_typed_does_not_matter(typed: str) -> None:
    assert hash_code(CodePurpose.RECOVERY, typed) == hash_code(CodePurpose.RECOVERY, CODE)


def test_a_code_for_one_thing_is_none_for_another() -> None:
    assert len({hash_code(purpose, CODE) for purpose in CodePurpose}) == len(CodePurpose)


def test_codes_are_drawn_and_differ() -> None:
    randomness = SeededRandomness()
    drawn = {draw_code(randomness) for _ in range(100)}
    assert len(drawn) == 100
    assert all(len(code) == 19 for code in drawn)


async def test_what_is_kept_is_not_the_code(store: Store) -> None:
    def issue(unit) -> None:  # noqa: ANN001 -- the store's unit
        issue_code(unit, "u_1", CodePurpose.INVITATION, CODE, START, timedelta(hours=1))

    await store.write("north", issue)
    (kept,) = await store.read("north", lambda unit: unit.codes.of("u_1", CodePurpose.INVITATION))
    assert CODE not in repr(kept)
    assert kept.expires_at == START + timedelta(hours=1)
