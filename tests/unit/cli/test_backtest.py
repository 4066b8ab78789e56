"""`soar playbook backtest`, on a database that the real service has filled."""

import asyncio
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from soar.app.settings import Settings, find_bundled, load_settings
from soar.app.site import read_site
from soar.app.wiring import Service, open_service
from soar.approvals.decide import Ballot
from soar.audit.keyfile import create_key_file
from soar.model.approval import ApprovalStatus, VoteChoice
from soar.model.identity import Role, User
from soar.store import Unit
from tests.support.builders import build_principal, build_user
from tests.support.randomness import SeededRandomness
from tests.unit.cli.fakes import Outcome, Soar

BAD = {
    "internet_message_id": "<bad@mail.evil.example>",
    "reporter": "ann@corp.example",
    "reported_at": "2026-11-21T08:58:03Z",
    "from": "billing@evil.example",
    "subject": "Your invoice",
    "body": "Pay at https://evil.example/pay",
    "attachment_hashes": [],
}
ODD = BAD | {"internet_message_id": "<odd@mail.evil.example>", "body": "Look at https://good.example/offer"}
CLEAN = ODD | {"internet_message_id": "<clean@good.example>", "from": "ida@good.example"}
UNFIT = BAD | {"internet_message_id": "<unfit@mail.evil.example>", "reporter": "nobody"}
PLAN = "plan: +1 exchange.purge_messages, ~2 chat.dm with other arguments, +2 exchange.search_messages, 1 new approval"
ALERTS = (BAD, BAD, ODD, CLEAN, UNFIT)

NO_SIMULATOR = {
    "__init__.py": '"""A product that cannot be simulated."""\n',
    "manifest.yaml": """\
id: crm
title: CRM
version: 1.0.0
docs: https://crm.example/docs
owner: team:soc
hosts: [crm.example]
""",
    "connector.py": '''\
"""A product that cannot be simulated."""

from soar.sdk import Arguments, Connector, Context, Effect, Output, Repeat, action


class Lookup(Arguments):
    user: str


class Found(Output):
    risk: int


class Crm(Connector):
    @action(title="Look up", effect=Effect.READ, repeat=Repeat.SAFE)
    async def look_up(self, ctx: Context, arguments: Lookup) -> Found:
        """Look a user up."""
        answer = ctx.check(await ctx.http.get(f"https://crm.example/{arguments.user}"))
        return Found.model_validate(answer.json())
''',
}


@dataclass(frozen=True, slots=True)
class Place:
    """A site with a filled database."""

    soar: Soar
    folder: Path
    config: Path

    @property
    def served(self) -> Path:
        return self.folder / "playbooks" / "phishing-triage.yaml"

    def change(self, old: str, new: str, folder: str = "new") -> Path:
        """Return a changed copy of the playbook that serves."""
        text = self.served.read_text("utf-8")
        assert old in text
        copy = self.folder / folder / self.served.name
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(text.replace(old, new), "utf-8")
        return copy

    def backtest(self, *arguments: str) -> Outcome:
        return self.soar("playbook", "backtest", *arguments, "--config", str(self.config))

    def report(self, *arguments: str) -> Mapping[str, Any]:
        outcome = self.backtest(*arguments, "--json")
        assert (outcome.code, outcome.err) == (0, "")
        document: Mapping[str, Any] = json.loads(outcome.out)
        return document


def write_site(folder: Path) -> Path:
    for seed, name in enumerate(("vault.key", "audit.key")):
        create_key_file(folder / name, SeededRandomness(seed))
    (folder / "playbooks").mkdir()
    shutil.copy(find_bundled("playbooks") / "phishing-triage.yaml", folder / "playbooks")
    bundled = find_bundled("config")
    config = folder / "soar.yaml"
    settings = {
        "database": {"url": f"sqlite:///{folder / 'soar.db'}"},
        "vault": {"key_file": str(folder / "vault.key")},
        "audit": {"key_file": str(folder / "audit.key")},
        "paths": {
            "playbooks": str(folder / "playbooks"),
            "connectors": str(folder / "connectors"),
            "sources": str(bundled / "sources"),
            "policy": str(bundled / "policy.yaml"),
            "connections": str(folder / "connections.yaml"),
            "ledgers": str(folder),
        },
        "is_demo": True,
    }
    config.write_text(json.dumps(settings), "utf-8")
    return config


