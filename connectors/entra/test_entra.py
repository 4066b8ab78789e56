import json

import httpx
import pytest
import respx
from pydantic import JsonValue

from connectors.entra.connector import Entra
from connectors.entra.simulator import DirectoryInSmall
from soar.sdk import ActionCode, Simulator
from soar.sdk.testing import (
    SECRET,
    Bench,
    Ledger,
    MemoryLedger,
    StillClock,
    check_double_call,
    check_failures,
    check_lost_answer,
)

API = "https://graph.microsoft.com/v1.0"
ANN = {"user": "ann@corp.example"}
ID = "87d349ed-44d7-43e1-9a83-5f2406dee5bd"
USER = {
    "@odata.context": f"{API}/$metadata#users/$entity",
    "id": ID,
    "displayName": "Ann Abara",
    "jobTitle": "Payroll clerk",
    "department": None,
    "userPrincipalName": "ann@corp.example",
    "mail": "ann.abara@corp.example",
    "accountEnabled": True,
    "onPremisesSyncEnabled": None,
    "lastPasswordChangeDateTime": "2026-02-11T06:30:00Z",
    "signInSessionsValidFromDateTime": "2026-02-11T06:30:00Z",
}
BENCH = Bench(Entra, hosts={"graph.microsoft.com"}, credentials={"token": SECRET})
EVERY_ACTION = ("get_user", "disable_user", "enable_user", "check_disabled", "revoke_sessions")


def open_directory(ledger: Ledger) -> Simulator:
    return DirectoryInSmall(ledger, StillClock().now)


