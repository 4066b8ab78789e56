"""Playbooks by seed, from the whole grammar; the checker has nothing against any of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random  # noqa: TID251 -- the type alone; every stream is a seeded one
from typing import TypeAlias, TypeVar

from soar.model.catalog import ActionSpec, Catalog, Effect, Repeat
from soar.model.playbook import Playbook
from soar.model.step import UNDO_ACTION
from soar.playbook.check import validate_text
from soar.policy import DEFAULT_POLICY
from tests.support.randomness import seeded_random
from tests.support.world import ACTIONS, build_actions_catalog, build_spec

T = TypeVar("T")
Document: TypeAlias = dict[str, object]

_PROBED = build_spec(
    "crm.probe",
    Effect.WRITE,
    Repeat.CHECKABLE,
    check="probed",
    check_arguments={"user": "with.user"},
    targets="user",
)
_PARAMETERS = {"user": {"type": "string"}, "messages": {"type": "array"}, "ticket": {"type": "string"}}
_UNDO_PARAMETERS = {"step": {"type": "string"}, "reason": {"type": "string"}}
_RESULT = {"type": "object", "properties": {"ticket": {"type": "string"}, "count": {"type": "integer"}}}


def _describe(action: ActionSpec) -> ActionSpec:
    properties = _UNDO_PARAMETERS if action.full_name == UNDO_ACTION else _PARAMETERS
    return replace(action, parameters={"type": "object", "properties": properties}, result=_RESULT)


CATALOG: Catalog = build_actions_catalog(
    [_describe(action) for action in (*ACTIONS, _PROBED, build_spec("crm.probed"))]
)
MAIN = "main"
CALLED = "called"
HEARING = "hearing"
TICKING = "ticking"
"""Ids of a scenario's playbooks: those started by alerts, by a call, by an event and by a moment."""

_PEOPLE = ("eve", "mallory", "trudy")
_GATED = ("role:analyst", "role:soc-lead", "user:bob@corp.example", "role:incident-commander")
_EVENTS = ("run.succeeded", "run.failed", "alert.received", "response.lifted", "approval.approved")
_SHORT = ("20s", "5m", "40m", "3h")
_DEEPEST = 3
_MOST_STEPS = 14


@dataclass(frozen=True, slots=True)
class Library:
    """What one scenario's playbooks are, by id: their texts, and what these say."""

    texts: Mapping[str, str]
    playbooks: Mapping[str, Playbook]