async def fill(settings: Settings) -> None:
    """Take alerts in and handle them, as the service does; what is asked is approved."""
    async with open_service(read_site(settings), "http://127.0.0.1") as service:
        await service.refresh_library()
        await service.recover()
        for name in ("bob", "button"):
            person = build_user(
                id=f"u_{name}", name=name, email=f"{name}@corp.example", roles=frozenset({Role.ANALYST})
            )
            await service.store.write(service.workspace, partial(add_user, user=person))
        reporter = build_principal(id="u_button", name="button")
        for document in ALERTS:
            await service.receiver.receive_from(reporter, "phish-report", orjson.dumps(document), None)
            await settle(service)
        await approve_all(service)
        await settle(service)


def add_user(unit: Unit, user: User) -> None:
    unit.users.add(user)


async def settle(service: Service) -> None:
    while service.queue.size:
        await asyncio.gather(*service.queue._works)


async def approve_all(service: Service) -> None:
    def vote(unit: Unit) -> None:
        asked = unit.approvals.list(10, status=ApprovalStatus.PENDING).items
        for one in asked:
            ballot = Ballot(VoteChoice.APPROVE, one.digest, confirm=one.confirm)
            service.approvals.vote(unit, one.id, build_principal(id="u_bob"), ballot, service.clock.now())

    await service.store.write(service.workspace, vote)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    asyncio.run(fill(load_settings(write_site(folder))))
    return folder


@pytest.fixture
def place(soar: Soar, filled: Path) -> Place:
    return Place(soar, filled, filled / "soar.yaml")


def test_the_playbook_that_serves_does_again_what_it_did(place: Place) -> None:
    outcome = place.backtest("phishing-triage")
    assert (outcome.code, outcome.err) == (0, "")
    name, span, assumed, *lines = outcome.out.splitlines()
    assert name.startswith("phishing-triage sha256:")
    assert span.startswith("alerts received from ")
    assert assumed == "assumed: products answer as on record, else as their simulators do; people approve"
    (unfit,) = [line for line in lines if line.startswith("✖")]
    assert unfit.endswith(" rejected: inputs.reporter: `nobody` is not an email")
    assert lines[:-1] == [
        "5 alerts · 5 matched · 1 deduplicated · 3 runs",
        "  \N{EN DASH}      1 attached",
        "  ✖      1 rejected",
        "  ✔      3 succeeded",
        "calls",
        "  exchange.purge_messages   destructive  1 call · 12 targets · 1 as on record",
        "  chat.dm                   write        3 calls · 3 as on record",
        "  exchange.search_messages  read         1 call · 1 as on record",
        "  virustotal.url_report     read         3 calls · 3 as on record",
        "  whois.domain_age          read         3 calls · 3 as on record",
        "approvals",
        "  purge (exchange.purge_messages): 1 asked of role:analyst: 1 approved",
        "saved, by the playbook's own estimate: 1h15m",
    ]


def test_a_lower_threshold_shows_its_plan_against_what_serves(place: Place) -> None:
    outcome = place.backtest(str(place.change("malicious >= 3", "malicious >= 0")), "--against", "live")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[lines.index("", lines.index("") + 1) + 1 :] == [
        PLAN,
        "  +1 exchange.purge_messages",
        "  ~2 chat.dm with other arguments",
        "  +2 exchange.search_messages",
        "  +1 asked about exchange.purge_messages of role:analyst",
    ]


