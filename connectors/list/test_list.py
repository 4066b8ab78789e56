from typing import Any

import pytest
import respx

from connectors.list.connector import ValueLists
from soar.sdk import ActionCode
from soar.sdk.testing import Bench, MemoryLists

NO_NETWORK = respx.Router().async_handler


def open_bench() -> Bench:
    return Bench(ValueLists, lists=MemoryLists("partners"))


async def call(bench: Bench, name: str, key: str = "key-1", **arguments: Any) -> Any:  # noqa: ANN401 -- an output is any JSON
    answer = await bench.call(name, {"list": "partners", "value": "192.0.2.7", **arguments}, NO_NETWORK, key=key)
    assert answer.code is None, answer.message
    return answer.output


async def test_what_is_added_is_found_with_who_added_it_and_until_when() -> None:
    bench = open_bench()
    assert await call(bench, "contains") == {"found": False, "entry": None}
    assert await call(bench, "add", note="their offices", expires="1d12h") == {"id": "le_key-1", "added": True}
    assert await call(bench, "contains") == {
        "found": True,
        "entry": {
            "value": "192.0.2.7",
            "note": "their offices",
            "added_by": "run:run_1",
            "added_at": "2026-03-01T09:00:00Z",
            "expires_at": "2026-03-02T21:00:00Z",
        },
    }
    assert await call(bench, "remove") == {"removed": True}
    assert await call(bench, "contains") == {"found": False, "entry": None}


async def test_each_change_made_twice_is_made_once() -> None:
    bench = open_bench()
    assert await call(bench, "add") == await call(bench, "add") == {"id": "le_key-1", "added": True}
    assert len(bench.lists.entries["partners"]) == 1
    assert await call(bench, "remove") == {"removed": True}
    assert await call(bench, "remove") == {"removed": False}


async def test_the_way_back_takes_away_only_what_the_call_put_there() -> None:
    bench = open_bench()
    first = await call(bench, "add", key="key-1")
    second = await call(bench, "add", key="key-2")
    assert (first["added"], second["added"]) == (True, False)
    undo = ValueLists.actions["add"].promise.undo_arguments
    assert undo == {"list": "with.list", "value": "with.value", "id": "output.id"}
    assert await call(bench, "remove", id=second["id"]) == {"removed": False}
    assert await call(bench, "remove", id=first["id"]) == {"removed": True}


@pytest.mark.parametrize("name", ["contains", "add", "remove"])
async def test_a_list_that_is_not_there_is_not_an_empty_one(name: str) -> None:
    answer = await open_bench().call(name, {"list": "partnres", "value": "a"}, NO_NETWORK)
    assert answer.code is ActionCode.NOT_FOUND
    assert "partnres" in answer.message


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("contains", {"list": "Partners"}),
        ("contains", {"value": ""}),
        ("contains", {"value": 7}),
        ("add", {"value": "x" * 1_001}),
        ("add", {"expires": "24"}),
        ("add", {"expires": "0s"}),
        ("add", {"expires": "999999999w"}),
        ("add", {"expires": "3651d"}),
        ("add", {"note": "x" * 1_001}),
        ("remove", {"note": "x"}),
    ],
)
async def test_what_does_not_fit_is_refused(name: str, changes: dict[str, Any]) -> None:
    bench = open_bench()
    answer = await bench.call(name, {"list": "partners", "value": "a", **changes}, NO_NETWORK)
    assert answer.code is ActionCode.INVALID
    assert bench.lists.entries == {"partners": {}}
