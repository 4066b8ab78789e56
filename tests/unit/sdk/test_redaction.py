import base64
import html
import json
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
