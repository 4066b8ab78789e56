import base64
import json
from typing import Any

import httpx
import pytest
import respx

from connectors.jira.connector import Jira
from connectors.jira.simulator import SiteInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

URL = "https://corp.atlassian.example"
API = f"{URL}/rest/api/3"
SETTINGS = {"url": f"{URL}/", "account": "soar@corp.example"}
BENCH = Bench(Jira, hosts={"corp.atlassian.example"}, settings=SETTINGS, credentials={"token": SECRET})
JQL = 'project = CHG AND text ~ "svc-backup" AND created >= -7d'
OPENING = {"project": "SEC", "type": "Incident", "summary": "Ransomware on srv-files-01"}
COMMENT = {"issue": "SEC-7", "text": "Isolated."}


def describe_issue(number: int) -> dict[str, Any]:
    fields = {"summary": f"Change {number}", "status": {"id": "3", "name": "Approved"}}
    return {"id": str(number), "key": f"CHG-{number}", "fields": fields}


def describe_text(*lines: str) -> dict[str, Any]:
    content = [{"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in lines]
    return {"type": "doc", "version": 1, "content": content}


async def test_issues_are_found() -> None:
    router = respx.Router()
    route = router.get(f"{API}/search/jql").respond(json={"issues": [describe_issue(1)], "isLast": True})
    answer = await BENCH.call("search", {"jql": JQL}, router.async_handler)
    assert answer.output == {
        "total": 1,
        "issues": [{"key": "CHG-1", "summary": "Change 1", "status": "Approved", "url": f"{URL}/browse/CHG-1"}],
    }
    request = route.calls.last.request
    assert dict(request.url.params) == {"jql": JQL, "fields": "summary,status", "maxResults": "50"}
    assert request.headers["Authorization"] == (
        "Basic " + base64.b64encode(f"soar@corp.example:{SECRET}".encode()).decode()
    )


async def test_pages_are_read_until_there_are_enough() -> None:
    router = respx.Router()
    sizes: list[tuple[str | None, str]] = []

    def answer_page(request: httpx.Request) -> httpx.Response:
        token, size = request.url.params.get("nextPageToken"), request.url.params["maxResults"]
        sizes.append((token, size))
        issues = [describe_issue(number) for number in range(int(size))]
        return httpx.Response(200, json={"issues": issues, "nextPageToken": f"after {len(sizes)}"})

    router.get(f"{API}/search/jql").mock(side_effect=answer_page)
    count = router.post(f"{API}/search/approximate-count").respond(json={"count": 1234})
    answer = await BENCH.call("search", {"jql": JQL, "limit": 130}, router.async_handler)
    assert isinstance(answer.output, dict)
    assert isinstance(answer.output["issues"], list)
    assert (answer.output["total"], len(answer.output["issues"])) == (1234, 130)
    assert sizes == [(None, "100"), ("after 1", "30")]
    assert json.loads(count.calls.last.request.content) == {"jql": JQL}


async def test_an_estimate_is_never_less_than_what_is_there() -> None:
    router = respx.Router()
    router.get(f"{API}/search/jql").respond(json={"issues": [describe_issue(1)], "nextPageToken": "more"})
    router.post(f"{API}/search/approximate-count").respond(json={"count": 0})
    answer = await BENCH.call("search", {"jql": JQL, "limit": 1}, router.async_handler)
    assert isinstance(answer.output, dict)
    assert answer.output["total"] == 1


async def test_an_empty_page_is_the_last() -> None:
    router = respx.Router()
    router.get(f"{API}/search/jql").respond(json={"issues": [], "nextPageToken": "for ever"})
    answer = await BENCH.call("search", {"jql": JQL}, router.async_handler)
    assert answer.output == {"total": 0, "issues": []}
    assert len(router.calls) == 1


async def test_an_issue_is_opened() -> None:
    router = respx.Router()
    route = router.post(f"{API}/issue").respond(201, json={"id": "1", "key": "SEC-7", "self": f"{API}/issue/1"})
    more = {"description": "*First*\n\n{html}<b>", "labels": ["soar", "attack.t1486"]}
    answer = await BENCH.call("create_issue", OPENING | more, router.async_handler)
    assert answer.output == {"key": "SEC-7", "url": f"{URL}/browse/SEC-7"}
    assert json.loads(route.calls.last.request.content) == {
        "fields": {
            "project": {"key": "SEC"},
            "issuetype": {"name": "Incident"},
            "summary": "Ransomware on srv-files-01",
            "description": describe_text("*First*", "", "{html}<b>"),
            "labels": ["soar", "attack.t1486"],
        }
    }


async def test_texts_are_cut_to_what_jira_takes() -> None:
    router = respx.Router()
    route = router.post(f"{API}/issue").respond(201, json={"key": "SEC-7"})
    long = {"summary": "a\r\nb " + "x" * 300, "description": "y" * 40_000}
    await BENCH.call("create_issue", OPENING | long, router.async_handler)
    fields = json.loads(route.calls.last.request.content)["fields"]
    assert fields["summary"] == "a b " + "x" * 250 + "…"
    assert fields["description"] == describe_text("y" * 29_999 + "…")


async def test_a_comment_is_added_to_its_issue() -> None:
    router = respx.Router()
    route = router.post(f"{API}/issue/SEC-7/comment").respond(201, json={"id": "33"})
    answer = await BENCH.call("add_comment", COMMENT, router.async_handler)
    assert answer.output == {"id": "33", "url": f"{URL}/browse/SEC-7?focusedCommentId=33"}
    assert json.loads(route.calls.last.request.content) == {"body": describe_text("Isolated.")}


async def test_a_hostile_key_stays_within_its_segment() -> None:
    router = respx.Router()
    route = router.post(url__startswith=URL).respond(201, json={"id": "33"})
    await BENCH.call("add_comment", COMMENT | {"issue": "../project?x#"}, router.async_handler)
    assert route.calls.last.request.url.raw_path == b"/rest/api/3/issue/..%2Fproject%3Fx%23/comment"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("search", {"jql": ""}),
        ("search", {"jql": JQL, "limit": 0}),
        ("search", {"jql": JQL, "limit": 1001}),
        ("create_issue", OPENING | {"summary": ""}),
        ("create_issue", OPENING | {"labels": ["two words"]}),
        ("create_issue", {"project": "SEC", "summary": "x"}),
        ("add_comment", COMMENT | {"issue": ".."}),
        ("add_comment", COMMENT | {"text": ""}),
    ],
)
async def test_what_cannot_be_sent_is_refused(name: str, arguments: dict[str, Any]) -> None:
    router = respx.Router()
    answer = await BENCH.call(name, arguments, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "search", {"jql": JQL})
    for name, arguments in (("create_issue", OPENING), ("add_comment", COMMENT)):
        await check_failures(BENCH, name, arguments, on_server_error=ActionCode.UNKNOWN_OUTCOME)


