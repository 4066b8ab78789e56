import base64
import json
from typing import Any

import httpx
import pytest
import respx

from connectors.opensearch.connector import OpenSearch
from connectors.opensearch.simulator import ClusterInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

URL = "https://logs.corp.example:9200"
QUERY = "event.code:(4728 OR 4732 OR 4756) AND group.name:*Admins*"
SEARCH = {"index": "winlogbeat-*", "query": QUERY, "since": "2026-02-28T10:00:00+01:00", "limit": 500}
SETTINGS: dict[str, Any] = {"url": f"{URL}/", "user": "soar", "time_field": "@timestamp", "private": False}
BENCH = Bench(OpenSearch, hosts={"logs.corp.example"}, settings=SETTINGS, credentials={"password": SECRET})
HIT = {"_index": "winlogbeat-1", "_id": "1", "_score": None, "_source": {"user": {"name": "ann"}}, "sort": [1]}
FOUND = {"timed_out": False, "hits": {"total": {"value": 12, "relation": "eq"}, "max_score": None, "hits": [HIT]}}


async def send(arguments: dict[str, Any]) -> httpx.Request:
    router = respx.Router()
    route = router.post(url__startswith=URL).respond(json=FOUND)
    answer = await BENCH.call("search", arguments, router.async_handler)
    assert answer.output == {"total": 12, "hits": [{"user": {"name": "ann"}}]}
    return route.calls.last.request


async def test_the_query_is_one_clause_and_the_period_another() -> None:
    request = await send(SEARCH)
    assert request.url.raw_path.startswith(b"/winlogbeat-%2A/_search?")
    assert dict(request.url.params) == {"allow_no_indices": "false", "allow_partial_search_results": "false"}
    assert json.loads(request.content) == {
        "query": {
            "bool": {
                "filter": [
                    {"query_string": {"query": QUERY}},
                    {
                        "range": {
                            "@timestamp": {"gte": "2026-02-28T09:00:00+00:00", "format": "strict_date_optional_time"}
                        }
                    },
                ]
            }
        },
        "sort": [{"@timestamp": {"order": "desc"}}],
        "size": 500,
        "track_total_hits": True,
    }
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(f"soar:{SECRET}".encode()).decode()


async def test_a_period_may_have_an_end() -> None:
    request = await send(SEARCH | {"until": "2026-03-01T00:00:00Z"})
    period = json.loads(request.content)["query"]["bool"]["filter"][1]["range"]["@timestamp"]
    assert period["lt"] == "2026-03-01T00:00:00+00:00"


async def test_a_hostile_query_is_a_text_within_its_clause() -> None:
    hostile = '"}}]}},"size":9999,"x":{"y":[{"z":{"'
    request = await send(SEARCH | {"query": hostile})
    sent = json.loads(request.content)
    assert sent["query"]["bool"]["filter"][0] == {"query_string": {"query": hostile}}
    assert sent["size"] == 500


@pytest.mark.parametrize(
    "change",
    [
        {"index": "_all"},
        {"index": "_scripts"},
        {"index": "../x"},
        {"index": "a/_delete_by_query"},
        {"index": ""},
        {"index": "a\n"},
        {"query": ""},
        {"since": "2026-02-28T09:00:00"},
        {"limit": 0},
        {"limit": 10_001},
        {"limit": "5"},
    ],
)
async def test_what_cannot_be_searched_for_is_refused(change: dict[str, Any]) -> None:
    router = respx.Router()
    answer = await BENCH.call("search", SEARCH | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "search", SEARCH)


async def test_an_index_that_is_not_there_is_not_found() -> None:
    answer = await BENCH.call("search", SEARCH, lambda _: httpx.Response(404, json={"error": {}, "status": 404}))
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"hits": {"total": 3, "hits": []}}', b'{"hits": {"hits": [{}]}}']
)
async def test_an_answer_that_is_no_result_is_refused(body: bytes) -> None:
    answer = await BENCH.call("search", SEARCH, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.INVALID


async def search_in_small(**change: str | int) -> list[Any]:
    cluster = ClusterInSmall(MemoryLedger(), StillClock().now)
    answer = await BENCH.simulate("search", SEARCH | change, cluster)
    output: Any = answer.output
    return [output["total"], *(hit["user"]["target"]["name"] for hit in output["hits"])]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, [3, "mallory", "svc-backup", "zoe.contractor"]),
        ({"limit": 1}, [3, "mallory"]),
        ({"since": "2026-01-01T00:00:00Z"}, [4, "mallory", "svc-backup", "zoe.contractor", "cem"]),
        ({"until": "2026-03-01T02:00:00Z"}, [2, "svc-backup", "zoe.contractor"]),
        ({"query": "event.code:4625"}, [0]),
    ],
)
async def test_in_small_some_became_administrators(change: dict[str, Any], expected: list[Any]) -> None:
    assert await search_in_small(**change) == expected


async def test_in_small_there_are_windows_events_only() -> None:
    cluster = ClusterInSmall(MemoryLedger(), StillClock().now)
    answer = await BENCH.simulate("search", SEARCH | {"index": "auditbeat-*"}, cluster)
    assert answer.code is ActionCode.NOT_FOUND
