import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soar.model.secret import Secret
from soar.sdk.redaction import MASK, Redactor

SECRET = 's3cret/V4lue+"with=odd&ünd <parts>'
REDACTOR = Redactor([Secret(SECRET)])


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        html.escape(SECRET),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        quote(SECRET, safe=""),
        quote(SECRET),
        quote_plus(SECRET),
        quote(SECRET, safe="").replace("%2F", "%2f"),
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        json.dumps(SECRET)[1:-1].replace("<", "\\u003c").replace(">", "\\u003E").replace("&", "\\u0026"),
        html.escape(SECRET).replace("/", "&#x2F;").replace("&quot;", "&#34;").replace("ü", "&#252;"),
        "".join(f"%{byte:02X}" for byte in SECRET.encode()),
        "".join(f"\\u{ord(character):04X}" for character in SECRET),
        "".join(f"&#{ord(character)};" for character in SECRET),
        "".join(f"&#X{ord(character):x};" for character in SECRET),
    ],
)
def test_each_encoding_is_masked(form: str) -> None:
    assert REDACTOR.mask_text(f"before {form} after") == f"before {MASK} after"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@given(before=st.binary(max_size=5), after=st.binary(max_size=5))
@settings(max_examples=50)
def test_base64_is_masked_wherever_the_secret_stands_in_it(encode, before: bytes, after: bytes) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 two functions of the standard library
    encoded = encode(before + SECRET.encode() + after).decode()
    masked = REDACTOR.mask_text(encoded)
    assert MASK in masked
    assert len(masked) <= len(encode(before).decode()) + len(encode(after).decode()) + len(MASK) + 4


@pytest.mark.parametrize("break_lines", [base64.encodebytes, lambda data: base64.b64encode(data, altchars=b"-_")])
def test_base64_in_lines_is_masked(break_lines) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 two functions of the standard library
    secret = "a key of many lines, such as those of certificates: " + SECRET * 3
    encoded = break_lines(b"before " * 9 + secret.encode() + b" after" * 9).decode()
    masked = Redactor([Secret(secret)]).mask_text(encoded)
    assert MASK in masked
    left = base64.b64decode("".join(masked.replace(MASK, "AAAA").split()) + "==", altchars=b"-_")
    assert secret[4:12].encode() not in left
    assert masked.startswith(encoded[:80])


def test_a_text_with_line_ends_and_no_secret_stays_as_it_is() -> None:
    text = "one\r\ntwo\n\nthree"
    assert REDACTOR.mask_text(text) == text
    assert REDACTOR.mask_text(f"{text}{SECRET}\n{text}") == f"{text}{MASK}\n{text}"


def test_a_secret_broken_over_lines_is_masked_each_time() -> None:
    encoded = base64.encodebytes(SECRET.encode() * 9).decode()
    assert "\n" in encoded.strip()
    assert Redactor([Secret(SECRET * 2)]).mask_text(f"{encoded}--\n{encoded}").count(MASK) >= 2


def test_basic_authentication_is_masked() -> None:
    header = base64.b64encode(b"user:" + SECRET.encode()).decode()
    assert MASK in REDACTOR.mask_text(f"Authorization: Basic {header}")


def test_texts_and_keys_at_any_depth_are_masked() -> None:
    document = {"a": [{"b": f"x{SECRET}"}, 1, None, True], SECRET: 2.5}
    assert REDACTOR.mask(document) == {"a": [{"b": f"x{MASK}"}, 1, None, True], MASK: 2.5}


def test_a_secret_that_became_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        Redactor([Secret("1234567890")]).mask({"pin": 1234567890})


def test_numbers_that_json_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        REDACTOR.mask({"share": float("nan")})


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    redactor = Redactor([Secret("password"), Secret("password-2026")])
    assert redactor.mask_text("it is password-2026.") == f"it is {MASK}."


def test_short_texts_are_no_secrets() -> None:
    assert Redactor([Secret("admin")]).mask_text("administrator") == "administrator"


def test_without_secrets_nothing_changes() -> None:
    assert Redactor([]).mask({"a": "b"}) == {"a": "b"}


@pytest.mark.parametrize(
    "secret", ["first-line-Rt55\nsecond-line-Uy66\n", "carriage-Hj12\r\nreturn-Kl34\r\n", " -padded-Gh20- "]
)
@pytest.mark.parametrize(
    "change",
    [
        str.strip,
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: " ".join(text.split()),
        lambda text: "".join(text.splitlines()),
        lambda text: base64.b64encode(text.strip().encode()).decode(),
    ],
)
def test_a_secret_is_known_though_its_white_space_was_changed(secret: str, change: Callable[[str], str]) -> None:
    masked = Redactor([Secret(secret)]).mask_text(f"the key <{change(secret)}> is wrong")
    assert "".join(masked.split()) == f"thekey<{MASK}>iswrong"
