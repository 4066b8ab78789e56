import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from soar.model.catalog import Connection, OAuth2
from soar.model.errors import ActionCode, InputError, NotFoundError, UnavailableError
from soar.model.network import EgressRequest, EgressResponse
from soar.model.process import ActionCall
from soar.model.secret import BoundSecret, Secret
from soar.model.values import JsonValue
from soar.registry.discover import discover
from soar.registry.host import InProcessHost, Surroundings
from soar.registry.load import LoadedConnector, ReadYaml, load_connectors
from soar.sdk.simulation import MemoryLedger
from soar.sdk.testing import MemoryAlerts, MemoryLists, MemoryMessages
from tests.support.clock import SteppedClock
from tests.support.network import VirtualEgress

SHIPPED = Path(__file__).parents[3] / "connectors"
HOST = "api.sample.example"
OTHER_HOST = "other.sample.example"
VAULT = {
    "sample-token": "tok-0123456789",
    "note": "note/0123456789",
    "bound": "bound-0123456789",
    "bound-elsewhere": "elsewhere-0123456789",
}
BOUND = {"bound": (HOST,), "bound-elsewhere": (OTHER_HOST,)}
CONNECTIONS = [
    Connection(
        id="sample", connector="sample", simulate=False, settings={"depth": 5}, credentials={"token": "sample-token"}
    ),
    Connection(id="bare", connector="sample", simulate=False),
    Connection(id="lost", connector="sample", simulate=False, credentials={"token": "gone"}),
    Connection(id="broken", connector="sample", simulate=False, credentials={"token": "broken"}),
    Connection(id="bound", connector="sample", simulate=False, credentials={"token": "bound"}),
    Connection(id="astray", connector="sample", simulate=False, credentials={"token": "bound-elsewhere"}),
    Connection(id="wide", connector="http", simulate=False, hosts=(HOST, OTHER_HOST)),
    Connection(
        id="entra",
        connector="entra",
        simulate=False,
        oauth2=OAuth2(token_url="https://login.example/token", client_id="client", client_secret="note"),
    ),
    Connection(id="odd", connector="sample", simulate=False, settings={"depth": "five"}),
    Connection(id="simulated", connector="sample", simulate=True),
    Connection(id="http", connector="http", simulate=False, hosts=(HOST,)),
    Connection(id="away", connector="http", simulate=False, hosts=("away.example",)),
    Connection(id="inside", connector="http", simulate=False, hosts=(HOST,), settings={"private": True}),
    Connection(id="virustotal", connector="virustotal", simulate=True, credentials={"api_key": "gone"}),
    Connection(id="exchange", connector="exchange", simulate=True),
    Connection(id="whois", connector="whois", simulate=True),
    Connection(id="chat", connector="chat", simulate=True),
    *(Connection(id=id_, connector=id_, simulate=True) for id_ in ("cmdb", "defender", "jira", "opensearch", "page")),
]


async def resolve(workspace: str, name: str) -> BoundSecret:
    if name == "broken":
        raise OSError("the vault's disk is gone")
    if name not in VAULT:
        raise UnavailableError(f"there is no credential {name}")
    return BoundSecret(secret=Secret(VAULT[name]), hosts=BOUND.get(name, ()))


async def keep(workspace: str, name: str, value: Secret, former: BoundSecret) -> None:
    raise AssertionError(f"{name} was exchanged")


def find_connection(workspace: str, name: str) -> Connection | None:
    return next((connection for connection in CONNECTIONS if connection.id == name), None)


@pytest.fixture
def connectors(sample: Path, read_yaml: ReadYaml) -> dict[str, LoadedConnector]:
    return load_connectors([*discover([SHIPPED], []), *discover([sample.parent], [])], read_yaml)


@pytest.fixture
def egress() -> VirtualEgress:
    egress = VirtualEgress()
    egress.route(HOST, lambda request: EgressResponse(status=200, headers=(), body=repr(request.headers).encode()))
    return egress


@pytest.fixture
def messages() -> MemoryMessages:
    return MemoryMessages()


@pytest.fixture
def host(
    connectors: dict[str, LoadedConnector], egress: VirtualEgress, messages: MemoryMessages, clock: SteppedClock
) -> InProcessHost:
    ledgers: dict[tuple[str, str], MemoryLedger] = {}
    return InProcessHost(
        connectors,
        Surroundings(
            find_connection=find_connection,
            resolve=resolve,
            keep=keep,
            open_ledger=lambda *place: ledgers.setdefault(place, MemoryLedger()),
            open_messages=lambda _call: messages,
            open_lists=lambda _call: MemoryLists("vip"),
            open_alerts=lambda _call: MemoryAlerts(),
            egress=egress,
            clock=clock,
        ),
    )


