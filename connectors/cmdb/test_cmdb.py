from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import respx

from connectors.cmdb.connector import Cmdb
from connectors.cmdb.simulator import InventoryInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

URL = "https://assets.corp.example"
FIELDS = {"kind": "kind", "owner": "owner", "services": "services"}
ASSET = {"name": "srv-files-01", "kind": "server", "owner": "files-team", "services": ["smb", "backup"]}
HOST = {"host": "srv-files-01"}


def open_bench(fields: Mapping[str, str] = FIELDS, place: str = "/hosts/{host}", scheme: str = "Bearer") -> Bench:
    settings: dict[str, Any] = {
        "url": f"{URL}/api/",
        "path": place,
        "scheme": scheme,
        "fields": dict(fields),
        "private": False,
    }
    return Bench(Cmdb, hosts={"assets.corp.example"}, settings=settings, credentials={"token": SECRET})


BENCH = open_bench()


async def test_a_host_is_asked_for_by_its_name() -> None:
    router = respx.Router()
    route = router.get(f"{URL}/api/hosts/srv-files-01").respond(json=ASSET)
    answer = await BENCH.call("get_host", HOST, router.async_handler)
    assert answer.output == {
        "host": "srv-files-01",
        "kind": "server",
        "owner": "files-team",
        "services": ["smb", "backup"],
        "details": {},
    }
    assert route.calls.last.request.headers["Authorization"] == f"Bearer {SECRET}"


async def test_the_connection_says_where_everything_is() -> None:
    fields = {"kind": "result.0.class", "owner": "result.0.owner.name", "site": "result.0.site", "rack": "result.9.x"}
    entry = {"class": "Server", "owner": {"name": "ann"}, "site": {"id": 4}}
    router = respx.Router()
    route = router.get(url__startswith=URL).respond(json={"result": [entry]})
    bench = open_bench(fields, "/table?name={host}&limit=1", "Token")
    answer = await bench.call("get_host", HOST, router.async_handler)
    assert answer.output == {
        "host": "srv-files-01",
        "kind": "Server",
        "owner": "ann",
        "services": [],
        "details": {"site": {"id": 4}, "rack": None},
    }
    request = route.calls.last.request
    assert request.url == f"{URL}/api/table?name=srv-files-01&limit=1"
    assert request.headers["Authorization"] == f"Token {SECRET}"


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        ("/hosts/{host}", b"/api/hosts/..%2Fadmin%3Fx%3D1%26y%23"),
        ("/hosts?name={host}", b"/api/hosts?name=..%2Fadmin%3Fx%3D1%26y%23"),
    ],
)
async def test_a_hostile_name_stays_in_its_place(place: str, sent: bytes) -> None:
    router = respx.Router()
    route = router.get(url__startswith=URL).respond(json=ASSET)
    await open_bench(place=place).call("get_host", {"host": "../admin?x=1&y#"}, router.async_handler)
    assert route.calls.last.request.url.raw_path == sent


@pytest.mark.parametrize("host", ["", ".", "..", "a" * 254])
async def test_what_is_no_name_is_refused(host: str) -> None:
    router = respx.Router()
    answer = await BENCH.call("get_host", {"host": host}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


@pytest.mark.parametrize(
    "bench",
    [
        open_bench(place="/hosts"),
        open_bench(place="/hosts/{host}/{site}"),
        open_bench(place="/hosts/{}"),
        open_bench(place=".evil.example/{host}"),
        open_bench({"owner": "owner"}),
        open_bench({"kind": "kind"}),
    ],
)
async def test_a_connection_that_cannot_work_says_so(bench: Bench) -> None:
    router = respx.Router()
    answer = await bench.call("get_host", HOST, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert "the connection's" in answer.message
    assert not router.calls


@pytest.mark.parametrize(
    "change",
    [
        {"kind": None},
        {"kind": ""},
        {"kind": 4},
        {"owner": ["ann"]},
        {"services": "smb"},
        {"services": ["smb", 4]},
        {"services": {"smb": True}},
    ],
)
async def test_an_answer_that_lacks_what_matters_is_refused(change: dict[str, Any]) -> None:
    answer = await BENCH.call("get_host", HOST, lambda _: httpx.Response(200, json=ASSET | change))
    assert answer.code is ActionCode.INVALID
    assert "the inventory" in answer.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"null"])
async def test_an_answer_that_is_no_asset_is_refused(body: bytes) -> None:
    answer = await BENCH.call("get_host", HOST, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.INVALID


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "get_host", HOST)


async def test_a_host_that_is_not_there_is_not_found() -> None:
    answer = await BENCH.call("get_host", HOST, lambda _: httpx.Response(404))
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("srv-files-01", ["server", "files-team", ["smb", "backup"]]),
        ("SRV-DB-2.corp.example", ["server", "db-team", ["postgresql", "backup"]]),
        ("bastion", ["server", "platform-team", ["ssh"]]),
        ("wks-ann", ["workstation", "end-user-computing", []]),
    ],
)
async def test_in_small_a_name_tells_what_the_host_is(host: str, expected: list[Any]) -> None:
    inventory = InventoryInSmall(MemoryLedger(), StillClock().now)
    answer = await BENCH.simulate("get_host", {"host": host}, inventory)
    assert isinstance(answer.output, dict)
    assert [answer.output[name] for name in ("kind", "owner", "services")] == expected


async def test_in_small_an_unknown_host_is_not_found() -> None:
    inventory = InventoryInSmall(MemoryLedger(), StillClock().now)
    answer = await BENCH.simulate("get_host", {"host": "unknown-7"}, inventory)
    assert answer.code is ActionCode.NOT_FOUND