async def test_an_issue_that_is_not_there_is_not_found() -> None:
    answer = await BENCH.call("add_comment", COMMENT, lambda _: httpx.Response(404, json={"errorMessages": []}))
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"issues": [{"key": "A-1"}]}'])
@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("search", {"jql": JQL}, ActionCode.INVALID),
        ("create_issue", OPENING, ActionCode.UNKNOWN_OUTCOME),
        ("add_comment", COMMENT, ActionCode.UNKNOWN_OUTCOME),
    ],
)
async def test_an_answer_that_makes_no_sense_is_no_success(
    name: str, arguments: dict[str, Any], code: ActionCode, body: bytes
) -> None:
    answer = await BENCH.call(name, arguments, lambda _: httpx.Response(200, content=body))
    assert answer.code is code


def open_site(ledger: MemoryLedger) -> SiteInSmall:
    return SiteInSmall(ledger, StillClock().now)


async def search_in_small(ledger: MemoryLedger, jql: str, limit: int = 50) -> list[Any]:
    answer = await BENCH.simulate("search", {"jql": jql, "limit": limit}, open_site(ledger))
    output: Any = answer.output
    return [output["total"], *(issue["key"] for issue in output["issues"])]


@pytest.mark.parametrize(
    ("jql", "limit", "expected"),
    [
        (JQL, 50, [1, "CHG-101"]),
        ('project = CHG AND text ~ "mallory"', 50, [0]),
        ("project = CHG", 50, [2, "CHG-101", "CHG-102"]),
        ("project = CHG", 1, [2, "CHG-101"]),
        ("project = SEC", 50, [0]),
    ],
)
async def test_in_small_one_grant_has_a_ticket(jql: str, limit: int, expected: list[Any]) -> None:
    assert await search_in_small(MemoryLedger(), jql, limit) == expected


async def test_in_small_what_was_opened_is_found() -> None:
    ledger = MemoryLedger()
    keys = []
    for key in ("p", "p", "q"):
        answer = await BENCH.simulate("create_issue", OPENING | {"labels": ["soar"]}, open_site(ledger), key=key)
        assert isinstance(answer.output, dict)
        keys.append(answer.output["key"])
    assert keys == ["SEC-201", "SEC-201", "SEC-202"]
    assert await search_in_small(ledger, 'project = SEC AND labels = "soar"') == [2, "SEC-201", "SEC-202"]
    comment = {"issue": "SEC-202", "text": "Isolated."}
    assert (await BENCH.simulate("add_comment", comment, open_site(ledger))).code is None
    assert (await BENCH.simulate("add_comment", COMMENT, open_site(ledger))).code is ActionCode.NOT_FOUND
