import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from soar.ingest.bodies.read import read_documents, unpack_body
from soar.ingest.bodies.rule import Parcel, Rule
from soar.model.errors import InputError
from tests.support.heavy_bodies import BOMBS

MOST_BYTES = 16 * 1024 * 1024


@pytest.fixture
def tracing() -> Iterator[None]:
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("tracing")
@pytest.mark.parametrize("name", BOMBS)
def test_no_body_takes_more_than_sixteen_mebibytes(name: str) -> None:
    before = tracemalloc.get_traced_memory()[0]
    assert read(*BOMBS[name]) in {"read", "too_large", "invalid_json", "invalid_body"}
    assert tracemalloc.get_traced_memory()[1] - before < MOST_BYTES


def read(rule: Rule, parcel: Parcel) -> str:
    try:
        documents = read_documents(rule, unpack_body(rule, parcel))
    except InputError as error:
        return error.code
    return "read" if documents else "nothing"
