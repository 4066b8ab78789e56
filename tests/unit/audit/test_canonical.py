"""The fast writer of canonical bytes, held to the plain one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.audit.canonical import canonicalize
from soar.model import canonical
from soar.model.values import JsonValue

texts = st.text() | st.text(st.characters(max_codepoint=0x2FF)) | st.text('\x00\x1f\x7f\u2028\ufeff\U0001f600"\\/')
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=15,
)


@given(documents)
def test_both_write_the_same_bytes(document: JsonValue) -> None:
    assert canonicalize(document) == canonical.canonicalize(document)


@pytest.mark.parametrize(
    "document", [{"b": 1 << 64, "a": [-(1 << 70)]}, {"a": {"z": 1.5, "b": 1e21}}, {"é": 1, "z": 2}]
)
def test_what_the_fast_one_cannot_write_is_written_by_the_plain_one(document: JsonValue) -> None:
    assert canonicalize(document) == canonical.canonicalize(document)


@pytest.mark.parametrize("document", ["\ud800", {"\ud800": 1}, {"a": ["\udfff"]}, float("nan"), {"a": [float("inf")]}])
def test_both_refuse_the_same(document: JsonValue) -> None:
    with pytest.raises(ValueError) as plain:  # noqa: PT011 -- compared below
        canonical.canonicalize(document)
    with pytest.raises(type(plain.value)):
        canonicalize(document)
