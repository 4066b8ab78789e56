"""Nobody says anything: whatever a gate says of reminders, escalations and silence, no timers ever allow a call.

`make approvals-fuzz` tries more of it.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from soar.expr import print_duration
from soar.model.approval import ApprovalStatus
from soar.model.process import ActionAnswer
from soar.playbook import parse_playbook
from tests.support.deciding import CATALOG, choose_settings
from tests.support.loop import run_virtual
from tests.support.world import World, check_record, open_world

SILENT = {ApprovalStatus.PENDING, ApprovalStatus.EXPIRED, ApprovalStatus.REFUSED}
CHANNELS = ["chat:#incident", "page:secops", "mail:approvers", "slack:#soc"]


@dataclass(frozen=True)
class Pass:
    """So many minutes pass; then, perhaps, the process ends, and the next one at its `last` write."""

    minutes: int
    last: int | None


@st.composite
def gates(draw: st.DrawFn) -> dict[str, object]:
    """Return a gate as a playbook may write it."""
    timeout = draw(st.integers(2, 90))
    moments = st.integers(1, timeout - 1).map(lambda minutes: print_duration(timedelta(minutes=minutes)))
    principals = st.sampled_from(["role:analyst", "role:soc-lead", "role:admin", "group:nobody", "oncall:nobody"])
    level = st.fixed_dictionaries(
        {"after": moments, "to": principals}, optional={"via": st.lists(st.sampled_from(CHANNELS), max_size=2)}
    )
    return {
        "by": draw(st.lists(principals, min_size=1, max_size=2, unique=True)),
        "reason": "Beaconing",
        "timeout": print_duration(timedelta(minutes=timeout)),
        "quorum": draw(st.integers(1, 3)),
        "veto": draw(st.booleans()),
        "remind": draw(st.lists(moments, max_size=3)),
        "escalate": draw(st.lists(level, max_size=3)),
        "on_timeout": draw(st.sampled_from(["deny", "fail"])),
        **draw(st.sampled_from([{}, {"on_deny": "stop"}, {"on_deny": "continue"}, {"per": "item"}, {"subset": True}])),
    }


def write_playbook(gate: dict[str, object]) -> str:
    """Return a playbook that asks before each way to the same action: a list, a group, and a single call."""
    own = json.dumps(gate)
    other = json.dumps({name: value for name, value in gate.items() if name not in ("per", "subset")})
    return f"""
name: Tried
on: {{manual: {{}}}}
inputs: {{hosts: {{type: "list<string>"}}}}
steps:
  - {{foreach: inputs.hosts, uses: crm.wipe, with: {{user: "${{{{ item }}}}"}}, approve: {own}, on_failure: continue}}
  - {{parallel: {{one: [{{uses: crm.wipe, with: {{user: web-3}}}}]}}, approve: {other}, on_failure: continue}}
  - {{uses: crm.wipe, with: {{user: web-4}}, approve: {other}}}
"""


PATIENCE = [Pass(100, 0), *[Pass(100, None)] * 4]
"""Longer than any gate waits, for each of the four questions that are asked one after the other."""

PASSES = st.lists(
    st.builds(Pass, st.sampled_from([1, 5, 16, 31, 91]), st.sampled_from([None, None, 0, 1, 2])), max_size=5
)


@given(gate=gates(), passes=PASSES)
@example(gate={"by": ["role:analyst"], "reason": "x", "timeout": "89m", "per": "item"}, passes=[])
@choose_settings(4)
def test_timers_alone_never_lead_to_a_call(gate: dict[str, object], passes: list[Pass]) -> None:
    async def play() -> None:
        world = await open_world(catalog=CATALOG)
        world.host.script("crm.wipe", ActionAnswer(output={}))
        run = await world.start(write_playbook(gate), inputs={"hosts": ["web-1", "web-2"]})
        await world.settle()
        try:
            for each in [*passes, *PATIENCE]:
                await world.pass_time(timedelta(minutes=each.minutes))
                await check_silence(world, run)
                if each.last is not None:
                    world = await world.restart(last=each.last)
                    await world.settle()
            assert (await world.run(run)).status.is_final
            await check_record(world)
        finally:
            await world.stop()

    run_virtual(play())


async def check_silence(world: World, run: str) -> None:
    """Check that nothing was called or tried, that nothing is approved, and that nobody told the run that it is."""
    assert world.host.calls == []
    found = (await world.read(lambda unit: unit.approvals.list(100))).items
    assert found
    assert {each.status for each in found} <= SILENT
    told = [entry.event for entry in await world.read(lambda unit: unit.journal.load(run))]
    outcomes = {event["outcome"] for event in told if event["kind"] == "approval_decided"}
    assert outcomes <= {"expired", "refused"}
    assert not [event["kind"] for event in told if str(event["kind"]).startswith(("action_", "outcome_"))]


@pytest.mark.parametrize("word", ["approve", "continue", "yes"])
def test_no_playbook_can_let_silence_be_a_yes(word: str) -> None:
    text = write_playbook({"by": ["role:analyst"], "reason": "x", "on_timeout": word})
    playbook, findings = parse_playbook(text, playbook_id="tried", file="tried.yaml")
    assert playbook is None
    assert findings
