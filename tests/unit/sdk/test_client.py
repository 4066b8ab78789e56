from collections.abc import Generator
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import BaseModel

from soar.model.errors import ActionCode, ActionError
from soar.model.network import EgressRequest, EgressResponse
from soar.model.process import Refusal
from soar.sdk.client import (
    Client,
    Parts,
    header,
    path,
    raise_for_answer,
    read_document,
    read_json,
)
from soar.sdk.errors import ActionInputError, AuthError, PermanentError, RateLimitedError, TransientError
from tests.support.network import VirtualEgress

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
HOST = "api.good.example"


def answer(request: EgressRequest) -> EgressResponse:
    return EgressResponse(status=200, headers=(("Content-Type", "application/json"),), body=b'{"ok": true}')


@pytest.fixture
def egress() -> VirtualEgress:
    egress = VirtualEgress()
    egress.route(HOST, answer)
    return egress


def open_client(egress: VirtualEgress) -> Client:
    return Client(egress, hosts=frozenset({HOST}), private_hosts=frozenset(), idempotency_key="key-1", timeout=3.0)


async def test_a_request_goes_out_as_it_was_written(egress: VirtualEgress) -> None:
    client = open_client(egress)
    response = await client.post(f"https://{HOST}/a%2Fb", json={"x": 1}, params={"q": "ü"})
    assert response.json() == {"ok": True}
    sent = egress.arrived[0]
    assert (sent.method, sent.url, sent.body) == ("POST", f"https://{HOST}/a%2Fb?q=%C3%BC", b'{"x":1}')
    assert ("accept-encoding", "identity") in sent.headers
    assert sent.hosts == {HOST}
    assert sent.timeout == 3.0


@pytest.mark.parametrize(
    ("method", "keys"), [("GET", []), ("POST", ["key-1"]), ("PUT", ["key-1"]), ("DELETE", ["key-1"])]
)
async def test_writes_bear_the_idempotency_key(egress: VirtualEgress, method: str, keys: list[str]) -> None:
    client = open_client(egress)
    await client.request(method, f"https://{HOST}/")
    assert [value for name, value in egress.arrived[0].headers if name == "idempotency-key"] == keys


async def test_a_connector_may_set_its_own_key(egress: VirtualEgress) -> None:
    client = open_client(egress)
    await client.post(f"https://{HOST}/", headers={"Idempotency-Key": "mine"})
    assert ("idempotency-key", "mine") in egress.arrived[0].headers


async def test_a_header_that_forges_another_is_not_sent(egress: VirtualEgress) -> None:
    client = open_client(egress)
    with pytest.raises(ActionInputError, match="header x-note"):
        await client.get(f"https://{HOST}/", headers={"X-Note": "a\r\nX-Admin: 1"})
    assert egress.arrived == []


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete"])
async def test_each_verb_is_its_method(egress: VirtualEgress, verb: str) -> None:
    await getattr(open_client(egress), verb)(f"https://{HOST}/")
    assert egress.arrived[0].method == verb.upper()


async def test_a_header_of_the_connectors_own_replaces_ours(egress: VirtualEgress) -> None:
    await open_client(egress).get(f"https://{HOST}/", headers={"USER-AGENT": "mine", "Accept": "text/plain"})
    named = dict(egress.arrived[0].headers)
    assert (named["user-agent"], named["accept"], len(named)) == ("mine", "text/plain", len(egress.arrived[0].headers))


@pytest.mark.parametrize(
    ("method", "parts"),
    [
        ("GET", {}),
        ("get", {"params": {"q": "ü b", "page": 2, "all": True, "none": None}}),
        ("GET", {"params": {}}),
        ("POST", {"json": {"text": "naïve", "list": [1, None]}}),
        ("POST", {"json": []}),
        ("PUT", {"content": "naïve"}),
        ("PUT", {"content": b"\x00\xff", "headers": {"Content-Type": "application/octet-stream"}}),
        ("PATCH", {"content": ""}),
        ("POST", {"data": {"a": "1 & ü", "b": ""}}),
        ("POST", {"data": {}, "json": {"x": 1}}),
        ("POST", {"json": {"x": 1}, "headers": {"Content-Type": "application/scim+json", "Host": "other.example"}}),
        ("DELETE", {}),
    ],
)
def test_a_request_is_made_as_httpx_makes_it(egress: VirtualEgress, method: str, parts: Parts) -> None:
    url = f"https://{HOST}:8443/a%2Fb/ü?old=1#part"
    made = open_client(egress).build_request(method, url, **parts)
    parts["headers"] = {"accept": "*/*", "user-agent": "soar"} | dict(parts.get("headers", {}))
    wanted = httpx.Request(method, url, **parts)
    assert (made.method, made.url, made.content) == (wanted.method, wanted.url, wanted.content)
    wanted.headers.pop("content-length", None)
    assert sorted(made.headers.items()) == sorted(wanted.headers.items())


