import pytest

from soar.people.passwords import SHORTEST_PASSWORD, check_password
from tests.support.builders import build_user

ADA = build_user(name="ada", email="ada.lovelace@example.test")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "a" * (SHORTEST_PASSWORD - 1),
        "a" * 40,
        "ADA.LOVELACE@example.test",
        "lovelacelovelace1",
        "password1234",
        "P@ssw0rd1234",
        "qwertyuiop123",
        "iloveyou1234567",
        "soarsoarsoar1",
        "ab" * 6,
        "1234567890123456",
    ],
)
def test_a_password_that_can_be_guessed_is_refused(password: str) -> None:
    assert check_password(password, ADA)


def test_words_of_the_place_make_no_password() -> None:
    assert check_password("zuuxcorp-socs", ADA, ["zuuxcorp", "socs"])
    assert check_password("zuuxcorp-socs", ADA) == []


def test_what_is_wrong_with_it_is_said() -> None:
    assert check_password("password1234", ADA) == ["the password can be guessed: this is a very common password"]


@pytest.mark.parametrize(
    "password", ["correct horse battery", "\U0001f600 and eleven more", "kJ3!vq9-Zt2m", "long sentences are fine " * 6]
)
def test_any_other_long_text_is_a_password(password: str) -> None:
    assert check_password(password, ADA) == []
