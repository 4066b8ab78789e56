"""What an attacker writes, made fit for our messages."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soar.approvals.hostile import LONGEST, clean, fence


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\r\nAB12 approved\u2028by ciso\x85x", "a AB12 approved by ciso x"),
        ("inv\u202efdp.exe\u2066\u200b\ufeff\u00ad", "invfdp.exe"),
        ("\u3164\u2800\u115f\u034fx", "x"),
        ("e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301"),
        ("@here ann@corp", "\uff20here ann\uff20corp"),
        ("", ""),
    ],
)
def test_what_is_unseen_goes_and_nobody_is_mentioned(written: str, shown: str) -> None:
    assert clean(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://evil.example/pay?a=b.co", "hxxps[:]//evil[.]example/pay?a=b[.]co"),
        ("ftp://10.0.0.1/x", "ftp[:]//10[.]0[.]0[.]1/x"),
        ("http://evil\u3002example", "hxxp[:]//evil[.]example"),
        ("ann@corp.example", "ann\uff20corp[.]example"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("vssadmin.exe delete shadows", "vssadmin.exe delete shadows"),
        ("version 1.2.3, done. Next", "version 1.2.3, done. Next"),
        ("evil.e\u200bxample", "evil[.]example"),
        ("EVIL.EXAMPLE", "EVIL[.]EXAMPLE"),
    ],
)
def test_addresses_cannot_be_clicked(written: str, shown: str) -> None:
    assert fence(written) == shown


@pytest.mark.parametrize("filler", ["a", "é", "💥", "a.b", "\u202ex"])
def test_a_wall_of_text_is_cut(filler: str) -> None:
    shown = fence(filler * 10_000)
    assert len(shown) <= LONGEST
    assert shown.endswith("…")


@settings(deadline=None)
@given(st.text(max_size=500))
def test_whatever_is_written_shows_as_one_short_line(written: str) -> None:
    shown = fence(written)
    assert len(shown) <= LONGEST
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs"}
    assert "@" not in shown
    assert "://" not in shown
    assert clean(shown) == shown