@pytest.mark.parametrize("document", [{"x": float("nan")}, {"x": float("inf")}, {"x": "\ud800"}])
async def test_what_is_no_json_is_not_sent(egress: VirtualEgress, document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        await open_client(egress).post(f"https://{HOST}/", json=document)
    assert egress.arrived == []


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((("Content-Type", "text/plain; charset=latin-1"), ("Content-Length", "5")), b"na\xefve"),
        ((("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")), b'{"ok": [1]}\n'),
        ((("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")), b""),
    ],
)
async def test_an_answer_is_read_as_httpx_reads_it(
    egress: VirtualEgress, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    egress.route(HOST, lambda _: EgressResponse(status=201, headers=headers, body=body))
    response = await open_client(egress).get(f"https://{HOST}/thing")
    wanted = httpx.Response(201, headers=list(headers), content=body)
    assert (response.content, response.text, response.encoding) == (wanted.content, wanted.text, wanted.encoding)
    assert response.headers.multi_items() == wanted.headers.multi_items()
    assert list(response.iter_lines()) == list(wanted.iter_lines())
    assert str(response.raise_for_status().url) == f"https://{HOST}/thing"


@pytest.mark.parametrize(("value", "expected"), [("Grüße", "Grüße"), ("Gr\udcfc\udcdfe", "Grüße")])
async def test_a_header_that_is_not_ascii_takes_no_answer_away(
    egress: VirtualEgress, value: str, expected: str
) -> None:
    egress.route(HOST, lambda _: EgressResponse(status=200, headers=(("X-Owner", value),), body=b"{}"))
    response = await open_client(egress).post(f"https://{HOST}/", json={})
    assert (response.status_code, response.headers["x-owner"]) == (200, expected)


async def test_an_authentication_in_steps_sends_each_of_them(egress: VirtualEgress) -> None:
    class Steps(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            answered = yield request
            request.headers["X-Seen"] = str(answered.status_code)
            yield request

    client = open_client(egress)
    response = await client.post(f"https://{HOST}/", auth=Steps(), json={"x": 1})
    assert response.json() == {"ok": True}
    assert [dict(sent.headers).get("x-seen") for sent in egress.arrived] == [None, "200"]
    assert client.sent == 2


async def test_a_cookie_is_not_kept(egress: VirtualEgress) -> None:
    egress.route(HOST, lambda _: EgressResponse(status=200, headers=(("Set-Cookie", "a=b"),), body=b""))
    client = open_client(egress)
    await client.get(f"https://{HOST}/")
    await client.get(f"https://{HOST}/")
    assert "cookie" not in dict(egress.arrived[1].headers)


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b", "naïve", "tab\t", "x" * 4097, "\x7f"])
def test_unprintable_and_overlong_header_values_are_refused(value: str) -> None:
    with pytest.raises(ActionInputError):
        header("X-Note", value)


@pytest.mark.parametrize("name", ["", "X Note", "X-Note: a\r\nX-Admin", "X-Nöte"])
def test_what_is_no_header_name_is_refused(name: str) -> None:
    with pytest.raises(ActionInputError, match="no header's name"):
        header(name, "1")


def test_printable_header_values_pass() -> None:
    assert header("X-Note", "Bearer abc ~") == "Bearer abc ~"
    assert len(header("X-Note", "x" * 4096)) == 4096


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("abc", "/urls/abc/votes"),
        ("a/b", "/urls/a%2Fb/votes"),
        ("../admin", "/urls/..%2Fadmin/votes"),
        ("%2e%2e", "/urls/%252e%252e/votes"),
        ("a?b#c;d", "/urls/a%3Fb%23c%3Bd/votes"),
        ("//evil.example", "/urls/%2F%2Fevil.example/votes"),
        ("ä@b c", "/urls/%C3%A4%40b%20c/votes"),
        ("{id}", "/urls/%7Bid%7D/votes"),
    ],
)
def test_a_value_stays_within_its_segment(value: str, written: str) -> None:
    assert path("/urls/{id}/votes", id=value) == written
    assert httpx.URL(f"https://{HOST}{written}").raw_path.decode() == written