def test_a_change_fails_where_that_is_asked_for_and_none_does_not(place: Place) -> None:
    changed = str(place.change("malicious >= 3", "malicious >= 0"))
    renamed = str(place.change("Phishing e-mail triage", "Another name", "renamed"))
    assert place.backtest(changed, "--against", "live", "--fail-on-change").code == 1
    assert place.backtest(changed, "--fail-on-change").code == 0
    outcome = place.backtest(renamed, "--against", "live", "--fail-on-change")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "plan: nothing changes")


def test_what_it_is_compared_with_may_be_a_file_or_a_digest(place: Place) -> None:
    changed = place.change("malicious >= 3", "malicious >= 0")
    by_file = place.report("phishing-triage", "--against", str(changed))
    assert by_file["difference"]["summary"].startswith("-1 exchange.purge_messages")
    assert by_file["difference"]["summary"].endswith("1 lost approval")
    by_digest = place.report(str(changed), "--against", str(by_file["revision"]))
    assert by_digest["against"]["revision"] == by_file["revision"]
    assert by_digest["difference"]["summary"].endswith("1 new approval")


def test_a_file_edited_in_place_is_compared_with_what_served_last(place: Place) -> None:
    text = place.served.read_text("utf-8")
    place.served.write_text(text.replace("malicious >= 3", "malicious >= 0"), "utf-8")
    try:
        found = place.report("phishing-triage", "--against", "live")
    finally:
        place.served.write_text(text, "utf-8")
    assert not found["difference"]["is_empty"]


def test_people_decide_as_assumed(place: Place) -> None:
    assert ask(place, "approve") == ({"approved": 1}, 0, 1)
    assert ask(place, "recorded") == ({"approved": 1}, 1, 1)
    assert ask(place, "deny") == ({"denied": 1}, 0, 0)
    assert ask(place, "silence") == ({"expired": 1}, 0, 0)


def ask(place: Place, decide: str) -> tuple[object, object, int]:
    """Return how the one question ended, how many ends are on record, and how often mail is purged."""
    report = place.report("phishing-triage", "--decide", decide)["report"]
    (question,) = report["approvals"]
    purges = [action["calls"] for action in report["actions"] if action["action"] == "exchange.purge_messages"]
    return question["endings"], question["recorded"], sum(purges)


def test_simulated_answers_need_no_record(place: Place) -> None:
    actions = place.report("phishing-triage", "--answers", "simulated")["report"]["actions"]
    assert [action["recorded"] for action in actions] == [0] * 5
    assert [action["simulated"] for action in actions] == [action["calls"] for action in actions]


