"""A golden journal: one run of a playbook as it was recorded, with everything that its replay needs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soar.engine.plan import Plan, Program
from soar.engine.replay import apply_changes, dump_changes
from soar.engine.state import RunState
from soar.model.catalog import ActionSpec, Effect, Repeat
from soar.model.run import JournalEntry, Mode
from soar.model.values import JsonValue, load_value, parse_timestamp, print_timestamp
from soar.playbook import parse_playbook

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Under what a run was recorded.

    Attributes:
        playbook: the document, as it was then.
        inputs: plain data.
        actions: what the connectors promised then.
    """

    name: str
    playbook: str
    inputs: Mapping[str, JsonValue]
    mode: Mode
    created_at: str
    actions: Sequence[ActionSpec]

    def build_plan(self) -> Plan:
        playbook, findings = parse_playbook(self.playbook, playbook_id=self.name, file=f"{self.name}.yaml")
        assert playbook is not None, findings
        return Plan(
            workspace="default",
            run="run_0000golden00",
            url="https://soar.example/runs/run_0000golden00",
            program=Program(playbook),
            inputs={name: load_value(content) for name, content in self.inputs.items()},
            alert=None,
            config={},
            mode=self.mode,
            initiator="user:u_ann",
            case=None,
            created_at=parse_timestamp(self.created_at),
            actions={action.full_name: action for action in self.actions},
        )

    def dump(self) -> JsonValue:
        return {
            "name": self.name,
            "playbook": self.playbook,
            "inputs": dict(self.inputs),
            "mode": self.mode.value,
            "created_at": self.created_at,
            "actions": [_dump_action(action) for action in self.actions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """A recorded run.

    Attributes:
        final: the state at its end.
    """

    setting: Setting
    entries: Sequence[JournalEntry]
    final: RunState

    def write(self, file: Path) -> None:
        """Write the run's setting, a line for each entry, and its final state; never over another file."""
        lines = [self.setting.dump(), *map(_dump_entry, self.entries), {"final": _dump_state(self.final)}]
        with file.open("x", encoding="utf-8") as stream:
            stream.writelines(json.dumps(line, sort_keys=True) + "\n" for line in lines)


def read_golden(file: Path) -> Golden:
    """Return a recorded run."""
    first, *middle, last = map(json.loads, file.read_text("utf-8").splitlines())
    entries = [
        JournalEntry(
            sequence=line["sequence"], at=parse_timestamp(line["at"]), event=line["event"], changes=line["changes"]
        )
        for line in middle
    ]
    actions = [
        ActionSpec(**{**action, "effect": Effect(action["effect"]), "repeat": Repeat(action["repeat"])})
        for action in first["actions"]
    ]
    setting = Setting(**{**first, "mode": Mode(first["mode"]), "actions": actions})
    return Golden(setting=setting, entries=entries, final=_load_state(last["final"], len(entries)))


def _dump_entry(entry: JournalEntry) -> JsonValue:
    return {
        "sequence": entry.sequence,
        "at": print_timestamp(entry.at),
        "event": entry.event,
        "changes": entry.changes,
    }


def _dump_state(state: RunState) -> JsonValue:
    return dump_changes(RunState(), state, state.records)


def _load_state(document: JsonValue, sequence: int) -> RunState:
    return apply_changes(RunState(sequence=sequence - 1), document)


def _dump_action(action: ActionSpec) -> JsonValue:
    return {
        "connector": action.connector,
        "name": action.name,
        "title": action.title,
        "effect": action.effect.value,
        "repeat": action.repeat.value,
        "parameters": {},
        "result": {},
        "undo": action.undo,
        "undo_arguments": dict(action.undo_arguments),
        "targets": action.targets,
        "timeout": action.timeout,
        **({"check": action.check, "check_arguments": dict(action.check_arguments)} if action.check else {}),
    }
