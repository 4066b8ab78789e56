import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from connectors.defender.connector import Defender
from connectors.defender.simulator import TenantInSmall
from soar.sdk import ActionCode, Simulator
from soar.sdk.testing import NOW, SECRET, Bench, Ledger, MemoryLedger, StillClock, check_double_call, check_failures

API = "https://api.security.microsoft.com/api"
HOST = "srv-files-01"
FULL = "srv-files-01.corp.example"
AROUND = "2026-11-21T03:09:30+01:00"
TREE = {"host": HOST, "around": AROUND}
ISOLATION = {"host": HOST, "kind": "full", "comment": "SOAR run run_1"}
RELEASE = {"host": HOST, "comment": "SOAR run run_1"}
BENCH = Bench(Defender, hosts={"api.security.microsoft.com"}, credentials={"token": SECRET})


def describe_machine(name: str = FULL, id_: str = "m1", seen: str = "2026-11-21T02:00:00.7791856Z") -> dict[str, Any]:
    return {"id": id_, "computerDnsName": name, "lastSeen": seen, "healthStatus": "Active"}


def describe_action(id_: str = "a1", status: str = "Pending", **more: str | None) -> dict[str, Any]:
    return {"id": id_, "type": "Isolate", "status": status, "scope": "Full", "requestorComment": "by hand"} | more


def describe_process(at: str, pid: int, parent: int, name: str, **more: str | None) -> dict[str, Any]:
    row = {"Timestamp": at, "DeviceName": FULL, "ProcessId": pid, "FileName": name, "InitiatingProcessId": parent}
    named = {"ProcessCommandLine": f"{name} /x", "AccountName": "ann", "InitiatingProcessFileName": "parent.exe"}
    return row | named | more


def know(*machines: dict[str, Any]) -> respx.Router:
    router = respx.Router()
    router.get(f"{API}/machines").respond(json={"value": list(machines or [describe_machine()])})
    return router


def open_tenant(ledger: Ledger) -> Simulator:
    return TenantInSmall(ledger, StillClock().now)


async def test_a_tree_is_asked_for_by_host_and_moment() -> None:
    router = respx.Router()
    rows = [
        describe_process("2026-11-21T02:09:28.1234567Z", 12, 11, "vssadmin.exe"),
        describe_process("2026-11-21T02:09:20Z", 11, 10, "cmd.exe", ProcessCommandLine=None),
    ]
    route = router.post(f"{API}/advancedqueries/run").respond(json={"Schema": [], "Results": rows})
    answer = await BENCH.call("process_tree", TREE, router.async_handler)
    assert isinstance(answer.output, dict)
    assert answer.output["summary"] == "parent.exe > cmd.exe > vssadmin.exe /x"
    assert answer.output["processes"] == [
        {
            "at": "2026-11-21T02:09:20Z",
            "pid": 11,
            "name": "cmd.exe",
            "command_line": "",
            "account": "ann",
            "parent_pid": 10,
            "parent_name": "parent.exe",
        },
        {
            "at": "2026-11-21T02:09:28.123456Z",
            "pid": 12,
            "name": "vssadmin.exe",
            "command_line": "vssadmin.exe /x",
            "account": "ann",
            "parent_pid": 11,
            "parent_name": "parent.exe",
        },
    ]
    request = route.calls.last.request
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    lines = json.loads(request.content)["Query"].splitlines()
    assert lines[0] == "let moment = datetime(2026-11-21T02:09:30.000000Z);"
    assert '| where DeviceName =~ "srv-files-01" or DeviceName startswith "srv-files-01."' in lines


async def test_a_hostile_name_stays_within_its_quotes() -> None:
    router = respx.Router()
    route = router.post(f"{API}/advancedqueries/run").respond(json={"Results": []})
    await BENCH.call("process_tree", TREE | {"host": 'x" or 1==1 | take 9 //\\'}, router.async_handler)
    query = json.loads(route.calls.last.request.content)["Query"]
    assert r'DeviceName =~ "x\" or 1==1 | take 9 //\\" or DeviceName startswith' in query


