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
