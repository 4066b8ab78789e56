"""Records golden journals: `python -m tests.replay.record`. A journal that is there already is left alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from soar.app.documents import read_yaml
from soar.app.settings import find_bundled
from soar.engine.carry import choose_carried, find_start, write_carried
from soar.engine.events import AlertJoined, CancelRequested, LiftEnded, RunStarted, load_event
from soar.engine.interpreter import advance
from soar.engine.state import RunState
from soar.model.catalog import ActionSpec
from soar.model.run import Finding, Mode, StepRecord
from soar.model.values import JsonValue, print_timestamp
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.load import load_connectors
from tests.replay.journal import FOLDER, Golden, Setting
from tests.support.interpretation import ACTIONS, START, Interpretation
from tests.support.repository import ROOT

RETRIED = """
name: Tried again until it answers
on: {manual: {}}
inputs:
  address: {type: ip, required: true}
steps:
  - id: look
    uses: crm.find
    with: {address: "${{ inputs.address }}"}
  - id: seen
    set:
      when: ${{ now() }}
      wait: ${{ duration("90m") }}
      address: ${{ inputs.address }}
      found: ${{ steps.look.output.found }}
  - id: absent
    if: steps.seen.output.found > 10
    uses: crm.page
outputs:
  found: ${{ steps.seen.output.found }}
"""
DENIED = """
name: Asked and refused
on: {manual: {}}
steps:
  - id: lock
    uses: crm.lock
    with: {user: bob}
    approve:
      by: role:analyst
      reason: Bob's password was seen elsewhere.
      timeout: 30m
      on_deny:
        - {id: note, uses: crm.note, with: {text: "${{ steps.lock.approval.outcome }}"}}
        - stop: {status: denied, reason: Bob keeps his account.}
"""
HANDLED = """
name: Elements, a handler and a last word
on: {manual: {}}
steps:
  - id: each
    foreach: {in: '["a", "b", "c"]', as: name, max_parallel: 2}
    uses: crm.find
    with: {name: "${{ name }}"}
    on_failure: continue
  - id: group
    steps:
      - {id: lock, uses: crm.lock, with: {user: eve}, approve: role:analyst, undo: auto, expires: 24h}
      - {id: page, uses: crm.page}
on_failure:
  - {id: told, uses: crm.note, with: {text: "${{ error.step }}: ${{ error.code }}"}}
finally:
  - {id: last, uses: crm.note, with: {text: over}}
"""
CANCELLED = """
name: Joined, then taken back
on: {manual: {}}
timeout: 4h
steps:
  - {id: ask, uses: crm.lock, with: {user: bob}, approve: {by: role:analyst, timeout: 2h}}
  - {id: after, uses: crm.page}
finally:
  - {id: last, uses: crm.note, with: {text: over}}
"""
UNDONE = """
name: Taken back, all but one
on: {manual: {}}
steps:
  - id: contain
    steps:
      - {id: first, uses: crm.lock, with: {user: ann}, undo: auto, expires: 1h}
      - id: each
        foreach: {in: '["bob", "eve"]', as: user, max_parallel: 2}
        uses: crm.lock
        with: {user: "${{ user }}"}
        undo: auto
  - {id: paused, wait: 2h}
  - {id: back, uses: core.undo, with: {step: contain, reason: a false alarm}}
outputs:
  first: ${{ steps.first.status }}
  each: ${{ steps.each.items[0].status + " and " + steps.each.items[1].status }}
  failed: ${{ steps.back.output.failed }}
"""
SETTLED = """
name: Lost, found out, and lost for good
on: {manual: {}}
steps:
  - {id: lock, uses: crm.lock, with: {user: eve}, approve: {by: role:analyst, timeout: 1h}, undo: auto, expires: 24h}
  - {id: page, uses: crm.page}
  - {id: again, uses: crm.page, approve: {by: role:analyst, timeout: 20m}}
  - {id: last, uses: crm.page}
on_failure:
  - {id: told, uses: crm.note, with: {text: "${{ error.step }}: ${{ error.code }}"}}
