from typing import Any

import httpx
import pytest
import respx

from connectors.http.connector import Http
from connectors.http.simulator import Echo
from soar.sdk import ActionCode, PermanentError
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_double_call, check_failures

URL = "https://api.shop.example/v1/things"
BENCH = Bench(Http, hosts={"api.shop.example"}, credentials={"none_of_its_own": SECRET})
SIGNED = {"url": URL, "headers": {"Authorization": f"Bearer {SECRET}"}}


async def test_get_returns_json() -> None:
    router = respx.Router()
    route = router.get(URL).respond(json={"a": [1, None]})
    answer = await BENCH.call("get", SIGNED, router.async_handler)
    assert answer.output == {
        "status": 200,
        "headers": {"content-length": "14", "content-type": "application/json"},
        "json": {"a": [1, None]},
        "text": None,
    }
    assert route.calls.last.request.headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("content_type", "body"), [("text/plain", b"hello"), ("application/json", b"{not json"), ("", b"")]
)
async def test_what_is_no_json_is_text(content_type: str, body: bytes) -> None:
    response = httpx.Response(200, headers={"Content-Type": content_type}, content=body)
    answer = await BENCH.call("get", {"url": URL}, lambda _request: response)
    assert isinstance(answer.output, dict)
    assert (answer.output["json"], answer.output["text"]) == (None, body.decode())


async def test_a_number_that_json_does_not_have_is_not_made_something_else() -> None:
    response = httpx.Response(200, headers={"Content-Type": "application/json"}, content=b'{"share": NaN}')
    answer = await BENCH.call("get", {"url": URL}, lambda _request: response)
    assert (answer.code, answer.output) == (ActionCode.INTERNAL, None)
    assert "not JSON compliant" in answer.message


@pytest.mark.parametrize(
    ("extra", "body", "content_type"),
    [
        ({"json": {"a": 1}}, b'{"a":1}', "application/json"),
        ({"body": "plain", "headers": {"Content-Type": "text/plain"}}, b"plain", "text/plain"),
        ({}, b"", None),
    ],
)
async def test_request_sends_the_body_and_the_key(extra: dict[str, Any], body: bytes, content_type: str | None) -> None:
    router = respx.Router()
    route = router.put(URL).respond(201)
    answer = await BENCH.call("request", {"url": URL, "method": "PUT"} | extra, router.async_handler, key="key-9")
    assert answer.code is None
    sent = route.calls.last.request
    assert (sent.content, sent.headers.get("Content-Type")) == (body, content_type)
    assert sent.headers["Idempotency-Key"] == "key-9"


@pytest.mark.parametrize(
    "arguments",
    [
        {"url": URL, "json": 1, "body": "x"},
        {"url": URL, "method": "GET"},
        {"url": URL, "method": "CONNECT"},
        {"url": "https://api.shop.example:port/"},
        {"url": URL, "headers": {"X-Note": "a\r\nX-Admin: 1"}},
        {"url": URL, "headers": {"X-Nöte": "a"}},
        {"url": URL, "follow": True},
    ],
)
async def test_what_cannot_be_sent_is_refused(arguments: dict[str, Any]) -> None:
    router = respx.Router()
    answer = await BENCH.call("request", arguments, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


@pytest.mark.parametrize("name", ["X-Note: a\r\nX-Admin", "X Note", ""])
async def test_a_header_name_cannot_forge_a_header(name: str) -> None:
    router = respx.Router()
    answer = await BENCH.call("request", {"url": URL, "headers": {name: "1"}}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://api.shop.example@evil.example/",
        "http://api.shop.example/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2130706433/",
        "/relative",
    ],
)
async def test_only_the_hosts_of_the_connection_are_called(url: str) -> None:
    router = respx.Router()
    answer = await BENCH.call("get", {"url": url}, router.async_handler)
    assert answer.code is ActionCode.FORBIDDEN
    assert not router.calls


async def test_a_redirect_is_not_followed() -> None:
    router = respx.Router()
    router.get(URL).respond(302, headers={"Location": "https://api.shop.example/other"})
    answer = await BENCH.call("get", {"url": URL}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert len(router.calls) == 1


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "get", SIGNED)
    await check_failures(BENCH, "request", SIGNED, on_server_error=ActionCode.UNKNOWN_OUTCOME)


async def test_an_answer_that_repeats_the_secret_is_masked() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=dict(request.headers))

    answer = await BENCH.call("get", SIGNED, echo)
    assert isinstance(answer.output, dict)
    assert isinstance(answer.output["json"], dict)
    assert answer.output["json"]["authorization"] == "Bearer ***"


async def test_in_small_a_write_is_taken_once() -> None:
    answer = await check_double_call(
        BENCH, "request", {"url": URL, "json": {"a": 1}}, lambda ledger: Echo(ledger, StillClock().now)
    )
    assert isinstance(answer.output, dict)
    assert answer.output["json"] == {"method": "POST", "path": "/v1/things", "json": {"a": 1}}


async def test_in_small_a_read_is_answered() -> None:
    answer = await BENCH.simulate("get", {"url": URL}, Echo(MemoryLedger(), StillClock().now))
    assert answer.code is None


FEED = {"url": "https://api.shop.example/events?kind=alert", "items": "data", "cursor": "meta.next", "key": "id"}


def serve_pages(request: httpx.Request) -> httpx.Response:
    assert request.url.params["kind"] == "alert"
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    number = int(request.url.params.get("cursor", 0))
    items = [{"id": number * 10 + index} for index in range(2)]
    return httpx.Response(200, json={"data": items, "meta": {"next": number + 1 if number < 2 else None}})


async def test_a_list_is_read_page_by_page_and_goes_on_where_it_ended() -> None:
    bench = Bench(Http, hosts={"api.shop.example"}, credentials={"token": SECRET})
    batches = await bench.poll("pages", FEED, serve_pages)
    assert [[item.key for item in batch.items] for batch in batches] == [["0", "1"], ["10", "11"], ["20", "21"]]
    assert [batch.cursor for batch in batches] == [1, 2, 2]
    (again,) = await bench.poll("pages", FEED, serve_pages, 2)
    assert [item.document for item in again.items] == [{"id": 20}, {"id": 21}]


@pytest.mark.parametrize("document", [{"data": {}}, {}, [], "text"])
async def test_an_answer_without_a_list_is_a_fault(document: object) -> None:
    with pytest.raises(PermanentError, match="no list"):
        await BENCH.poll("pages", FEED, lambda _request: httpx.Response(200, json=document))


async def test_an_answer_that_is_no_json_is_a_fault() -> None:
    with pytest.raises(PermanentError, match="did not answer JSON"):
        await BENCH.poll("pages", FEED, lambda _request: httpx.Response(200, text="<html>"))


async def test_a_feed_that_names_no_next_page_is_read_once_and_what_has_no_name_is_kept() -> None:
    (batch,) = await BENCH.poll(
        "pages", {"url": URL, "cursor": "next"}, lambda _request: httpx.Response(200, json=["a", {"b": 1}]), most=2
    )
    assert [(item.key, item.document) for item in batch.items] == [("", {"value": "a"}), ("", {"b": 1})]
