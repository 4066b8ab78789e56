import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.model.errors import InputError
from soar.model.values import JsonValue, Value
from soar.store.rows import DEEPEST, Values, dump_json, load_json

TEXTS = st.text(st.characters())  # lone surrogates included
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)


@given(DOCUMENTS)
def test_json_comes_back_exactly(document: JsonValue) -> None:
    written = dump_json(document)
    assert load_json(written) == document
    assert json.loads(written) == document


@given(st.dictionaries(TEXTS, st.datetimes().map(lambda naive: naive.astimezone()) | st.timedeltas() | st.binary()))
def test_values_come_back_with_their_types(values: dict[str, Value]) -> None:
    written = dump_json(Values.dump(values))
    assert Values.load(load_json(written)) == values


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 10**400])
def test_integers_beyond_64_bits_stay_integers(number: int) -> None:
    found = load_json(dump_json([number]))
    assert found == [number]
    assert isinstance(found[0], int)


def nest(levels: int, innermost: JsonValue) -> JsonValue:
    document = innermost
    for level in range(levels):
        document = [document] if level % 2 else {"k": document}
    return document


@pytest.mark.parametrize("innermost", [1, 2**80, "\ud800"])
def test_the_deepest_document_is_written_whatever_is_in_it(innermost: JsonValue) -> None:
    document = nest(DEEPEST, innermost)
    assert load_json(dump_json(document)) == document


@pytest.mark.parametrize("levels", [DEEPEST + 10, 5_000])
def test_a_deeper_document_is_refused(levels: int) -> None:
    with pytest.raises(InputError) as caught:
        dump_json(nest(levels, 2**80))
    assert caught.value.code == "store.depth"


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), timedelta(1), {1, 2}, b"bytes"])
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        dump_json([value])


def test_durations_keep_their_microseconds() -> None:
    values = {"window": timedelta(days=-3, microseconds=7)}
    assert Values.load(load_json(dump_json(Values.dump(values)))) == values