"""
CARRIED = """
name: Tried again from the page on
on: {manual: {}}
steps:
  - id: each
    foreach: {in: '["a", "b"]', as: name}
    uses: crm.find
    with: {name: "${{ name }}"}
  - {id: lock, uses: crm.lock, with: {user: bob}, approve: role:analyst, undo: auto, expires: 24h}
  - {id: absent, if: steps.each.output.size() > 2, uses: crm.page}
  - {id: page, uses: crm.page}
  - {id: last, uses: crm.note, with: {text: "${{ steps.lock.output.ticket + steps.lock.approval.outcome }}"}}
outputs:
  found: ${{ steps.each.output }}
"""
VERIFIED = """
name: Looked for, seen once and once not
on: {manual: {}}
steps:
  - {id: seen, uses: crm.lock, with: {user: ann}, undo: auto, expires: 1h, verify: {every: 30s}}
  - id: each
    foreach: {in: '["bob", "eve"]', as: user, max_parallel: 2, fail_fast: false}
    uses: crm.lock
    with: {user: "${{ user }}"}
    undo: auto
    verify: {uses: crm.find, with: {of: "${{ output.ticket }}"}, until: output.found > 0, attempts: 2, every: 1m}
    on_failure:
      - {id: back, uses: core.undo, with: {step: each}}
outputs:
  each: ${{ steps.each.items[1].error.code }}
"""
CHECKED = {**ACTIONS, "crm.lock": replace(ACTIONS["crm.lock"], check="find", check_arguments={"user": "with.user"})}
REPORT: Mapping[str, JsonValue] = {
    "message_id": "<a1@evil.example>",
    "reporter": "ann@corp.example",
    "sender": "billing@evil.example",
    "body": "Pay now at https://evil.example/pay or https://evil.example/now",
    "attachments": [],
}


class Recording(Interpretation):
    """A run whose every event, the first one included, is kept."""

    def __init__(self, setting: Setting, carried: Mapping[str, StepRecord] | None = None) -> None:
        self.plan = setting.build_plan()
        self.now = START
        self.jitter = 0.5
        self.entries = []
        self.commands = []
        self.pending = []
        self.state = RunState()
        if carried is not None:
            entry = write_carried(carried, "run_0000origin00", START)
            self.send(load_event(entry.event))
            assert self.entries == [entry]
        begun = RunStarted(at=START)
        self._accept(advance(self.plan, self.state, begun), begun)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A playbook and what happens to its run.

    Attributes:
        before: what happened to the run that this one tries again.
    """

    playbook: str
    happens: Callable[[Recording], None]
    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    actions: Mapping[str, ActionSpec] = field(default_factory=lambda: ACTIONS)
    before: Callable[[Recording], None] | None = None


def _retry(run: Recording) -> None:
    run.refuse("crm.find", "rate_limited", retry_after=20.0)
    run.fire("retry:")
    run.lose("crm.find")
    run.fire("retry:")
    run.answer("crm.find", {"found": 3, "share": 0.25, "names": ["Zoë", "\u202eevil"]})


def _deny(run: Recording) -> None:
    run.decide("denied", "he is on call")
    run.answer("crm.note", None)


def _handle(run: Recording) -> None:
    run.answer("crm.find", {"n": 1})
    run.refuse("crm.find", "not_found")
    run.answer("crm.find", {"n": 3})
    run.decide("approved")
    run.answer("crm.lock", {"ticket": "T-1"})
    run.lose("crm.page")
    run.answer("crm.note", None)
    run.answer("crm.note", None)


def _cancel(run: Recording) -> None:
    run.send(AlertJoined(at=run.tick(), alert="al_000000000002"))
    run.send(AlertJoined(at=run.tick(), alert="al_000000000003"))
    run.send(CancelRequested(at=run.tick(), by="ann", reason="a drill"))
    run.answer("crm.note", None)


def _undo(run: Recording) -> None:
    for ticket in ("T-1", "T-2", "T-3"):
        run.answer("crm.lock", {"ticket": ticket})
    run.send(LiftEnded(at=run.tick(), path="steps/0/steps/0", is_lifted=True))
    run.fire("wait:")
    run.lift("forbidden: no such right")
    run.lift()


def _settle(run: Recording) -> None:
    run.decide("approved")
    run.lose("crm.lock", patience=1800.0)
    run.find_out("steps/0", Finding.HAPPENED, output={"ticket": "T-1"})
    run.lose("crm.page", patience=1800.0)
    run.find_out("steps/1", Finding.AGAIN)
    run.answer("crm.page", None)
    run.decide("approved")
    run.lose("crm.page", patience=1800.0)
    run.find_out("steps/2", Finding.AGAIN, is_asked_anew=True)
    run.decide("approved")
    run.answer("crm.page", None)
    run.lose("crm.page", patience=1800.0)
    run.fire("settle:steps/3")
    run.answer("crm.note", None)


