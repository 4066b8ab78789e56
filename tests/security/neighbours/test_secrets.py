"""Where other products let secrets be seen."""

import base64
import logging
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog

from soar.app.documents import read_yaml
from soar.app.log import configure_log
from soar.audit.keyfile import create_key_file, read_key_file
from soar.cli.main import main
from soar.model.catalog import Connection
from soar.model.errors import ActionCode, BugError, ConflictError, InputError
from soar.model.network import Egress, EgressRequest, EgressResponse
from soar.model.process import ActionCall
from soar.model.secret import BoundSecret, Secret
from soar.registry.discover import discover
from soar.registry.host import InProcessHost, Surroundings
from soar.registry.load import load_connectors
from soar.sdk.egress import HttpEgress
from soar.sdk.errors import EgressRefusedError
from soar.sdk.target import parse_target
from soar.sdk.testing import MemoryAlerts, MemoryLedger, MemoryLists, MemoryMessages
from soar.store import Store
from tests.security.neighbours.table import answers
from tests.security.neighbours.wire import list_private
from tests.support.builders import build_run
from tests.support.clock import SteppedClock
from tests.support.network import VirtualEgress
from tests.support.randomness import SeededRandomness
from tests.support.repository import ROOT
from tests.support.service import CHEAP_HASH, HOOK_KEY, Face
from tests.support.vault import open_vault

VALUE = 'tok/0123456789+"é'
HOST = "api.product.example"


@pytest.fixture
def egress() -> VirtualEgress:
    """A product that says in its errors what it was sent, in every way there is to write it."""

    def echo(request: EgressRequest) -> EgressResponse:
        sent = dict(request.headers)["x-note"]
        ways = (sent, quote(sent, safe=""), sent.encode().hex(), base64.b64encode(f"a:{sent}".encode()).decode())
        return EgressResponse(status=400, headers=(), body=" ".join(ways).encode())

    egress = VirtualEgress()
    egress.route(HOST, echo)
    return egress


def make_host(egress: Egress, bound: tuple[str, ...] = ()) -> InProcessHost:
    """Return a host with one connection, which may call one host, and a credential that may be bound to others."""

    async def resolve(_workspace: str, _name: str) -> BoundSecret:
        return BoundSecret(secret=Secret("tok/0123456789+x"), hosts=bound)

    async def keep(_workspace: str, name: str, _value: Secret, _former: BoundSecret) -> None:
        raise AssertionError(f"{name} was exchanged")

    ledger = MemoryLedger()
    connection = Connection(id="http", connector="http", simulate=False, hosts=(HOST,))
    return InProcessHost(
        load_connectors(discover([ROOT / "connectors"], installed=()), read_yaml),
        Surroundings(
            find_connection=lambda _workspace, _name: connection,
            resolve=resolve,
            keep=keep,
            open_ledger=lambda *_: ledger,
            open_messages=lambda _call: MemoryMessages(),
            open_lists=lambda _call: MemoryLists("vip"),
            open_alerts=lambda _call: MemoryAlerts(),
            egress=egress,
            clock=SteppedClock(),
        ),
    )


CALL = ActionCall(
    workspace="main",
    run="run_1",
    step="steps/0",
    action="http.request",
    connection="http",
    arguments={"url": f"https://{HOST}/", "headers": {"X-Note": None}},
    secrets=(("/headers/X-Note", "note"),),
    effect_key="key-1",
    attempt=1,
    timeout=5.0,
)


@answers("CVE-2021-3034", "CVE-2021-25284")
def test_a_log_shows_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    configure_log("info")
    secret = Secret(VALUE)
    structlog.get_logger().info("testing the connection", key=secret, text=f"with {secret}", all={"key": secret})
    structlog.get_logger().error("it failed", exc_info=ValueError(secret))
    logging.getLogger("other").warning("with %s", secret)
    written = capsys.readouterr()
    assert "it failed" in written.err
    assert "0123456789" not in written.err + written.out


@answers("CVE-2025-23216")
async def test_an_error_that_repeats_a_secret_is_masked(egress: VirtualEgress) -> None:
    answer = await make_host(egress).call(CALL)
    assert dict(egress.arrived[0].headers)["x-note"] == "tok/0123456789+x"
    assert answer.code is not None
    assert "***" in str(answer)
    for form in ("0123456789", "tok%2F", b"0123456789".hex(), "L0123"):
        assert form not in str(answer)