async def test_a_hostile_name_is_no_filter() -> None:
    router = know()
    answer = await BENCH.call("isolate_machine", ISOLATION | {"host": "x') or ('1' eq '1"}, router.async_handler)
    assert answer.code is ActionCode.NOT_FOUND
    assert router.calls.last.request.url.params["$filter"] == ("startswith(computerDnsName,'x'') or (''1'' eq ''1')")
    assert len(router.calls) == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("process_tree", TREE | {"host": "a\nb"}),
        ("process_tree", TREE | {"host": ""}),
        ("process_tree", TREE | {"around": "2026-11-21T02:09:30"}),
        ("isolate_machine", ISOLATION | {"host": "a\x00b"}),
        ("isolate_machine", ISOLATION | {"host": "a" * 254}),
        ("isolate_machine", ISOLATION | {"kind": "Full"}),
        ("isolate_machine", ISOLATION | {"comment": ""}),
        ("release_machine", {"host": HOST}),
        ("collect_package", {}),
    ],
)
async def test_what_cannot_be_asked_is_refused(name: str, arguments: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call(name, arguments, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_a_parent_is_the_last_process_that_had_its_id() -> None:
    rows = [
        describe_process("2026-11-21T02:00:00Z", 11, 1, "old.exe"),
        describe_process("2026-11-21T02:09:00Z", 11, 1, "new.exe"),
        describe_process("2026-11-21T02:09:29Z", 12, 11, "it.exe"),
        describe_process("2026-11-21T02:10:30Z", 11, 12, "newest.exe"),
    ]
    answer = await BENCH.call("process_tree", TREE, lambda _: httpx.Response(200, json={"Results": rows}))
    assert isinstance(answer.output, dict)
    assert answer.output["summary"] == "parent.exe > new.exe > it.exe /x"


async def test_a_long_command_line_is_cut_in_the_summary() -> None:
    rows = [describe_process("2026-11-21T02:00:00Z", 11, 1, "a.exe", ProcessCommandLine="x" * 900)]
    answer = await BENCH.call("process_tree", TREE, lambda _: httpx.Response(200, json={"Results": rows}))
    assert isinstance(answer.output, dict)
    summary = answer.output["summary"]
    assert isinstance(summary, str)
    assert (len(summary), summary[-1]) == (500, "…")


async def test_nothing_that_ran_is_said_to_be_nothing() -> None:
    answer = await BENCH.call("process_tree", TREE, lambda _: httpx.Response(200, json={"Results": []}))
    assert answer.output == {"summary": "no process was started around then", "processes": []}


async def test_processes_of_two_machines_make_no_tree() -> None:
    rows = [
        describe_process("2026-11-21T02:00:00Z", 1, 0, "a.exe"),
        describe_process("2026-11-21T02:00:00Z", 1, 0, "a.exe", DeviceName="srv-files-01.lab.example"),
    ]
    answer = await BENCH.call("process_tree", TREE, lambda _: httpx.Response(200, json={"Results": rows}))
    assert answer.code is ActionCode.CONFLICT
    assert "srv-files-01.corp.example, srv-files-01.lab.example" in answer.message


@pytest.mark.parametrize(
    ("name", "arguments", "verb", "document"),
    [
        ("isolate_machine", ISOLATION, "isolate", {"Comment": "SOAR run run_1", "IsolationType": "Full"}),
        (
            "isolate_machine",
            ISOLATION | {"kind": "selective"},
            "isolate",
            {"Comment": "SOAR run run_1", "IsolationType": "Selective"},
        ),
        ("release_machine", RELEASE, "unisolate", {"Comment": "SOAR run run_1"}),
    ],
)
async def test_a_machine_is_acted_on_by_its_id(
    name: str, arguments: dict[str, str], verb: str, document: dict[str, str]
) -> None:
    router = know()
    route = router.post(f"{API}/machines/m1/{verb}").respond(201, json=describe_action())
    answer = await BENCH.call(name, arguments, router.async_handler, key="key-5")
    assert answer.output == {"id": "a1", "status": "Pending"}
    request = route.calls.last.request
    assert json.loads(request.content) == document
    assert request.headers["Idempotency-Key"] == "key-5"


@pytest.mark.parametrize(
    ("host", "machines", "id_"),
    [
        ("SRV-Files-01", [describe_machine()], "m1"),
        (HOST, [describe_machine("srv-files-010.corp.example", "m0"), describe_machine()], "m1"),
        (HOST, [describe_machine(f"{HOST}.lab.example", "m0"), describe_machine(HOST)], "m1"),
        (FULL, [describe_machine(id_="m0", seen="2026-01-01T00:00:00Z"), describe_machine()], "m1"),
    ],
)
async def test_the_machine_of_that_name_is_found(host: str, machines: list[dict[str, Any]], id_: str) -> None:
    router = know(*machines)
    route = router.post(f"{API}/machines/{id_}/isolate").respond(201, json=describe_action())
    answer = await BENCH.call("isolate_machine", ISOLATION | {"host": host}, router.async_handler)
    assert answer.code is None
    assert route.called


@pytest.mark.parametrize(
    ("machines", "code"),
    [
        ([describe_machine("srv-files-010.corp.example")], ActionCode.NOT_FOUND),
        ([describe_machine(), describe_machine(f"{HOST}.lab.example", "m2")], ActionCode.CONFLICT),
    ],
)
async def test_another_machine_is_never_isolated(machines: list[dict[str, Any]], code: ActionCode) -> None:
    router = know(*machines)
    answer = await BENCH.call("isolate_machine", ISOLATION, router.async_handler)
    assert answer.code is code
    assert [call.request.method for call in router.calls] == ["GET"]


async def test_a_tenant_without_machines_answers_404() -> None:
    answer = await BENCH.call("isolate_machine", ISOLATION, lambda _: httpx.Response(404, json={"error": {}}))
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize(
    ("others", "id_"),
    [
        ([describe_action("a7", "Succeeded"), describe_action("a8", "InProgress")], "a8"),
        ([describe_action("a9", scope="Selective")], None),
        ([describe_action("a9", "Failed")], None),
    ],
)
async def test_what_is_under_way_is_not_begun_again(others: list[dict[str, Any]], id_: str | None) -> None:
    router = know()
    router.post(f"{API}/machines/m1/isolate").respond(400, json={"error": {"code": "ActiveRequestAlreadyExists"}})
    look = router.get(f"{API}/machineactions").respond(json={"value": others})
    answer = await BENCH.call("isolate_machine", ISOLATION, router.async_handler)
    assert answer.output == (None if id_ is None else {"id": id_, "status": "InProgress"})
    assert answer.code is (ActionCode.INVALID if id_ is None else None)
    assert look.calls.last.request.url.params["$filter"] == "machineId eq 'm1' and type eq 'Isolate'"


async def test_a_collection_bears_the_key_of_its_step() -> None:
    router = know()
    look = router.get(f"{API}/machineactions").respond(json={"value": [describe_action("a0", "Succeeded")]})
    route = router.post(f"{API}/machines/m1/collectInvestigationPackage").respond(201, json=describe_action())
    answer = await BENCH.call("collect_package", {"host": HOST}, router.async_handler, key="key-5")
    assert answer.output == {"id": "a1", "status": "Pending"}
    assert json.loads(route.calls.last.request.content) == {"Comment": "Evidence for an incident [key-5]"}
    assert look.calls.last.request.url.params["$filter"] == (
        "machineId eq 'm1' and type eq 'CollectInvestigationPackage'"
    )


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (
            [describe_action("a2"), describe_action("a1", "Succeeded", requestorComment="x [key-5]")],
            {"id": "a1", "status": "Succeeded"},
        ),
        ([describe_action("a1", "InProgress")], {"id": "a1", "status": "InProgress"}),
    ],
)
async def test_a_repeated_collection_is_only_looked_at(others: list[dict[str, Any]], expected: dict[str, str]) -> None:
    router = know()
    router.get(f"{API}/machineactions").respond(json={"value": others})
    answer = await BENCH.call("collect_package", {"host": HOST}, router.async_handler, key="key-5")
    assert answer.output == expected
    assert {call.request.method for call in router.calls} == {"GET"}