LOOK = ActionCall(
    workspace="main",
    run="run_1",
    step="steps/0",
    action="sample.look",
    connection="sample",
    arguments={"name": "x"},
    secrets=(),
    effect_key="key-1",
    attempt=1,
    timeout=5.0,
)


async def test_a_call_reaches_the_product_with_its_secret_and_comes_back_without(
    host: InProcessHost, egress: VirtualEgress
) -> None:
    answer = await host.call(LOOK)
    assert answer.code is None
    assert ("x-token", VAULT["sample-token"]) in egress.arrived[0].headers
    assert isinstance(answer.output, dict)
    assert answer.output["depth"] == 5
    assert answer.requests == 1
    assert "('x-token', '***')" in str(answer.output["said"])


async def test_secrets_of_the_playbook_go_to_their_places_and_come_back_masked(
    host: InProcessHost, egress: VirtualEgress
) -> None:
    call = replace(
        LOOK,
        action="http.request",
        connection="http",
        arguments={"url": f"https://{HOST}/", "headers": {"X-Note": None}, "json": {"a": [None]}},
        secrets=(("/headers/X-Note", "note"), ("/json/a/0", "sample-token")),
    )
    answer = await host.call(call)
    assert answer.code is None
    assert ("x-note", VAULT["note"]) in egress.arrived[0].headers
    assert egress.arrived[0].body == b'{"a":["tok-0123456789"]}'
    assert not any(text in str(answer) for text in VAULT.values())
    assert call.arguments == {"url": f"https://{HOST}/", "headers": {"X-Note": None}, "json": {"a": [None]}}


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"action": "sample.none"}, ActionCode.INVALID, "no action sample.none"),
        ({"action": "none.look"}, ActionCode.INVALID, "no action none.look"),
        ({"connection": "none"}, ActionCode.INVALID, "no connection none"),
        ({"connection": "http"}, ActionCode.INVALID, "no connection http"),
        ({"connection": "odd"}, ActionCode.INVALID, "depth"),
        ({"connection": "simulated"}, ActionCode.INVALID, "cannot be simulated"),
        ({"connection": "bare"}, ActionCode.AUTH, "has no token"),
        ({"connection": "lost"}, ActionCode.AUTH, "no credential gone"),
        ({"connection": "broken"}, ActionCode.INTERNAL, "OSError"),
        ({"arguments": {"name": 3}}, ActionCode.INVALID, "name"),
        ({"arguments": {}}, ActionCode.INVALID, "name"),
        ({"action": "sample.drop"}, ActionCode.UNKNOWN_OUTCOME, "LookupError"),
    ],
)
async def test_whatever_goes_wrong_is_an_answer(
    host: InProcessHost, egress: VirtualEgress, change: dict[str, object], code: ActionCode, message: str
) -> None:
    answer = await host.call(replace(LOOK, **change))  # type: ignore[arg-type]
    assert answer.code is code
    assert message in answer.message
    assert answer.requests == 0
    assert egress.arrived == []


async def test_a_connection_gets_its_own_tokens_and_a_new_one_when_the_product_refuses(
    host: InProcessHost, egress: VirtualEgress
) -> None:
    given: list[str] = []

    def grant(request: EgressRequest) -> EgressResponse:
        given.append(request.body.decode())
        document = {"access_token": f"access-token-{len(given)}", "token_type": "Bearer", "expires_in": 3600}
        return EgressResponse(status=200, headers=(), body=json.dumps(document).encode())

    def answer(request: EgressRequest) -> EgressResponse:
        is_good = ("authorization", "Bearer access-token-2") in request.headers
        body = b'{"accountEnabled": true}' if is_good else b'{"said": "access-token-1"}'
        return EgressResponse(status=204 if is_good else 401, headers=(), body=b"" if is_good else body)

    egress.route("login.example", grant)
    egress.route("graph.microsoft.com", answer)
    call = replace(LOOK, action="entra.disable_user", connection="entra", arguments={"user": "ada@corp.example"})
    refused = await host.call(call)
    assert refused.code is ActionCode.AUTH
    assert "access-token" not in refused.message
    for _ in range(2):
        assert (await host.call(call)).code is None
    assert given == ["grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"] * 2


