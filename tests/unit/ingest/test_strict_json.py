import contextlib
import gc
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.ingest.strict_json import MAX_DEPTH, MAX_INTEGER, parse_json, parse_json_lines
from soar.model.errors import InputError

texts = st.text(st.characters(exclude_categories=["Cs"]))
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def refuse(raw: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_json(raw)
    assert caught.value.code == "invalid_json"
    return caught.value


@given(documents)
def test_what_json_can_say_is_read_as_it_was_said(document: object) -> None:
    assert parse_json(json.dumps(document).encode()) == document


@given(st.binary(max_size=60))
def test_any_bytes_are_a_document_or_an_error_of_the_sender(raw: bytes) -> None:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        refuse(raw)
        return
    with contextlib.suppress(InputError):
        assert parse_json(raw) == document


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"a": 1,\n "b": 2,\n "longer_key": 3 "c": 4}', "line 3, column 18: expected ','"),
        (b'{"a" 1}', "line 1, column 6: expected ':'"),
        (b"", "line 1, column 1: expected a value"),
        (b"[1,]", "line 1, column 4: expected a value"),
        (b'{"a":1}x', "line 1, column 8: expected the end of the document"),
        (b'{"a', "line 1, column 2: this text has no closing quote"),
        (b'"a\nb"', "line 1, column 3: a control character must be escaped"),
        (b"{a: 1}", "line 1, column 2: expected a key in double quotes"),
        (b"\xef\xbb\xbf{}", "line 1, column 1: expected no byte order mark"),
        (b'{"a":\n"\xff"}', "line 2, column 2: expected UTF-8"),
        ('{"ä":\n"ü" 1}'.encode(), "line 2, column 5: expected ','"),
    ],
)
def test_the_message_says_where_and_what_was_expected(raw: bytes, message: str) -> None:
    assert refuse(raw).message == message


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"a": 1, "a": 1}', "/a"),
        (b'{"x": [0, {"k/y": {"d": 1, "d": {"e": 1, "e": 2}}}]}', "/x/1/k~1y/d"),
        (b'{"a": {"b": 1, "b": 2}, "a": 1}', "/a"),
        (b'{"a": NaN, "a": 1}', "/a"),
        (b'{"n": 9007199254740993}', "/n"),
        (b'{"n": -9007199254740993}', "/n"),
        (b"[1e999]", "/0"),
        (b"[NaN]", "/0"),
        (b"[0, -Infinity]", "/1"),
        (b'{"t": ["\\ud800"]}', "/t/0"),
        (b'["\\udc00\\ud800"]', "/0"),
        (b'{"a": {"\\udfff": 1}}', "/a"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused_with_its_pointer(raw: bytes, pointer: str) -> None:
    error = refuse(raw)
    assert [fault.pointer for fault in error.faults] == [pointer]
    assert error.message.startswith(f"{pointer}: ")


def test_the_largest_exact_whole_numbers_and_whole_surrogate_pairs_are_fine() -> None:
    assert parse_json(b'[9007199254740992, -9007199254740992, "\\ud83d\\ude00"]') == [2**53, -(2**53), "😀"]


def test_depth_counts_brackets_outside_of_texts_only() -> None:
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    parse_json(deep)
    assert parse_json(b'["' + b"[" * 500 + b'\\"[["]') == ["[" * 500 + '"[[']
    assert refuse(b"[" + deep + b"]").message == f"line 1, column 33: nothing may lie deeper than {MAX_DEPTH} levels"


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b"[" + b"9" * 1_000_000 + b"]",
        b"[]" * 40 + b'"' + b'\\"' * 500_000,
        b"[" * 33 + b'"' * 1_000_000,
        b"[" + b'{"a":1,"a":1},' * 70_000 + b"1]",
        b"[" + b'"\\ud800",' * 100_000 + b"1]",
    ],
    ids=["lists", "maps", "digits", "escapes", "quotes", "duplicates", "surrogates"],
)
def test_a_bomb_of_a_mebibyte_is_refused_before_it_costs_much(raw: bytes) -> None:
    gc.collect()
    gc.freeze()  # as the service does at its start: what other tests have left is not looked at again and again
    try:
        start = time.process_time()
        refuse(raw)
        assert time.process_time() - start < 2.0
    finally:
        gc.unfreeze()


def test_lines_are_documents_and_count_from_the_beginning() -> None:
    assert parse_json_lines(b'{"a":1}\n\n{"b":2}\r\n', limit=9) == [{"a": 1}, {"b": 2}]
    with pytest.raises(InputError, match="line 3, column 6: expected a value"):
        parse_json_lines(b'{"a":1}\n\n{"b":}\n', limit=9)


def test_no_more_lines_are_read_than_show_that_there_are_too_many() -> None:
    assert len(parse_json_lines(b"1\n" * 100, limit=5)) == 6
