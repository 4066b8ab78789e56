import pytest

from soar.people.passwords import SHORTEST_PASSWORD, check_password
from tests.support.builders import build_user


@pytest.mark.parametrize("password", ["", "a" * (SHORTEST_PASSWORD - 1), "a" * 40, "ADA.LOVELACE@example.test"])
def test_a_password_that_can_be_guessed_is_refused(password: str) -> None:
    assert check_password(password, build_user(email="ada.lovelace@example.test"))


@pytest.mark.parametrize(
    "password", ["correct horse battery", "\U0001f600 and eleven more", "ab" * 6, "a sentence " * 12]
)
def test_any_long_text_is_a_password(password: str) -> None:
    assert check_password(password, build_user()) == []
