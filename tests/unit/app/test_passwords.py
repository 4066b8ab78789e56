from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from soar.app.passwords import Passwords


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


async def test_the_right_password_is_right_and_a_wrong_one_wrong(passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    assert "correct" not in stored
    assert await passwords.verify("correct horse", stored)
    assert not await passwords.verify("correct horses", stored)
    assert not await passwords.verify("", stored)


async def test_every_character_of_a_long_password_counts(passwords: Passwords) -> None:
    long = "Abc \u00fc" * 26
    stored = await passwords.hash(long)
    assert await passwords.verify(long, stored)
    for other in (long[:-1], f"{long} ", long.lower(), long.strip("A"), long.replace("\u00fc", "u\u0308")):
        assert not await passwords.verify(other, stored), other


async def test_the_same_password_has_two_hashes(passwords: Passwords) -> None:
    assert await passwords.hash("same") != await passwords.hash("same")


async def test_a_hash_costs_what_rfc_9106_recommends(passwords: Passwords) -> None:
    cost = extract_parameters(await passwords.hash("x"))
    assert cost.type.name == "ID"
    assert (cost.memory_cost, cost.time_cost, cost.parallelism) == (64 * 1024, 3, 4)


async def test_somebody_without_a_hash_costs_a_whole_verification(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = PasswordHasher.verify

    def verify_and_note(hasher: PasswordHasher, hashed: str, password: str) -> bool:
        try:
            return verify(hasher, hashed, password)
        except VerifyMismatchError:  # and nothing that is found before the hash is made
            verified.append(hashed)
            raise

    monkeypatch.setattr(PasswordHasher, "verify", verify_and_note)
    assert not await passwords.verify("nobody has this password", None)
    assert not await passwords.verify("a guess", None)
    assert len(verified) == 2
    usual = extract_parameters(await passwords.hash("somebody's"))
    assert [extract_parameters(hashed) for hashed in verified] == [usual, usual]


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$v=19$m=65536", "$2b$12$" + "a" * 53])
async def test_a_malformed_hash_lets_nobody_in(passwords: Passwords, stored: str) -> None:
    assert not await passwords.verify("plain", stored)
    assert not await passwords.verify(stored, stored)
