"""Canonical JSON against the examples of RFC 8785."""

import hashlib
import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.model.canonical import canonicalize, digest
from soar.model.values import JsonValue

# RFC 8785, appendix B: IEEE 754 bits and the text they must give.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]

json_documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_a_double_is_written_as_ecmascript_writes_it(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonicalize(number) == text.encode()


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_what_json_cannot_say_is_refused(bits: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    with pytest.raises(ValueError, match="NaN and infinities"):
        canonicalize({"n": [number]})


def test_the_example_of_section_3_2_2() -> None:
    document: JsonValue = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonicalize(document) == expected.encode()


def test_keys_are_sorted_by_utf_16_code_units() -> None:
    document: JsonValue = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonicalize(document)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_control_characters_are_escaped_in_the_shortest_way_and_nothing_else_is() -> None:
    assert (
        canonicalize('\x00\b\t\n\f\r\x1f\x7f"\\/é\u2028')
        == '"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\\"\\\\/é\u2028"'.encode()
    )


def test_a_lone_surrogate_is_refused_wherever_it_stands() -> None:
    for document in ("\ud800", {"\udfff": 1}, [{"a": "x\ud800"}]):
        with pytest.raises(UnicodeEncodeError):
            canonicalize(document)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_reads_back_as_itself_and_takes_no_more_than_seventeen_digits(number: float) -> None:
    text = canonicalize(number).decode()
    assert float(text) == number
    digits = text.partition("e")[0].replace(".", "").replace("-", "").strip("0")
    assert len(digits) <= 17
    assert ("e" in text) == (number != 0 and not 1e-6 <= math.fabs(number) < 1e21)


@given(json_documents)
def test_a_document_read_back_has_the_same_bytes(document: JsonValue) -> None:
    written = canonicalize(document)
    assert canonicalize(json.loads(written)) == written


@given(json_documents)
def test_a_document_is_written_alike_wherever_it_stands(document: JsonValue) -> None:
    assert canonicalize([document, 0.5]) == canonicalize([document])[:-1] + b",0.5]"
    assert canonicalize({"\u00e9": document}) == '{"\u00e9":'.encode() + canonicalize(document) + b"}"


@given(st.dictionaries(st.text(), st.integers(), min_size=2), st.randoms())
def test_the_order_in_which_a_map_was_filled_does_not_matter(document: dict[str, JsonValue], chance: object) -> None:
    keys = list(document)
    chance.shuffle(keys)
    assert canonicalize({key: document[key] for key in keys}) == canonicalize(document)


def test_the_digest_is_taken_over_the_canonical_bytes() -> None:
    expected = hashlib.sha256(b'{"a":1,"b":[2,3]}').hexdigest()
    assert digest({"b": [2.0, 3], "a": 1}) == f"sha256:{expected}"
