from random import Random  # noqa: TID251 -- the same seed has to give the same changes

import pytest

from tests.audit_mutations.__main__ import run
from tests.audit_mutations.judge import Judge
from tests.audit_mutations.record import take


def test_no_change_of_a_record_is_missed() -> None:
    for name, count, found in run(4_000, 1, size=400, whole=5):
        assert found == count, name


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(take(60, every=20))


def test_the_honest_copy_is_sound_either_way(judge: Judge) -> None:
    assert not judge.finds_in_whole(judge.taken.lines)
    assert not judge.finds(0, [], 0)
    assert not judge.finds(7, [judge.taken.lines[8].encode()], 1)


def test_a_verdict_from_the_first_change_on_is_that_of_a_whole_verification(judge: Judge) -> None:
    random = Random(7)  # noqa: S311 -- as above
    lines = judge.taken.lines
    for _ in range(300):
        index, count = random.randrange(judge.size), random.randrange(3)
        other = [lines[1 + random.randrange(judge.size)].encode() for _ in range(random.randrange(3))]
        changed = [*lines[: 1 + index], *(line.decode() for line in other), *lines[1 + index + count :]]
        if 1 + index + count > 1 + judge.size:
            continue
        assert judge.finds(index, other, count) == judge.finds_in_whole(changed)
