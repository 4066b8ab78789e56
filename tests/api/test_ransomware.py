"""The ransomware example as it is written: two people with a second factor, escalations, and a no in the end."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest

from soar.app.documents import read_yaml
from soar.app.passwords import Passwords
from soar.app.settings import find_bundled
from soar.approvals.delivery import CardDelivery
from soar.approvals.paging import describe_pager
from soar.approvals.platform import Office
from soar.model.identity import Role
from soar.model.process import ActionAnswer
from soar.model.values import JsonValue
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.load import load_connectors
from tests.api.test_factors import add_program
from tests.api.test_step_up import take_cookie
from tests.support.builders import build_user
from tests.support.pagers import FakePagerDuty
from tests.support.repository import ROOT
from tests.support.service import CHEAP_HASH, PASSWORD, WORKSPACE, Face, Person, open_face, sign
from tests.support.wire import WireHost

EXAMPLE = "isolate-ransomware-host"
HOST = "srv-files-01"
ALERT = {
    "kind": "malware.ransomware",
    "title": "Ransomware behaviour",
    "severity": "critical",
    "time": "2026-03-01T08:59:30Z",
    "url": "https://security.example/alerts/77",
    "host": HOST,
}
ANSWERS: Mapping[str, object] = {
    "cmdb.get_host": {"kind": "server", "owner": "files-team", "services": ["smb", "backup"]},
    "defender.process_tree": {"summary": "vssadmin.exe delete shadows"},
    "defender.isolate_machine": {"id": "ia-1"},
    "defender.collect_package": {"status": "Succeeded"},
    "chat.create_channel": {},
    "chat.post": {},
    "page.send": {},
}
SOURCE: JsonValue = {
    "auth": {"hmac": {"header": "X-Signature", "prefix": "sha256=", "secret": "probe_hook"}},
    "alert": {
        "kind": "raw.kind",
        "title": "raw.title",
        "severity": "raw.severity",
        "time": "raw.time",
        "url": "raw.url",
        "entities": {"hosts": "[raw.host]"},
    },
}
OTHERS = {"erin": Role.INCIDENT_COMMANDER, "cleo": "ciso"}


@pytest.fixture
async def site(tmp_path: Path, passwords: Passwords) -> AsyncIterator[Face]:
    """Serve the example's own text on the connectors that come with the product, answered by a script."""
    text = (ROOT / "playbooks" / f"{EXAMPLE}.yaml").read_text("utf-8")
    catalog = build_catalog(load_connectors(discover([find_bundled("connectors")]), read_yaml).values())
    sources = {"defender": SOURCE, "wazuh": SOURCE}
    playbooks = {EXAMPLE: text}
    async with open_face(tmp_path, passwords, catalog=catalog, playbooks=playbooks, sources=sources) as face:
        for action, output in ANSWERS.items():
            face.host.script(action, ActionAnswer(output=output))
        for name, role in OTHERS.items():
            roles = frozenset({str(role), Role.ANALYST.value})
            user = build_user(
                id=f"u_{name}", name=name, email=f"{name}@corp.example", roles=roles, password_hash=CHEAP_HASH
            )
            await face.write(lambda unit, user=user: unit.users.add(user))
        yield face
        assert face.faults == []


class Approver:
    """Somebody in a browser with a second factor, who proves both before each vote."""

    def __init__(self, face: Face, person: Person, program: pyotp.TOTP) -> None:
        self.face, self.person, self.program = face, person, program

    async def prove(self) -> None:
        """Log in again with password and code, a new code each time."""
        self.face.clock.advance(timedelta(seconds=30))
        proof = {"password": PASSWORD, "code": self.program.at(self.face.clock.now())}
        answer = await self.person.post("/session/step-up", proof)
        assert answer.status == 200, answer.body
        self.person = take_cookie(self.person, answer)

    async def approve(self, **changes: object) -> str:
        (asked,) = (await self.person.get("/approvals?status=pending")).json["items"]
        ballot = {"vote": "approve", "digest": asked["digest"], "confirm": HOST, "comment": "seen it", **changes}
        answer = await self.person.post(f"/approvals/{asked['id']}/votes", ballot)
        await self.face.settle()
        return str(answer.json["status"]) if answer.status == 200 else answer.code


async def enrol(face: Face, name: str) -> Approver:
    person = await face.log_in(name)
    program, _ = await add_program(face, person)
    return Approver(face, person, program)


async def strike(face: Face) -> Mapping[str, Any]:
    """Send the alert as the product would, and return the question that follows."""
    body = json.dumps(ALERT).encode()
    answer = await face.stranger.send("POST", "/hooks/defender", body, {"X-Signature": sign(body)})
    assert answer.status == 202, answer.body
    await face.settle()
    return (await (await face.person("vera")).get("/approvals")).json["items"][0]