async def test_where_no_token_is_given_nothing_is_sent_to_the_product(
    host: InProcessHost, egress: VirtualEgress
) -> None:
    egress.route("login.example", lambda _: EgressResponse(status=429, headers=(("Retry-After", "7"),), body=b""))
    egress.route("graph.microsoft.com", lambda _: EgressResponse(status=204, headers=(), body=b""))
    call = replace(LOOK, action="entra.disable_user", connection="entra", arguments={"user": "ada@corp.example"})
    answer = await host.call(call)
    assert (answer.code, answer.retry_after, answer.requests) == (ActionCode.RATE_LIMITED, 7.0, 0)
    assert [urlsplit(request.url).hostname for request in egress.arrived] == ["login.example"]


async def test_a_credential_goes_to_its_own_host(host: InProcessHost, egress: VirtualEgress) -> None:
    assert (await host.call(replace(LOOK, connection="bound"))).code is None
    assert ("x-token", VAULT["bound"]) in egress.arrived[0].headers


async def test_a_credential_of_another_host_stops_the_call(host: InProcessHost, egress: VirtualEgress) -> None:
    answer = await host.call(replace(LOOK, connection="astray"))
    assert (answer.code, answer.requests) == (ActionCode.FORBIDDEN, 0)
    assert answer.message.startswith("credential_host: the credential `bound-elsewhere` may be sent to other.sample")
    assert egress.arrived == []


@pytest.mark.parametrize(
    ("secrets", "allowed", "refused"),
    [
        ((), {HOST, OTHER_HOST}, set()),
        ((("/headers/X-Note", "note"),), {HOST, OTHER_HOST}, set()),
        ((("/headers/X-Note", "bound"),), {HOST}, {OTHER_HOST}),
        ((("/headers/X-Note", "bound-elsewhere"),), {OTHER_HOST}, {HOST}),
        ((("/headers/X-Note", "bound"), ("/headers/X-Other", "bound-elsewhere")), set(), {HOST, OTHER_HOST}),
    ],
)
async def test_with_a_bound_credential_a_call_reaches_no_other_host(
    host: InProcessHost,
    egress: VirtualEgress,
    secrets: tuple[tuple[str, str], ...],
    allowed: set[str],
    refused: set[str],
) -> None:
    egress.route(OTHER_HOST, lambda _: EgressResponse(status=200, headers=(), body=b"{}"))
    reached = set()
    for name in (HOST, OTHER_HOST):
        headers: dict[str, JsonValue] = {"X-Note": None, "X-Other": "none"}
        arguments: JsonValue = {"url": f"https://{name}/", "headers": headers}
        call = replace(LOOK, action="http.request", connection="wide", arguments=arguments, secrets=secrets)
        answer = await host.call(call if secrets else replace(call, arguments={"url": f"https://{name}/"}))
        assert answer.code in {None, ActionCode.FORBIDDEN}, answer
        if answer.code is None:
            reached.add(name)
    assert reached == allowed
    assert {urlsplit(request.url).hostname for request in egress.arrived} == allowed
    assert not reached & refused


async def test_a_secret_without_a_place_stops_the_call(host: InProcessHost, egress: VirtualEgress) -> None:
    answer = await host.call(replace(LOOK, secrets=(("/nowhere", "note"),)))
    assert answer.code is not None
    assert egress.arrived == []


async def test_a_product_that_nobody_answers_for_was_asked_and_got_nothing(host: InProcessHost) -> None:
    call = replace(LOOK, action="http.get", connection="away", arguments={"url": "https://away.example/"})
    answer = await host.call(call)
    assert (answer.code, answer.requests, answer.is_unsent) == (ActionCode.UNAVAILABLE, 1, True)


async def test_a_call_that_reached_the_product_once_is_not_unsent(host: InProcessHost, egress: VirtualEgress) -> None:
    egress.route(HOST, lambda _: EgressResponse(status=503, headers=(), body=b""))
    answer = await host.call(replace(LOOK, action="http.get", connection="http", arguments={"url": f"https://{HOST}/"}))
    assert (answer.requests, answer.is_unsent) == (1, False)


@pytest.mark.parametrize(("connection", "private_hosts"), [("http", set()), ("inside", {HOST})])
async def test_only_a_private_connection_may_go_inside(
    host: InProcessHost, egress: VirtualEgress, connection: str, private_hosts: set[str]
) -> None:
    seen: list[EgressRequest] = []
    egress.route(HOST, lambda request: seen.append(request) or EgressResponse(status=200, headers=(), body=b""))  # type: ignore[func-returns-value]
    await host.call(replace(LOOK, action="http.get", connection=connection, arguments={"url": f"https://{HOST}/"}))
    assert seen[0].hosts == {HOST}
    assert seen[0].private_hosts == private_hosts