def test_the_window_and_the_limit_choose_the_alerts(place: Place) -> None:
    assert place.report("phishing-triage", "--limit", "2")["report"]["endings"] == {"attached": 1, "succeeded": 1}
    assert place.report("phishing-triage", "--until", "1h")["report"]["alerts"] == 0
    began = place.report("phishing-triage")["until"]
    later = place.report("phishing-triage", "--since", "2026-01-01T00:00:00Z", "--until", str(began))
    assert (later["since"], later["report"]["alerts"]) == ("2026-01-01T00:00:00Z", 5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "soon"), "--since: soon is neither a duration nor a moment"),
        (("--since", "1d", "--until", "2d"), "--since 1d is not before --until 2d"),
        (("--since", "99999999w"), "--since: 99999999w is neither a duration nor a moment"),
    ],
)
def test_a_window_that_is_none_is_refused(place: Place, arguments: tuple[str, ...], said: str) -> None:
    outcome = place.backtest("phishing-triage", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {said}")


def test_what_is_not_there_is_said(place: Place, tmp_path: Path) -> None:
    other = place.served.with_name("other.yaml")
    for arguments in (
        ("nothing",),
        (str(other),),
        ("phishing-triage", "--against", "sha256:0"),
        ("phishing-triage", "--against", str(other)),
    ):
        outcome = place.backtest(*arguments)
        assert outcome.code == 6
        assert outcome.err.startswith("error: ")
    copy = tmp_path / "renamed.yaml"
    shutil.copy(place.served, copy)
    outcome = place.backtest(str(copy), "--against", "live")
    assert (outcome.code, outcome.err.splitlines()[0]) == (6, "error: no revision of renamed has served here")
    (tmp_path / "soar.yaml").write_text(json.dumps({"database": {"url": f"sqlite:///{tmp_path}/none.db"}}), "utf-8")
    outcome = place.soar("playbook", "backtest", str(place.served), "--config", str(tmp_path / "soar.yaml"))
    assert (outcome.code, outcome.err.splitlines()[0]) == (6, f"error: there is no database {tmp_path}/none.db")


def test_a_playbook_with_errors_is_not_tried(place: Place) -> None:
    outcome = place.backtest(str(place.change("uses: chat.dm", "uses: chat.shout", "bad")))
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: {place.folder}/bad/phishing-triage.yaml has errors\n")
    assert "P302" in outcome.err


def test_one_that_is_switched_off_takes_no_alert(place: Place) -> None:
    found = place.backtest(str(place.change("saves: 25m", "enabled: false", "off")), "--against", "live")
    lines = found.out.splitlines()
    assert lines[3:6] == [
        "it is switched off (`enabled: false`), so it takes no alert",
        "5 alerts · 0 matched · 0 deduplicated · 0 runs",
        "  \N{EN DASH}      5 unmatched",
    ]
    (plan,) = [line for line in lines if line.startswith("plan:")]
    assert "-1 exchange.purge_messages" in plan
    assert plan.endswith("1 lost approval, 5 alerts end otherwise")
    assert sum(line.endswith(" -> unmatched") for line in lines) == 5


def test_shadow_withholds_every_write(place: Place) -> None:
    shadow = str(place.change("saves: 25m", "mode: shadow", "shadow"))
    outcome = place.backtest(shadow, "--against", "live")
    assert "  exchange.purge_messages   destructive  0 calls · 12 targets · 1 withheld in shadow mode" in (
        outcome.out.splitlines()
    )
    (plan,) = [line for line in outcome.out.splitlines() if line.startswith("plan:")]
    assert plan == "plan: -1 exchange.purge_messages, -3 chat.dm, 1 lost approval"


def test_an_answer_that_nobody_knows_stops_the_run_and_no_other(place: Place) -> None:
    connector = place.folder / "connectors" / "crm"
    connector.mkdir(parents=True)
    for name, text in NO_SIMULATOR.items():
        (connector / name).write_text(text, "utf-8")
    step = "\nsteps:\n  - uses: crm.look_up\n    if: inputs.sender != 'ida@good.example'\n    with: {user: ann}\n"
    outcome = place.backtest(str(place.change("\nsteps:\n", step, "asks")))
    shutil.rmtree(connector.parent)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert "  ✖      2 unanswered" in lines
    assert "  ✔      1 succeeded" in lines
    assert [line.split() for line in lines if "crm.look_up  " in line] == [["crm.look_up", "read", "2", "calls"]]
    stopped = [line for line in lines if line.endswith("unknown answer of crm.look_up: the run stops here")]
    assert len(stopped) == 2


def test_nothing_is_written_to_the_site(place: Place) -> None:
    def read() -> dict[str, bytes]:
        kept = (file for file in place.folder.rglob("*") if file.is_file() and "soar.db-" not in file.name)
        return {str(file): file.read_bytes() for file in kept}

    changed = str(place.change("malicious >= 3", "malicious >= 0"))
    before = read()
    place.report(changed, "--against", "live", "--answers", "simulated")
    assert read() == before


def test_a_store_that_is_being_written_is_read_beside_it(place: Place) -> None:
    async def read_while_open() -> Outcome:
        async with open_service(read_site(load_settings(place.config)), "http://127.0.0.1") as service:
            await service.refresh_library()
            return await asyncio.to_thread(place.backtest, "phishing-triage")

    outcome = asyncio.run(read_while_open())
    assert (outcome.code, outcome.err) == (0, "")
    assert "5 alerts · 5 matched" in outcome.out