def _verify(run: Recording) -> None:
    run.answer("crm.lock", {"ticket": "T-1"})
    run.answer("crm.find", {"holds": False})
    run.fire("retry:")
    run.refuse("crm.find", "unavailable", is_unsent=True)
    run.fire("retry:")
    run.answer("crm.find", {"holds": True})
    run.answer("crm.lock", {"ticket": "T-2"})
    run.answer("crm.lock", {"ticket": "T-3"})
    run.answer("crm.find", {"found": 1})
    run.lose("crm.find")
    run.fire("retry:")
    run.answer("crm.find", {"found": 0})
    run.lift()
    run.lift()


def _page_in_vain(run: Recording) -> None:
    run.answer("crm.find", {"n": 1})
    run.answer("crm.find", {"n": 2, "seen": START})
    run.decide("approved")
    run.answer("crm.lock", {"ticket": "T-1"})
    run.refuse("crm.page", "not_found")


def _page(run: Recording) -> None:
    run.answer("crm.page", None)
    run.answer("crm.note", None)


def _triage(run: Recording) -> None:
    run.answer("virustotal.url_report", {"url": "https://evil.example/pay", "malicious": 8})
    run.answer("virustotal.url_report", {"url": "https://evil.example/now", "malicious": 0})
    run.answer("whois.domain_age", {"age_days": 3})
    run.answer("exchange.search_messages", {"count": 12, "mailboxes": 9, "messages": ["m1", "m2"]})
    run.decide("approved", "purge it")
    run.answer("exchange.purge_messages", {"purged": 12})
    run.answer("chat.dm", {"message": "msg_1"})


def build_scenes() -> dict[str, Scene]:
    """Return the scenes that are recorded, by the name of their file."""
    connectors = build_catalog(load_connectors(discover([find_bundled("connectors")]), read_yaml).values()).connectors
    installed = {
        action.full_name: action
        for name in ("chat", "exchange", "virustotal", "whois")
        for action in connectors[name].actions.values()
    }
    triage = (ROOT / "playbooks" / "phishing-triage.yaml").read_text("utf-8")
    return {
        "retried": Scene(playbook=RETRIED, happens=_retry, inputs={"address": {"$soar": "ip", "v": "198.51.100.7"}}),
        "denied": Scene(playbook=DENIED, happens=_deny),
        "handled": Scene(playbook=HANDLED, happens=_handle),
        "undone": Scene(playbook=UNDONE, happens=_undo),
        "verified": Scene(playbook=VERIFIED, happens=_verify, actions=CHECKED),
        "cancelled": Scene(playbook=CANCELLED, happens=_cancel),
        "settled": Scene(playbook=SETTLED, happens=_settle),
        "carried": Scene(playbook=CARRIED, before=_page_in_vain, happens=_page),
        "phishing-triage": Scene(playbook=triage, happens=_triage, inputs=REPORT, actions=installed),
    }


def _carry(setting: Setting, before: Callable[[Recording], None]) -> Mapping[str, StepRecord]:
    """Return what a run brings along from one to which something else happened."""
    first = Recording(setting)
    before(first)
    program, records = first.plan.program, first.state.records
    return choose_carried(program, records, find_start(program, records, None), "run_0000origin00")


def record(name: str, scene: Scene) -> Golden:
    """Let a scene happen and return what was journalled."""
    setting = Setting(
        name=name,
        playbook=scene.playbook,
        inputs=scene.inputs,
        mode=Mode.LIVE,
        created_at=print_timestamp(START),
        actions=list(scene.actions.values()),
    )
    run = Recording(setting, _carry(setting, scene.before) if scene.before else None)
    scene.happens(run)
    assert run.state.status.is_final, run.pending
    return Golden(setting=setting, entries=run.entries, final=run.state)


def main() -> None:
    """Record what is not recorded yet."""
    for name, scene in build_scenes().items():
        file = FOLDER / f"{name}.jsonl"
        if not file.exists():
            record(name, scene).write(file)


if __name__ == "__main__":
    main()
