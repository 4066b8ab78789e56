import json
from typing import Any

import httpx
import pytest
import respx

from connectors.exchange.connector import Exchange
from connectors.exchange.simulator import TenantInSmall
from soar.sdk import ActionCode, Simulator
from soar.sdk.testing import SECRET, Bench, Ledger, MemoryLedger, StillClock, check_double_call, check_failures

API = "https://graph.microsoft.com/v1.0"
ANN, BOB = "ann@corp.example", "bob@corp.example"
SEARCH = {
    "internet_message_id": "<a1@evil.example>",
    "sender": "billing@evil.example",
    "since": "2026-02-26T11:00:00+02:00",
}


def open_bench(*mailboxes: str) -> Bench:
    return Bench(
        Exchange,
        hosts={"graph.microsoft.com"},
        settings={"mailboxes": list(mailboxes)},
        credentials={"token": SECRET},
    )


BENCH = open_bench(ANN, BOB)


def open_tenant(ledger: Ledger) -> Simulator:
    return TenantInSmall(ledger, StillClock().now)


def refuse(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": "no"}})


async def test_each_mailbox_is_searched_to_its_last_page() -> None:
    router = respx.Router()
    first = router.get(f"{API}/users/ann%40corp.example/messages", params__contains={"$top": "100"}).respond(
        json={"value": [{"id": "m1"}], "@odata.nextLink": f"{API}/users/ann/messages?$skip=1"}
    )
    router.get(f"{API}/users/ann/messages", params={"$skip": "1"}).respond(json={"value": [{"id": "m2"}]})
    router.get(f"{API}/users/bob%40corp.example/messages").respond(json={"value": []})
    answer = await BENCH.call("search_messages", SEARCH, router.async_handler)
    assert answer.output == {"count": 2, "mailboxes": 1, "messages": [f"{ANN}/m1", f"{ANN}/m2"]}
    request = first.calls[0].request
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    assert request.headers["Prefer"] == 'IdType="ImmutableId"'
    assert request.url.params["$filter"] == (
        "receivedDateTime ge 2026-02-26T09:00:00Z"
        " and internetMessageId eq '<a1@evil.example>'"
        " and from/emailAddress/address eq 'billing@evil.example'"
    )


async def test_hostile_text_stays_within_its_quotes() -> None:
    router = respx.Router()
    route = router.get(url__startswith=f"{API}/users/").respond(json={"value": []})
    hostile = SEARCH | {"sender": "x' or '1' eq '1&$top=1#"}
    await BENCH.call("search_messages", hostile, router.async_handler)
    params = route.calls.last.request.url.params
    assert params["$filter"].endswith("address eq 'x'' or ''1'' eq ''1&$top=1#'")
    assert params["$top"] == "100"


@pytest.mark.parametrize(
    "change", [{"sender": "a\nb"}, {"internet_message_id": ""}, {"since": "2026-02-26T09:00:00"}, {"since": "soon"}]
)
async def test_what_cannot_be_searched_for_is_refused(change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call("search_messages", SEARCH | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_without_names_all_users_with_a_mailbox_are_searched() -> None:
    router = respx.Router()
    users = [{"mail": ANN}, {"mail": None}, {"mail": BOB}]
    router.get(f"{API}/users", params={"$select": "mail", "$top": "100"}).respond(json={"value": users})
    router.get(f"{API}/users/ann%40corp.example/messages").mock(refuse(404, "MailboxNotEnabledForRESTAPI"))
    router.get(f"{API}/users/bob%40corp.example/messages").respond(json={"value": [{"id": "m1"}]})
    answer = await open_bench().call("search_messages", SEARCH, router.async_handler)
    assert answer.output == {"count": 1, "mailboxes": 1, "messages": [f"{BOB}/m1"]}


async def test_a_mailbox_that_was_named_must_be_there() -> None:
    answer = await BENCH.call("search_messages", SEARCH, lambda _: refuse(404, "ErrorInvalidUser"))
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize("link", ["https://evil.example/next", "https://graph.microsoft.com.evil.example/v1.0/x"])
async def test_a_next_page_elsewhere_is_not_asked_for(link: str) -> None:
    router = respx.Router()
    router.get(url__startswith=API).respond(json={"value": [], "@odata.nextLink": link})
    answer = await BENCH.call("search_messages", SEARCH, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert len(router.calls) == 1


@pytest.mark.parametrize(
    ("mode", "place", "document"),
    [
        ("soft_delete", "move", {"destinationId": "recoverableitemsdeletions"}),
        ("hard_delete", "permanentDelete", {}),
    ],
)
async def test_each_message_is_purged_at_its_place(mode: str, place: str, document: dict[str, str]) -> None:
    router = respx.Router()
    first = router.post(f"{API}/users/ann%40corp.example/messages/m%2F1%3D/{place}").respond(201, json={})
    router.post(f"{API}/users/bob%40corp.example/messages/m2/{place}").mock(refuse(404, "ErrorItemNotFound"))
    answer = await BENCH.call(
        "purge_messages", {"messages": [f"{ANN}/m/1=", f"{BOB}/m2"], "mode": mode}, router.async_handler, key="key-5"
    )
    assert answer.output == {"purged": 2}
    sent = first.calls.last.request
    assert json.loads(sent.content) == document
    assert sent.headers["Idempotency-Key"] == "key-5"


async def test_a_mailbox_that_is_gone_is_no_purged_message() -> None:
    answer = await BENCH.call(
        "purge_messages",
        {"messages": [f"{ANN}/m1"], "mode": "soft_delete"},
        lambda _: refuse(404, "ErrorInvalidUser"),
    )
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize("message", ["m1", "/m1", "ann@corp.example/", "../m1", "ann@corp.example/.."])
async def test_only_a_message_of_a_mailbox_is_purged(message: str) -> None:
    router = respx.Router()
    answer = await BENCH.call("purge_messages", {"messages": [message], "mode": "soft_delete"}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_restoring_goes_on_and_tells_what_is_gone() -> None:
    router = respx.Router()
    router.post(f"{API}/users/ann%40corp.example/messages/m1/move").mock(refuse(404, "ErrorItemNotFound"))
    second = router.post(f"{API}/users/bob%40corp.example/messages/m2/move").respond(201, json={})
    answer = await BENCH.call("restore_messages", {"messages": [f"{ANN}/m1", f"{BOB}/m2"]}, router.async_handler)
    assert answer.code is ActionCode.NOT_FOUND
    assert "1 of 2 messages" in answer.message
    assert json.loads(second.calls.last.request.content) == {"destinationId": "inbox"}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("search_messages", SEARCH),
        ("purge_messages", {"messages": [f"{ANN}/m1"], "mode": "soft_delete"}),
        ("restore_messages", {"messages": [f"{ANN}/m1"]}),
    ],
)
async def test_every_failure_has_its_code(name: str, arguments: dict[str, Any]) -> None:
    await check_failures(BENCH, name, arguments)


async def search(ledger: Ledger, sender: str = "billing@evil.example") -> list[Any]:
    answer = await open_bench().simulate("search_messages", SEARCH | {"sender": sender}, open_tenant(ledger))
    assert isinstance(answer.output, dict)
    return list(answer.output.values())


async def test_in_small_twelve_copies_go_and_come_back() -> None:
    ledger = MemoryLedger()
    count, mailboxes, messages = await search(ledger)
    assert (count, mailboxes) == (12, 9)
    purge = {"messages": messages, "mode": "soft_delete"}
    assert (await BENCH.simulate("purge_messages", purge, open_tenant(ledger), key="p")).output == {"purged": 12}
    assert await search(ledger) == [0, 0, []]
    restore = {"messages": messages}
    assert (await BENCH.simulate("restore_messages", restore, open_tenant(ledger), key="r")).output == {"restored": 12}
    assert await search(ledger) == [12, 9, messages]
    assert [entry["key"] for entry in ledger.read()] == ["p"] * 12 + ["r"] * 12


async def test_in_small_what_is_deleted_for_good_stays_away() -> None:
    ledger = MemoryLedger()
    _, _, messages = await search(ledger)
    purge = {"messages": messages[:1], "mode": "hard_delete"}
    for key in ("p", "q"):
        assert (await BENCH.simulate("purge_messages", purge, open_tenant(ledger), key=key)).output == {"purged": 1}
    answer = await BENCH.simulate("restore_messages", {"messages": messages}, open_tenant(ledger), key="r")
    assert answer.code is ActionCode.NOT_FOUND
    assert (await search(ledger))[0] == 11


@pytest.mark.parametrize(
    ("sender", "count"),
    [("a@mail.evil.example", 12), ("a@notevil.example", 0), ("a@b.example", 0)],
)
async def test_in_small_only_one_domain_has_sent_anything(sender: str, count: int) -> None:
    assert (await search(MemoryLedger(), sender))[0] == count


async def test_in_small_a_second_call_changes_nothing() -> None:
    _, _, messages = await search(MemoryLedger())
    await check_double_call(BENCH, "purge_messages", {"messages": messages, "mode": "soft_delete"}, open_tenant)
    await check_double_call(BENCH, "restore_messages", {"messages": messages}, open_tenant)


async def test_in_small_other_mailboxes_are_not_there() -> None:
    answer = await open_bench("zoe@corp.example").simulate("search_messages", SEARCH, open_tenant(MemoryLedger()))
    assert answer.code is ActionCode.NOT_FOUND


async def test_an_answer_that_is_no_list_is_refused() -> None:
    answer = await BENCH.call("search_messages", SEARCH, lambda _: httpx.Response(200, json={"value": "none"}))
    assert answer.code is ActionCode.INVALID


async def test_a_refusal_without_a_code_is_a_refusal() -> None:
    arguments = {"messages": [f"{ANN}/m1"], "mode": "soft_delete"}
    answer = await BENCH.call("purge_messages", arguments, lambda _: httpx.Response(404, text="nothing here"))
    assert answer.code is ActionCode.NOT_FOUND