@pytest.mark.parametrize("value", ["", ".", "..", "\ud800"])
def test_values_that_walk_or_vanish_are_refused(value: str) -> None:
    with pytest.raises(ActionInputError, match="id"):
        path("/urls/{id}", id=value)


def make_response(status: int, **headers: str) -> httpx.Response:
    request = httpx.Request("GET", f"https://{HOST}/v1/things?token=abc")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, text="no\n such thing", request=request)


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (302, PermanentError, ActionCode.INVALID),
        (400, PermanentError, ActionCode.INVALID),
        (401, AuthError, ActionCode.AUTH),
        (403, AuthError, ActionCode.FORBIDDEN),
        (404, PermanentError, ActionCode.NOT_FOUND),
        (408, TransientError, ActionCode.UNAVAILABLE),
        (409, PermanentError, ActionCode.CONFLICT),
        (422, PermanentError, ActionCode.INVALID),
        (429, RateLimitedError, ActionCode.RATE_LIMITED),
        (500, TransientError, ActionCode.UNAVAILABLE),
        (503, TransientError, ActionCode.UNAVAILABLE),
    ],
)
def test_each_status_has_its_error(status: int, error: type[ActionError], code: ActionCode) -> None:
    with pytest.raises(error) as caught:
        raise_for_answer(make_response(status), now=lambda: NOW)
    assert caught.value.action_code is code
    assert caught.value.message == f"{HOST} answered {status} to GET /v1/things: no\n such thing"


def test_an_answer_is_not_cut_before_its_secrets_are_masked() -> None:
    response = httpx.Response(400, text="a" * 5000, request=httpx.Request("GET", f"https://{HOST}/"))
    with pytest.raises(PermanentError) as caught:
        raise_for_answer(response, now=lambda: NOW)
    assert caught.value.message.endswith(": " + "a" * 5000)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_is_passed_on(status: int) -> None:
    response = make_response(status)
    assert raise_for_answer(response, now=lambda: NOW) is response


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("9" * 400, 86400.0),
        ("Sun, 01 Mar 2099 09:00:00 GMT", 86400.0),
        ("Sun, 01 Mar 2026 09:01:30 GMT", 90.0),
        ("Sun, 01 Mar 2026 08:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 09:00:10", 10.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    request = httpx.Request("GET", f"https://{HOST}/")
    response = httpx.Response(429, headers={"Retry-After": text.encode()}, request=request)
    with pytest.raises(RateLimitedError) as caught:
        raise_for_answer(response, now=lambda: NOW)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"null", b"\xff"])
def test_an_answer_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(PermanentError, match="JSON"):
        read_json(httpx.Response(200, content=body, request=httpx.Request("GET", f"https://{HOST}/")))


class Verdict(BaseModel):
    score: int


@pytest.mark.parametrize("body", [b"[1]", b"{}", b'{"score": "high"}'])
def test_an_answer_of_another_shape_is_refused_in_the_connector_s_words(body: bytes) -> None:
    response = httpx.Response(200, content=body, request=httpx.Request("GET", f"https://{HOST}/"))
    with pytest.raises(PermanentError, match=r"no verdict|JSON object"):
        read_document(response, Verdict, "this is no verdict")


def test_an_answer_is_read_as_what_its_documentation_promises() -> None:
    response = httpx.Response(200, json={"score": 7}, request=httpx.Request("GET", f"https://{HOST}/"))
    assert read_document(response, Verdict, "this is no verdict").score == 7


async def test_a_host_that_is_left_alone_is_not_asked_and_the_others_are(egress: VirtualEgress) -> None:
    client = Client(
        egress,
        hosts=frozenset({HOST, "dead.example"}),
        private_hosts=frozenset(),
        idempotency_key="key-1",
        timeout=3.0,
        refusals={"dead.example": Refusal(message="dead.example is left alone", retry_after=20.0)},
    )
    await client.get(f"https://{HOST}/a")
    with pytest.raises(TransientError, match="left alone") as caught:
        await client.get("https://dead.example/a")
    assert caught.value.retry_after == 20.0
    await client.get(f"https://{HOST}/b")
    assert (client.sent, client.reached, len(egress.arrived)) == (2, 2, 2)
    assert client.hosts_asked == ("dead.example", HOST)