@dataclass(slots=True)
class _Author:
    """Writes one document, step by step.

    Attributes:
        looks: decides what is verified; None if nothing is.
        may_call: whether another playbook may be called.
        undoable: ids of the steps so far that hold something.
        readable: ids of the steps that a step at this place may read.
    """

    chance: Random
    looks: Random | None
    prefix: str
    may_call: bool
    count: int = 0
    undoable: list[str] = field(default_factory=list)
    readable: list[str] = field(default_factory=list)

    def pick(self, choices: Sequence[T]) -> T:
        return self.chance.choice(choices)

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def list_steps(self, depth: int, most: int, *, may_gate: bool = True) -> list[Document]:
        """Write a list of steps; in some lists, a few of them name what they wait for."""
        before, siblings = list(self.readable), list[str]()
        has_needs = self.maybe(0.25)
        steps: list[Document] = []
        for _ in range(self.chance.randint(1, most)):
            if steps and self.count >= _MOST_STEPS:
                break
            needs = None
            if has_needs and self.maybe(0.6):
                needs = self.chance.sample(siblings, self.chance.randint(0, min(2, len(siblings))))
            self.readable = [*before, *(siblings if needs is None else needs)]
            held = list(self.undoable)
            if needs is not None:
                self.undoable = [name for name in self.undoable if name in self.readable]
            step = self.write_step(depth, may_gate=may_gate)
            self.undoable = [*dict.fromkeys((*held, *self.undoable))]
            steps.append(step if needs is None else {**step, "needs": needs})
            siblings.append(str(step["id"]))
        self.readable = [*before, *siblings]
        return steps

    def write_step(self, depth: int, *, may_gate: bool) -> Document:
        self.count += 1
        name = f"{self.prefix}{self.count}"
        flat = (self._use,) * 9 + (self._hold,) * 4 + (self._poll, self._wait, self._wait, self._ask)
        flat += (self._set, self._gate_alone, self._stop, self._fail)
        deep = (self._group, self._parallel, self._choose) if depth < _DEEPEST else ()
        write: Callable[[int, bool], Document] = self.pick((*flat, *deep, *deep))
        if self.may_call and self.maybe(0.08):
            write = self._call
        elif self.undoable and self.maybe(0.2):
            write = self._undo
        held = len(self.undoable)
        step = {"id": name, **self._decorate(write(depth, may_gate), depth, may_gate=may_gate)}
        if "undo" in step or len(self.undoable) > held:
            self.undoable.append(name)
        return step

    def _decorate(self, body: Document, depth: int, *, may_gate: bool) -> Document:
        """Add what any step may have."""
        extra: Document = {}
        if self.readable and self.maybe(0.12):
            status = self.pick(("succeeded", "failed", "skipped"))
            extra["if"] = f'steps.{self.pick(self.readable)}.status {self.pick(("==", "!="))} "{status}"'
        if self.maybe(0.45) and "stop" not in body:
            extra["on_failure"] = self._handle(depth, may_gate=may_gate)
        if self.maybe(0.1) and {"steps", "parallel", "choose", "uses"} & body.keys():
            extra["timeout"] = self.pick(("15s", *_SHORT))
        return {**body, **extra}

    def _handle(self, depth: int, *, may_gate: bool) -> object:
        if self.maybe(0.5) or depth >= _DEEPEST or self.count >= _MOST_STEPS:
            return self.pick(("continue",) * 5 + ("stop",))
        return self._inside(depth, may_gate=may_gate)

    def _inside(self, depth: int, *, may_gate: bool) -> list[Document]:
        """Write a list that is not surely gone through: nothing behind it may count on what is in it."""
        readable = list(self.readable)
        steps = self.list_steps(depth + 1, 2, may_gate=may_gate)
        self.readable = readable
        return steps

    def _gate(self, depth: int, *, is_loop: bool, may_switch: bool) -> Document:
        gate: Document = {
            "by": [self.pick(_GATED), "role:analyst"],
            "timeout": self.pick(("10m", "30m", "2h")),
            "reason": "A seed wants it.",
            "exclude": self.pick((["initiator"], [], ["initiator", "target"])),
        }
        if self.maybe(0.2):
            gate["quorum"] = 2
        if self.maybe(0.2):
            gate["veto"] = False
        if self.maybe(0.2):
            gate["on_timeout"] = "fail"
        if self.maybe(0.15):
            gate["escalate"] = [{"after": "5m", "to": "role:incident-commander"}]
        if is_loop and self.maybe(0.5):
            gate["per"] = "item"
        if may_switch and self.readable and self.maybe(0.2):
            gate["if"] = f'steps.{self.pick(self.readable)}.status == "succeeded"'
        if self.maybe(0.4):
            gate["on_deny"] = "continue" if self.maybe(0.5) or depth >= _DEEPEST else self._inside(depth, may_gate=True)
        return gate

    def _loop(self) -> Document:
        elements = self.chance.sample(_PEOPLE, self.chance.randint(0, 3))
        return {
            "in": json.dumps(elements),
            "max_parallel": self.pick((1, 2, 3)),
            "fail_fast": self.maybe(0.6),
        }

    def _use(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- one shape for every kind of step
        action = self.pick(("crm.find", "crm.find", "crm.note", "crm.page", "crm.page", "crm.probe", "crm.wipe"))
        if action == "crm.wipe" and not may_gate:
            action = "crm.page"
        return self._call_action(action, depth, may_gate=may_gate)

    def _hold(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        action = self.pick(("crm.lock", "crm.lock", "crm.probe", "exchange.purge_messages"))
        if action == "exchange.purge_messages" and not may_gate:
            action = "crm.lock"
        step = self._call_action(action, depth, may_gate=may_gate)
        if action == "crm.probe":
            step["undo"] = {"uses": "crm.note", "with": {"user": "${{ output.ticket }}"}}
        else:
            step["undo"] = "auto"
        if self.looks is not None and self.looks.random() < 0.3:
            step["verify"] = _verify(self.looks, action)
        if self.maybe(0.4):
            step["expires"] = self.pick(("30s", "1h", "36h"))
        return step

    def _call_action(self, action: str, depth: int, *, may_gate: bool) -> Document:
        is_loop = may_gate and self.maybe(0.2)
        user: object = "${{ item }}" if is_loop else self._name_user()
        arguments = {"messages": [user]} if action == "exchange.purge_messages" else {"user": user}
        step: Document = {"uses": action, "with": arguments}
        if is_loop:
            step["foreach"] = self._loop()
        is_destructive = action in {"crm.wipe", "exchange.purge_messages"}
        if may_gate and (is_destructive or self.maybe(0.2)):
            step["approve"] = self._gate(depth, is_loop=is_loop, may_switch=not is_destructive)
        if self.maybe(0.2):
            step["retry"] = {
                "attempts": self.pick((1, 2, 4)),
                "delay": self.pick(("1s", "30s")),
                "on": self.pick((["timeout", "unavailable"], ["rate_limited", "unavailable", "conflict"])),
            }
        if self.maybe(0.15):
            step["outputs"] = {"ticket": "${{ output.ticket }}"}
        return step

    def _name_user(self) -> object:
        if self.readable and self.maybe(0.2):
            return f"${{{{ default(steps.{self.pick(self.readable)}.output.ticket, 'nobody') }}}}"
        return self.pick(_PEOPLE)

    def _poll(self, _depth: int, _may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        return {
            "uses": self.pick(("crm.find", "crm.note")),
            "with": {"user": self.pick(_PEOPLE)},
            "poll": {"every": self.pick(("10s", "2m")), "until": "output.count > 5", "timeout": "10m"},
        }

    def _call(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        step: Document = {"uses": f"playbook.{CALLED}", "with": {"user": self.pick(_PEOPLE)}}
        is_loop = may_gate and self.maybe(0.2)
        if is_loop:
            step = {**step, "foreach": self._loop(), "with": {"user": "${{ item }}"}}
        if may_gate and self.maybe(0.2):
            step["approve"] = self._gate(depth, is_loop=is_loop, may_switch=True)
        return step

    def _undo(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        step: Document = {"uses": "core.undo", "with": {"step": self.pick(self.undoable), "reason": "a seed wants it"}}
        if may_gate and self.maybe(0.15):
            step["approve"] = self._gate(depth, is_loop=False, may_switch=True)
        return step

    def _wait(self, _depth: int, _may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        match self.chance.randrange(3):
            case 0:
                return {"wait": self.pick(_SHORT)}
            case 1:
                return {"wait": {"until": f'now() {self.pick("+-")} duration("{self.pick(_SHORT)}")'}}
            case _:
                wait: Document = {"event": self.pick(_EVENTS)}
                if self.maybe(0.3):
                    wait["match"] = "event.data.playbook == run.playbook"
                return {"wait": {"for": wait, "timeout": self.pick(_SHORT), "on_timeout": self._silence()}}

    def _silence(self) -> str:
        return self.pick(("continue", "continue", "fail", "stop"))

    def _ask(self, _depth: int, _may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        fields = {"mine": {"type": "bool", "label": "Was it you?"}, "count": {"type": "int", "default": 3}}
        return {
            "ask": {
                "to": self.pick(("role:analyst", "ann@corp.example", "user:bob@corp.example")),
                "question": "What do you know?",
                "fields": fields,
                "timeout": self.pick(("10m", "2h")),
                "on_timeout": self._silence(),
            }
        }

    def _set(self, _depth: int, _may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        return {"set": {"ticket": self._name_user(), "at": "${{ now() }}"}}

    def _gate_alone(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        if not may_gate:
            return self._set(depth, may_gate)
        return {"approve": self._gate(depth, is_loop=False, may_switch=True)}

    def _stop(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        if self.maybe(0.75):
            return self._use(depth, may_gate)
        return {"stop": {"status": self.pick(("succeeded", "denied", "cancelled")), "reason": "enough"}}

    def _fail(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        return self._use(depth, may_gate) if self.maybe(0.75) else {"fail": "a seed wants it to"}

    def _cover(self, body: Document, depth: int, *, is_covered: bool) -> Document:
        return {**body, "approve": self._gate(depth, is_loop=False, may_switch=False)} if is_covered else body

    def _group(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        is_covered = may_gate and self.maybe(0.25)
        steps = self._inside(depth, may_gate=may_gate and not is_covered)
        body = self._cover({"steps": steps}, depth, is_covered=is_covered)
        if may_gate and not is_covered and self.maybe(0.15):
            body["foreach"] = self._loop()
        return body

    def _parallel(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        is_covered = may_gate and self.maybe(0.2)
        names = ("left", "middle", "right")[: self.chance.randint(2, 3)]
        before = list(self.undoable)
        branches: Document = {}
        found: list[str] = []
        for name in names:
            self.undoable = list(before)
            branches[name] = self._inside(depth, may_gate=may_gate and not is_covered)
            found.extend(self.undoable)
        self.undoable = [*dict.fromkeys(found)]
        body: Document = {"parallel": branches, "fail_fast": self.maybe(0.4)}
        return self._cover(body, depth, is_covered=is_covered)

    def _choose(self, depth: int, may_gate: bool) -> Document:  # noqa: FBT001 -- as above
        before = list(self.undoable)
        condition = f"{self.chance.randint(0, 2)} > 0"
        if self.readable:
            condition = f'steps.{self.pick(self.readable)}.status == "succeeded"'
        found: list[str] = []
        lists: list[list[Document]] = []
        for _ in range(3):
            self.undoable = list(before)
            lists.append(self._inside(depth, may_gate=may_gate))
            found.extend(self.undoable)
        self.undoable = [*dict.fromkeys(found)]
        return {
            "choose": [{"when": condition, "steps": lists[0]}, {"when": "inputs.level > 3", "steps": lists[1]}],
            "else": lists[2],
        }


_INPUTS = {
    "user": {"type": "string", "from": "alert.labels.user", "default": "eve"},
    "level": {"type": "int", "from": "int(alert.labels.level)", "default": 3},
}


def _write_document(chance: Random, looks: Random | None, playbook: str) -> Document:
    author = _Author(chance, looks, playbook[0], may_call=playbook == MAIN)
    document: Document = {
        "name": f"Written by chance: {playbook}",
        "owner": "team:chance",
        "on": _name_triggers(chance, playbook),
    }
    document["inputs"] = {name: dict(spec) for name, spec in _INPUTS.items()}
    if playbook == CALLED:
        document["inputs"] = {"user": {"type": "string"}, "level": {"type": "int", "default": 2}}
    if playbook in {HEARING, TICKING}:
        document["inputs"] = {"level": {"type": "int", "default": 2}}
    document["mode"] = author.pick(("live",) * 8 + ("supervised", "shadow"))
    document["defaults"] = {"approve": {"by": "role:analyst", "timeout": "20m", "exclude": []}}
    if author.maybe(0.3):
        document["timeout"] = author.pick(("2m", "1h", "9h"))
    if author.maybe(0.4):
        document["rollback"] = author.pick(("on_failure", "on_cancel"))
    if author.maybe(0.5):
        document["concurrency"] = {
            "mode": author.pick(("queue", "drop", "replace", "parallel")),
            "max": author.pick((1, 2)),
            **({"key": "inputs.level"} if author.maybe(0.6) else {}),
        }
    if author.maybe(0.4) and playbook == MAIN:
        on_duplicate = author.pick(("attach", "drop", "run"))
        document["dedupe"] = {"key": "inputs.user", "window": "1h", "on_duplicate": on_duplicate}
    document["steps"] = author.list_steps(0, 6 if playbook == MAIN else 2)
    if author.maybe(0.3):
        document["on_failure"] = author.list_steps(1, 2)
    if author.maybe(0.4):
        document["finally"] = author.list_steps(1, 2)
    document["outputs"] = {"user": "${{ inputs.level }}"}
    return document


def _verify(chance: Random, action: str) -> object:
    looks = {
        "attempts": chance.choice((1, 3)),
        "every": chance.choice(("1s", "30s")),
        "timeout": chance.choice(("20s", "5m")),
    }
    named = {"uses": "crm.find", "with": {"ticket": "${{ output.ticket }}"}, "until": "output.count > 5"}
    return chance.choice(("auto", looks) if action == "crm.lock" else ({**named, **looks}, named))


def _name_triggers(chance: Random, playbook: str) -> Document:
    match playbook:
        case "main":
            return {"alert": {"source": "siem", "match": 'alert.labels.level != "0"'}, "manual": {}}
        case "called":
            return {"call": {}, "manual": {}}
        case "ticking":
            cron, catch_up = chance.choice((("0 */6 * * *", "none"), ("30 6 * * *", "latest"), ("0 0 1 1 *", "all")))
            return {"schedule": {"cron": cron, "catch_up": catch_up}, "manual": {}}
        case _:
            return {"event": {"type": "run.failed", "match": f'event.data.playbook == "{MAIN}"'}, "manual": {}}


def write_playbook(seed: int, playbook: str = MAIN, *, may_verify: bool = True) -> str:
    """Return the text of this seed's playbook."""
    return _write(seed, playbook, may_verify=may_verify)[0]


def _write(seed: int, playbook: str, *, may_verify: bool = True) -> tuple[str, Playbook]:
    """Return text and content of the first of a seed's drafts that the checker has nothing against."""
    for draft in range(100):
        looks = seeded_random(seed, f"{playbook}/{draft}/looks") if may_verify else None
        document = _write_document(seeded_random(seed, f"{playbook}/{draft}"), looks, playbook)
        text = json.dumps(document, indent=1)
        written, _ = validate_text(
            text, playbook_id=playbook, file=f"{playbook}.yaml", catalog=CATALOG, policy=DEFAULT_POLICY
        )
        if written is not None:
            return text, written
    raise AssertionError(f"seed {seed} writes no playbook that can be used")


def write_library(seed: int) -> Library:
    """Return the playbooks of a scenario."""
    chance = seeded_random(seed, "library")
    started = [name for name in (HEARING, TICKING) if chance.random() < 0.3]
    names = (MAIN, CALLED, *started)
    found = {name: _write(seed, name) for name in names}
    return Library(
        texts={name: text for name, (text, _) in found.items()},
        playbooks={name: playbook for name, (_, playbook) in found.items()},
    )