def refuse(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": "no"}})


async def test_an_account_is_read_with_the_fields_that_must_be_asked_for() -> None:
    router = respx.Router()
    route = router.get(f"{API}/users/ann%40corp.example").respond(json=USER)
    answer = await BENCH.call("get_user", ANN, router.async_handler)
    assert answer.output == {
        "id": ID,
        "display_name": "Ann Abara",
        "job_title": "Payroll clerk",
        "department": "",
        "user_principal_name": "ann@corp.example",
        "mail": "ann.abara@corp.example",
        "account_enabled": True,
        "is_synchronized": False,
        "last_password_change": "2026-02-11T06:30:00Z",
        "sessions_valid_from": "2026-02-11T06:30:00Z",
    }
    request = route.calls.last.request
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    assert set(request.url.params["$select"].split(",")) == set(USER) - {"@odata.context"}


@pytest.mark.parametrize(("name", "is_enabled"), [("disable_user", False), ("enable_user", True)])
async def test_access_is_switched_on_the_account_alone(name: str, *, is_enabled: bool) -> None:
    router = respx.Router()
    route = router.patch(f"{API}/users/{ID}").respond(204)
    answer = await BENCH.call(name, {"user": ID}, router.async_handler, key="key-7")
    assert answer.output == {"user": ID, "account_enabled": is_enabled}
    request = route.calls.last.request
    assert json.loads(request.content) == {"accountEnabled": is_enabled}
    assert request.headers["Idempotency-Key"] == "key-7"


@pytest.mark.parametrize("response", [httpx.Response(200, json={"value": True}), httpx.Response(204)])
async def test_sessions_are_revoked_whichever_success_graph_answers(response: httpx.Response) -> None:
    router = respx.Router()
    route = router.post(f"{API}/users/ann%40corp.example/revokeSignInSessions").mock(response)
    answer = await BENCH.call("revoke_sessions", ANN, router.async_handler)
    assert answer.output == ANN
    assert not route.calls.last.request.content


@pytest.mark.parametrize("content", [b'{"value": false}', b"<html>", b"[]"])
async def test_sessions_that_may_live_on_are_not_reported_as_revoked(content: bytes) -> None:
    answer = await BENCH.call("revoke_sessions", ANN, lambda _: httpx.Response(200, content=content))
    assert answer.code is ActionCode.INVALID


async def test_the_name_of_a_guest_stays_one_segment() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    await BENCH.call("disable_user", {"user": "eve_evil.example#EXT#@corp.example"}, answer)
    assert seen[0].url.raw_path == b"/v1.0/users/eve_evil.example%23EXT%23%40corp.example"


@pytest.mark.parametrize(
    "user", ["", "delta", "$count", "me", "..", "ann@corp.example/manager", "a b@corp.example", "a@b@c", f"{ID}0", None]
)
@pytest.mark.parametrize("name", EVERY_ACTION)
async def test_what_names_no_user_is_not_asked_for(name: str, user: str | None) -> None:
    router = respx.Router()
    answer = await BENCH.call(name, {"user": user}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


@pytest.mark.parametrize("name", EVERY_ACTION)
async def test_a_user_who_is_not_there_is_not_found(name: str) -> None:
    answer = await BENCH.call(name, ANN, lambda _: refuse(404, "Request_ResourceNotFound"))
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", json.dumps({**USER, "accountEnabled": None}).encode(), b'{"value": []}']
)
async def test_an_answer_that_is_no_user_is_refused(body: bytes) -> None:
    answer = await BENCH.call("get_user", ANN, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.INVALID


@pytest.mark.parametrize("name", EVERY_ACTION)
async def test_every_failure_has_its_code(name: str) -> None:
    await check_failures(BENCH, name, ANN)


async def test_without_a_token_nothing_is_sent() -> None:
    router = respx.Router()
    answer = await Bench(Entra, hosts=BENCH.hosts).call("disable_user", ANN, router.async_handler)
    assert answer.code is ActionCode.AUTH
    assert not router.calls


async def simulate(
    name: str, ledger: Ledger, user: str = "ann@corp.example", key: str = "k"
) -> tuple[ActionCode | None, dict[str, JsonValue]]:
    answer = await BENCH.simulate(name, {"user": user}, open_directory(ledger), key=key)
    return answer.code, answer.output if isinstance(answer.output, dict) else {}


async def read_account(ledger: Ledger, user: str = "ann@corp.example") -> dict[str, JsonValue]:
    return (await simulate("get_user", ledger, user))[1]


async def test_in_small_a_disabled_account_stays_disabled_until_it_is_enabled() -> None:
    ledger = MemoryLedger()
    before = await read_account(ledger)
    await simulate("disable_user", ledger, key="d")
    assert await read_account(ledger) == before | {"account_enabled": False}
    assert await read_account(ledger, str(before["id"])) == before | {"account_enabled": False}
    assert (await read_account(ledger, "bob@corp.example"))["account_enabled"] is True
    await simulate("enable_user", ledger, "ANN@corp.example", key="e")
    assert await read_account(ledger) == before
    assert before["account_enabled"] is True


@pytest.mark.parametrize("is_enabled", [True, False])
async def test_a_lockout_stands_while_the_account_is_disabled(is_enabled: bool) -> None:  # noqa: FBT001 -- a case
    router = respx.Router()
    router.get(f"{API}/users/ann%40corp.example").respond(json={**USER, "accountEnabled": is_enabled})
    answer = await BENCH.call("check_disabled", ANN, router.async_handler)
    assert answer.output == {**ANN, "account_enabled": is_enabled, "holds": not is_enabled}


async def test_in_small_a_lockout_is_seen_until_somebody_enables_the_account() -> None:
    ledger = MemoryLedger()
    await simulate("disable_user", ledger, key="d")
    assert (await simulate("check_disabled", ledger))[1]["holds"] is True
    await simulate("enable_user", ledger, key="e")
    assert (await simulate("check_disabled", ledger))[1]["holds"] is False


async def test_in_small_revoked_sessions_end_now() -> None:
    ledger = MemoryLedger()
    before = await read_account(ledger)
    assert await simulate("revoke_sessions", ledger, key="r") == (None, ANN)
    assert await read_account(ledger) == before | {"sessions_valid_from": "2026-03-01T09:00:00Z"}
    assert before["sessions_valid_from"] == before["last_password_change"] == "2025-01-13T09:00:00Z"


@pytest.mark.parametrize("name", ["disable_user", "enable_user", "revoke_sessions"])
async def test_in_small_an_administrator_is_out_of_reach(name: str) -> None:
    ledger = MemoryLedger()
    before = await read_account(ledger, "breakglass@corp.example")
    assert await simulate(name, ledger, "breakglass@corp.example") == (ActionCode.FORBIDDEN, {})
    assert await read_account(ledger, "breakglass@corp.example") == before


async def test_in_small_one_has_left_and_one_is_kept_elsewhere() -> None:
    assert (await read_account(MemoryLedger(), "gus@corp.example"))["account_enabled"] is False
    assert (await read_account(MemoryLedger(), "fay@corp.example"))["is_synchronized"] is True


@pytest.mark.parametrize("name", EVERY_ACTION)
async def test_in_small_strangers_are_not_there(name: str) -> None:
    assert await simulate(name, MemoryLedger(), "zoe@corp.example") == (ActionCode.NOT_FOUND, {})


@pytest.mark.parametrize("name", ["disable_user", "enable_user", "revoke_sessions"])
async def test_in_small_a_second_call_changes_nothing(name: str) -> None:
    await check_double_call(BENCH, name, ANN, open_directory)


async def test_in_small_a_lost_answer_can_be_asked_about() -> None:
    output = await check_lost_answer(BENCH, "disable_user", ANN, open_directory)
    assert output == {**ANN, "account_enabled": False}