async def test_a_host_that_the_connection_does_not_name_is_not_called(host: InProcessHost) -> None:
    answer = await host.call(
        replace(LOOK, action="http.get", connection="http", arguments={"url": "https://evil.example/"})
    )
    assert answer.code is ActionCode.FORBIDDEN


async def test_what_a_connection_says_counts_from_the_call_after_it_was_changed(
    host: InProcessHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[JsonValue] = []
    for depth in (5, 6, "six", 5):
        monkeypatch.setitem(globals(), "CONNECTIONS", [replace(CONNECTIONS[0], settings={"depth": depth})])
        answer = await host.call(LOOK)
        said.append(answer.output["depth"] if isinstance(answer.output, dict) else answer.code)
    assert said == [5, 6, ActionCode.INVALID, 5]


async def test_the_phishing_story_can_be_played(host: InProcessHost, messages: MemoryMessages) -> None:
    async def call(action: str, key: str, **arguments: object) -> object:
        connector = action.partition(".")[0]
        answer = await host.call(
            replace(LOOK, action=action, connection=connector, arguments=arguments, effect_key=key)  # type: ignore[arg-type]
        )
        assert answer.code is None, answer
        return answer.output

    async def count() -> object:
        copies = await call(
            "exchange.search_messages",
            "key-0",
            internet_message_id="<a1@evil.example>",
            sender="billing@evil.example",
            since="2026-02-26T09:00:00Z",
        )
        assert isinstance(copies, dict)
        return copies["count"], copies["mailboxes"], copies["messages"]

    report = await call("virustotal.url_report", "key-1", url="https://evil.example/pay")
    assert isinstance(report, dict)
    assert (report["malicious"], report["harmless"]) == (8, 82)
    age = await call("whois.domain_age", "key-2", domain="evil.example")
    assert isinstance(age, dict)
    assert age["age_days"] == 3
    found, mailboxes, names = await count()  # type: ignore[misc]
    assert (found, mailboxes) == (12, 9)
    for _ in range(2):
        purged = await call("exchange.purge_messages", "key-3", messages=names, mode="soft_delete")
        assert purged == {"purged": 12}
    assert await count() == (0, 0, [])
    assert await call("exchange.restore_messages", "key-4", messages=names) == {"restored": 12}
    assert await count() == (12, 9, names)
    for _ in range(2):
        await call("chat.dm", "key-5", user="ann@corp.example", text="Thank you.")
    assert list(messages.posted.values()) == [("@ann@corp.example", "Thank you.")]


@pytest.mark.parametrize(
    ("action", "arguments", "name", "value"),
    [
        ("cmdb.get_host", {"host": "srv-files-01"}, "kind", "server"),
        ("defender.isolate_machine", {"host": "srv-files-01", "kind": "full", "comment": "x"}, "status", "Pending"),
        ("jira.search", {"jql": 'project = CHG AND text ~ "svc-backup"'}, "total", 1),
        (
            "opensearch.search",
            {"index": "winlogbeat-*", "query": "*Admins*", "since": "2020-01-01T00:00:00Z", "limit": 9},
            "total",
            4,
        ),
        ("page.send", {"service": "secops", "summary": "x"}, "status", "success"),
    ],
)
async def test_a_simulated_connection_needs_nothing_set_up(
    host: InProcessHost, action: str, arguments: dict[str, JsonValue], name: str, value: JsonValue
) -> None:
    call = replace(LOOK, action=action, connection=action.partition(".")[0], arguments=arguments)
    answer = await host.call(call)
    assert isinstance(answer.output, dict)
    assert answer.output[name] == value


def test_an_output_that_somebody_gives_is_read_as_the_action_would_have_given_it(host: InProcessHost) -> None:
    given: JsonValue = {"said": "yes", "depth": 3}
    assert host.read_output("sample.make", given) == given


@pytest.mark.parametrize(
    ("output", "message"), [({}, "said: Field required"), ({"said": 1, "depth": 3}, "said"), (["yes"], "the whole")]
)
def test_an_output_that_the_action_cannot_give_is_refused(host: InProcessHost, output: JsonValue, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        host.read_output("sample.make", output)
    assert caught.value.code == "settle.output"


@pytest.mark.parametrize("action", ["sample.unmake", "other.make", ""])
def test_an_output_of_an_action_that_is_not_there_is_not_read(host: InProcessHost, action: str) -> None:
    with pytest.raises(NotFoundError):
        host.read_output(action, {})
