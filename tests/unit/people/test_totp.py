"""Codes of authenticator programs, against the vectors of RFC 6238, appendix B (their last six digits)."""

from datetime import UTC, datetime

import pytest

from soar.people.totp import encode_totp_secret, find_totp_step, write_totp_uri

SECRET = encode_totp_secret(b"12345678901234567890")
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert find_totp_step(SECRET, code, datetime.fromtimestamp(seconds, UTC), after=0) == seconds // 30


def test_a_code_counts_once_and_so_does_every_one_before_it() -> None:
    at = datetime.fromtimestamp(1234567890, UTC)
    step = find_totp_step(SECRET, "005 924", at, after=0)
    assert step is not None
    assert find_totp_step(SECRET, "005924", at, after=step) is None
    assert find_totp_step(SECRET, "005924", at, after=step - 1) == step


@pytest.mark.parametrize("code", ["", "5924", "0059245", "00592\uff14", "\ud800", "x" * 6])
def test_what_is_no_code_does_not_count(code: str) -> None:
    assert find_totp_step(SECRET, code, datetime.fromtimestamp(1234567890, UTC), after=0) is None


def test_the_address_for_programs_names_us_and_the_person() -> None:
    assert write_totp_uri(SECRET, "ann", "soar") == f"otpauth://totp/soar:ann?secret={SECRET}&issuer=soar"