@pytest.mark.parametrize("status", ["Failed", "TimeOut", "Cancelled"])
async def test_a_collection_that_came_to_nothing_fails(status: str) -> None:
    router = know()
    router.get(f"{API}/machineactions").respond(
        json={"value": [describe_action("a1", status, requestorComment="x [key-5]")]}
    )
    answer = await BENCH.call("collect_package", {"host": HOST}, router.async_handler, key="key-5")
    assert answer.code is ActionCode.INVALID
    assert f"a1 ended as {status}" in answer.message


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("process_tree", TREE),
        ("isolate_machine", ISOLATION),
        ("release_machine", RELEASE),
        ("check_isolation", {"host": HOST}),
        ("collect_package", {"host": HOST}),
    ],
)
async def test_every_failure_has_its_code(name: str, arguments: dict[str, Any]) -> None:
    await check_failures(BENCH, name, arguments)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, ActionCode.AUTH),
        (403, ActionCode.FORBIDDEN),
        (404, ActionCode.NOT_FOUND),
        (429, ActionCode.RATE_LIMITED),
        (503, ActionCode.UNAVAILABLE),
    ],
)
async def test_a_refused_isolation_has_its_code(status: int, code: ActionCode) -> None:
    router = know()
    router.post(f"{API}/machines/m1/isolate").respond(status, headers={"Retry-After": "9"}, json={"error": {}})
    answer = await BENCH.call("isolate_machine", ISOLATION, router.async_handler)
    assert answer.code is code
    assert answer.retry_after == (9.0 if status in {429, 503} else None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"value": [{}]}', b'{"Results": [{}]}', b'{"value": 1}'])