async def pass_time(face: Face, minutes: float) -> None:
    face.clock.advance(timedelta(minutes=minutes))
    await face.timers.fire_due()
    await face.settle()


def isolations(face: Face) -> list[object]:
    return [call.arguments for call in face.host.calls if call.action == "defender.isolate_machine"]


async def test_two_people_with_a_second_factor_take_a_server_off_the_network(site: Face) -> None:
    carol, erin = await enrol(site, "carol"), await enrol(site, "erin")
    site.clock.advance(timedelta(minutes=6))
    asked = await strike(site)
    assert (asked["quorum"], asked["assurance"], asked["comment"]) == (2, "mfa", "required")
    assert asked["by"] == ["role:incident-commander", "role:soc-lead"]
    assert await carol.approve() == "step_up_required"
    await carol.prove()
    assert await carol.approve(confirm="srv-files-02") == "confirm_missing"
    assert await carol.approve(comment=None) == "comment_missing"
    assert await carol.approve() == "pending"
    assert await carol.approve() == "already_voted"
    assert isolations(site) == []
    await erin.prove()
    assert await erin.approve() == "approved"
    ((sent),) = isolations(site)
    assert sent["host"] == HOST
    votes = (await carol.person.get(f"/approvals/{asked['id']}")).json["votes"]
    assert [(vote["name"], vote["assurance"]) for vote in votes] == [("carol", "mfa"), ("erin", "mfa")]


def open_pager(face: Face) -> tuple[FakePagerDuty, CardDelivery]:
    """Connect a pager at the wire."""
    pager, services = FakePagerDuty(), face.services
    office = Office(
        store=services.store,
        workspace=WORKSPACE,
        host=WireHost({"page": pager.call}),
        clock=face.clock,
        ids=services.ids,
        randomness=services.randomness,
        announcer=services.hub,
        url="https://soar.example",
        report=lambda _approval, message: pytest.fail(message),
    )
    return pager, CardDelivery(describe_pager("page"), office)


async def test_it_is_escalated_at_five_and_ten_minutes_and_at_fifteen_the_answer_is_no(site: Face) -> None:
    pager, delivery = open_pager(site)
    carol, erin = await enrol(site, "carol"), await enrol(site, "erin")
    bob, cleo = await enrol(site, "bob"), await enrol(site, "cleo")
    asked = await strike(site)
    await carol.prove()
    assert await carol.approve() == "pending"
    assert await bob.approve() == "not_allowed"
    await delivery.deliver()
    assert pager.events == []
    await pass_time(site, 4.6)
    await delivery.deliver()
    (event,) = pager.events
    assert event["dedup_key"] == f"{asked['id']}.secops"
    assert event["links"][0]["href"] == f"https://soar.example/approvals/{asked['id']}"
    shown = (await carol.person.get(f"/approvals/{asked['id']}")).json
    assert [(each["to"], each["is_reached"]) for each in shown["escalations"]] == [
        ("oncall:incident-commander", True),
        ("role:ciso", False),
    ]
    assert await cleo.approve() == "not_allowed"
    await pass_time(site, 5)
    await delivery.deliver()
    assert pager.deeds == ["trigger", "trigger"]
    assert "CISO" in pager.events[1]["payload"]["summary"].upper()
    shown = (await carol.person.get(f"/approvals/{asked['id']}")).json
    assert [each["is_reached"] for each in shown["escalations"]] == [True, True]
    await pass_time(site, 5)
    await delivery.deliver()
    assert pager.alerts == {f"{asked['id']}.secops": False}
    told = await site.events("approval.notified")
    assert [event["context"]["channel"] for event in told] == ["page:secops"] * 3
    shown = (await erin.person.get(f"/approvals/{asked['id']}")).json
    assert (shown["status"], shown["yes"]) == ("expired", 1)
    (run,) = (await carol.person.get("/runs")).json["items"]
    assert (run["status"], run["reason"]) == ("denied", "The isolation was not agreed to.")
    assert isolations(site) == []
    said = [call.arguments["text"] for call in site.host.calls if call.action == "chat.post"]
    assert len(said) == 1
    assert f"{HOST} was NOT isolated: expired" in said[0]
    assert "page.send" not in {call.action for call in site.host.calls}, "the playbook itself has not failed"


async def test_where_no_two_who_may_could_prove_themselves_it_fails_at_once_and_says_so(site: Face) -> None:
    carol = await enrol(site, "carol")
    asked = await strike(site)
    assert (asked["status"], asked["reason"]) == (
        "refused",
        (
            "it needs 2 people of incident-commander, soc-lead with a second factor, and 1 could ever vote; "
            "nobody of incident-commander can"
        ),
    )
    (run,) = (await carol.person.get("/runs")).json["items"]
    assert run["status"] == "failed"
    assert isolations(site) == []
    assert "page.send" in {call.action for call in site.host.calls}