@answers("CVE-2026-40161")
@pytest.mark.parametrize("url", ["https://evil.test/", f"https://{HOST}.evil.test/", f"https://{HOST}@evil.test/"])
async def test_a_secret_goes_to_the_hosts_of_its_connection_only(url: str) -> None:
    looked_up: list[str] = []

    async def lookup(name: str) -> Sequence[str]:
        looked_up.append(name)
        return []

    egress = HttpEgress(lookup)
    answer = await make_host(egress).call(replace(CALL, arguments={**CALL.arguments, "url": url}))
    await egress.close()
    assert answer.code is ActionCode.FORBIDDEN
    assert looked_up == []
    near = VirtualEgress()
    near.route(HOST, lambda _: EgressResponse(status=200, headers=(), body=b"{}"))
    assert (await make_host(near, bound=("other.example",)).call(CALL)).code is ActionCode.FORBIDDEN
    assert near.arrived == []


@answers("CVE-2023-25163")
def test_an_address_holds_no_password_and_no_error_repeats_one() -> None:
    with pytest.raises(EgressRefusedError) as caught:
        parse_target(f"https://user:hunter22@{HOST}/", {HOST}, set())
    assert "hunter22" not in str(caught.value)


@answers("CVE-2020-17511")
def test_a_secret_is_no_argument_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["secret", "set", "edr_token", "hunter22"])
    assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        main(["login", "--password", "hunter22"])
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


@answers("CVE-2021-26559", "CVE-2017-17836", "CVE-2022-46651")
async def test_no_answer_holds_a_secret_whoever_asks(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    root = await face.log_in("root")
    token = await (await face.person("root")).post("/tokens", {"name": "x", "scopes": ["run:read"]})
    kept = await face.read(lambda unit: unit.tokens.get(token.json["id"]))
    assert kept is not None
    hidden = (HOOK_KEY, CHEAP_HASH, kept.key, token.json["token"], root.headers["Cookie"].partition("=")[2])
    for method, path in list_private(face):
        if method == "GET" and path != "/api/v1/stream":
            shown = (await root.send("GET", path)).body.decode()
            assert [text for text in hidden if text in shown] == [], path
    assert (await (await face.person("ann")).get("/credentials")).status == 403


@answers("CVE-2024-31989")
async def test_what_rests_is_encrypted_and_bound_to_its_place(store: Store, tmp_path: Path) -> None:
    parts = open_vault(store, tmp_path / "kek")
    for name in ("low_token", "high_token"):
        await parts.set(f"value of {name}", name=name)
    low, high = sorted(await store.read("w", parts.vault.list), key=lambda version: version.name, reverse=True)
    assert b"value of" not in low.blob + high.blob
    assert await parts.resolve("low_token") == "value of low_token"
    await store.write(
        "w",
        lambda unit: unit._connection.exec_driver_sql(
            "UPDATE credentials SET blob = ? WHERE id = ?", (high.blob, low.id)
        ),
    )
    with pytest.raises(BugError):
        await parts.resolve("low_token")


@answers("CVE-2020-12459", "CVE-2022-38170")
def test_a_key_file_is_for_its_owner_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_key_file(tmp_path / "key", SeededRandomness(1))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    for mode in (0o640, 0o604, 0o660, 0o666):
        (tmp_path / "key").chmod(mode)
        with pytest.raises(InputError) as caught:
            read_key_file(tmp_path / "key")
        assert caught.value.code == "key_file_insecure"


@answers("CVE-2014-3563")
@pytest.mark.parametrize("plant", [Path.touch, lambda path: path.symlink_to(path.parent / "elsewhere")])
def test_a_file_that_was_planted_is_not_written_to(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    plant(tmp_path / "key")
    with pytest.raises(ConflictError):
        create_key_file(tmp_path / "key", SeededRandomness(1))
    assert not (tmp_path / "elsewhere").exists()


@answers("CVE-2024-32046", "CVE-2023-25695")
async def test_a_fault_of_ours_tells_its_number_and_nothing_else(face: Face) -> None:
    def break_run(unit) -> None:  # noqa: ANN001 -- the store's unit
        unit.runs.add(build_run(id="run_broken"))
        unit._connection.exec_driver_sql("UPDATE runs SET inputs = '{' WHERE id = 'run_broken'")

    await face.write(break_run)
    answer = await (await face.person("ann")).get("/runs/run_broken")
    assert (answer.status, answer.code) == (500, "internal")
    for told in (b"Traceback", b"/", b"sqlalchemy", b"inputs", b"JSON"):
        assert told not in answer.body.replace(b"about:blank", b""), told
    assert len(face.faults) == 1
    face.faults.clear()