@pytest.mark.parametrize(("name", "arguments"), [("process_tree", TREE), ("isolate_machine", ISOLATION)])
async def test_an_answer_that_makes_no_sense_is_refused(name: str, arguments: dict[str, str], body: bytes) -> None:
    answer = await BENCH.call(name, arguments, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.INVALID


async def test_a_yes_that_makes_no_sense_is_no_isolation() -> None:
    router = know()
    router.post(f"{API}/machines/m1/isolate").respond(201, text="done")
    answer = await BENCH.call("isolate_machine", ISOLATION, router.async_handler)
    assert answer.code is ActionCode.UNKNOWN_OUTCOME


async def test_in_small_a_document_led_to_the_encryption() -> None:
    answer = await BENCH.simulate("process_tree", TREE, open_tenant(MemoryLedger()))
    assert isinstance(answer.output, dict)
    assert answer.output["summary"] == (
        "userinit.exe > explorer.exe > winword.exe > powershell.exe > lockall.exe"
        " > vssadmin.exe delete shadows /all /quiet"
    )


async def test_in_small_an_unknown_host_is_nowhere() -> None:
    tenant = open_tenant(MemoryLedger())
    answer = await BENCH.simulate("isolate_machine", ISOLATION | {"host": "unknown-1"}, tenant)
    assert answer.code is ActionCode.NOT_FOUND
    answer = await BENCH.simulate("process_tree", TREE | {"host": "unknown-1"}, tenant)
    assert isinstance(answer.output, dict)
    assert answer.output["processes"] == []


def after(seconds: float) -> Callable[[], datetime]:
    return lambda: NOW + timedelta(seconds=seconds)


async def test_in_small_an_isolation_stays_until_the_release() -> None:
    ledger = MemoryLedger()
    first = await BENCH.simulate("isolate_machine", ISOLATION, TenantInSmall(ledger, after(0)), key="p")
    again = await BENCH.simulate("isolate_machine", ISOLATION, TenantInSmall(ledger, after(2)), key="q")
    assert isinstance(first.output, dict)
    assert (first.output["status"], again.output) == ("Pending", first.output | {"status": "InProgress"})
    release = await BENCH.simulate("release_machine", RELEASE, TenantInSmall(ledger, after(60)), key="r")
    assert isinstance(release.output, dict)
    assert release.output["status"] == "Pending"
    assert [entry["status"] for entry in ledger.read()] == [201, 400, 201]


def know_actions(isolations: list[dict[str, Any]], releases: list[dict[str, Any]]) -> respx.Router:
    router = know()
    for kind, actions in (("Isolate", isolations), ("Unisolate", releases)):
        condition = f"machineId eq 'm1' and type eq '{kind}'"
        router.get(f"{API}/machineactions", params={"$filter": condition}).respond(json={"value": actions})
    return router


def done(moment: str, status: str = "Succeeded") -> dict[str, Any]:
    return describe_action(f"a{moment}", status, creationDateTimeUtc=f"2026-11-21T{moment}:00Z")


@pytest.mark.parametrize(
    ("isolations", "releases", "holds"),
    [
        ([done("02:00")], [], True),
        ([done("04:00"), done("02:00")], [done("03:00")], True),
        ([done("02:00")], [done("03:00")], False),
        ([done("04:00", "Failed"), done("02:00")], [done("03:00")], False),
        ([done("02:00")], [done("03:00", "Cancelled")], True),
        ([], [], False),
    ],
)
async def test_an_isolation_stands_until_a_later_release_has_succeeded(
    isolations: list[dict[str, Any]],
    releases: list[dict[str, Any]],
    holds: bool,  # noqa: FBT001 -- a case of the table
) -> None:
    router = know_actions(isolations, releases)
    answer = await BENCH.call("check_isolation", {"host": HOST}, router.async_handler)
    assert answer.output == {"host": HOST, "holds": holds}


async def test_while_a_machine_is_being_released_nobody_can_tell() -> None:
    router = know_actions([done("02:00")], [done("03:00", "InProgress")])
    answer = await BENCH.call("check_isolation", {"host": HOST}, router.async_handler)
    assert answer.code is ActionCode.CONFLICT


async def test_in_small_an_isolation_is_seen_until_the_release() -> None:
    ledger, seen = MemoryLedger(), []
    for name, arguments, seconds in (("isolate_machine", ISOLATION, 0), ("release_machine", RELEASE, 60)):
        await BENCH.simulate(name, arguments, TenantInSmall(ledger, after(seconds)), key=name)
        answer = await BENCH.simulate("check_isolation", {"host": HOST}, TenantInSmall(ledger, after(seconds + 30)))
        assert isinstance(answer.output, dict)
        seen.append(answer.output["holds"])
    assert seen == [True, False]


async def test_in_small_a_package_is_polled_until_it_is_there() -> None:
    ledger = MemoryLedger()
    seen = []
    for seconds in (0, 30, 60, 90):
        simulator = TenantInSmall(ledger, after(seconds))
        answer = await BENCH.simulate("collect_package", {"host": HOST}, simulator, key="p")
        assert isinstance(answer.output, dict)
        seen.append(answer.output["status"])
    assert seen == ["Pending", "InProgress", "Succeeded", "Succeeded"]
    assert len(ledger.read()) == 1
    later = await BENCH.simulate("collect_package", {"host": HOST}, TenantInSmall(ledger, after(99)), key="q")
    assert isinstance(later.output, dict)
    assert later.output["status"] == "Pending"


async def test_in_small_a_second_call_changes_nothing() -> None:
    await check_double_call(BENCH, "isolate_machine", ISOLATION, open_tenant)
    await check_double_call(BENCH, "release_machine", RELEASE, open_tenant)
    await check_double_call(BENCH, "collect_package", {"host": HOST}, open_tenant)
