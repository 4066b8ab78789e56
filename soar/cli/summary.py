"""What `soar playbook show` tells: a playbook in words, and the worst that it can do."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from soar.app.library import Checker
from soar.app.site import read_site
from soar.cli.client import connect
from soar.cli.output import Line, count
from soar.cli.site import find_settings
from soar.expr import print_duration
from soar.model.catalog import Catalog, Effect
from soar.model.playbook import Playbook
from soar.model.step import (
    AfterFailure,
    AskGate,
    AskPeople,
    Branch,
    CallPlaybook,
    ChooseSteps,
    FailStep,
    Gate,
    GroupSteps,
    ParallelSteps,
    SetValues,
    Step,
    StepBody,
    StopRun,
    UseAction,
    WaitForEvent,
    WaitUntil,
    WaitWhile,
    list_branches,
)
from soar.model.values import JsonValue
from soar.playbook import Loaded, render_text
from soar.playbook.effects import Change, EffectReport, WayBack, describe_gate, report_effects

_MARKS = {Effect.READ: "read", Effect.WRITE: "write", Effect.DESTRUCTIVE: "destructive"}
_STYLES = {"write": "yellow", "destructive": "red", "unknown": "red"}
_SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class Shown:
    """A playbook that was found, and what it is shown against."""

    loaded: Loaded
    catalog: Catalog


def find_playbook(name: str, config: Path | None) -> Shown:
    """Return a playbook by its name on the command line.

    Args:
        name: a file; else the id of one in the site's folder; else the id of one that serves.
        config: the site's settings; None means the usual file, if it is there.

    Raises:
        NotFoundError: nothing is called so.
        InputError: the site's files do not fit.
    """
    settings = find_settings(config)
    site = read_site(settings)
    path = Path(name)
    own = settings.paths.playbooks / f"{name}{_SUFFIX}"
    file = path if path.is_file() or path.suffix == _SUFFIX else own
    loaded = site.checker.check_file(file) if file is path or file.is_file() else _ask_server(name, site.checker)
    findings = tuple(replace(finding, file=str(loaded.file)) for finding in loaded.findings)
    return Shown(replace(loaded, findings=findings), site.catalog)


def _ask_server(name: str, checker: Checker) -> Loaded:
    text = connect().get("playbooks", name).text("text")
    file = f"{name}{_SUFFIX}"
    playbook, findings = checker.check(name, text, file)
    return Loaded(Path(file), playbook, text, tuple(findings))


def tell_faults(loaded: Loaded) -> Iterator[Line]:
    """Yield why a playbook is none."""
    yield Line(f"✖ {loaded.file} is no good playbook", "red")
    for finding in loaded.findings:
        yield from (Line(line) for line in render_text(finding).split("\n"))


def tell_playbook(playbook: Playbook, catalog: Catalog) -> Iterator[Line]:
    """Yield what a playbook is, does and may do at worst."""
    report = report_effects(playbook, catalog)
    yield Line(playbook.name, "bold")
    state = playbook.mode.value if playbook.is_enabled else "disabled"
    yield Line(" · ".join((playbook.id, playbook.owner or "nobody answers for it", state)))
    if playbook.description:
        yield Line(playbook.description)
    yield from _tell_chapter("May be started by", [Line(starter) for starter in report.starters])
    yield from _tell_chapter("Inputs", [*_tell_inputs(playbook)])
    for title, steps in (
        ("Steps", playbook.steps),
        ("If it fails", playbook.on_failure),
        ("Always", playbook.finally_),
    ):
        yield from _tell_chapter(title, [*_tell_steps(steps, catalog, "")])
    yield from _tell_chapter(f"Worst case: {_name_worst(report)}", [*_tell_changes(report)])
    yield from _tell_chapter("Needs", [*_tell_needs(report)])


def _tell_chapter(title: str, lines: list[Line]) -> Iterator[Line]:
    if lines:
        yield Line()
        yield Line(title, "bold")
        yield from (Line(f"  {line.text}", line.style) for line in lines)


def _tell_inputs(playbook: Playbook) -> Iterator[Line]:
    inputs = playbook.inputs.values()
    names = max((len(spec.id) for spec in inputs), default=0)
    types = max((len(spec.type) for spec in inputs), default=0)
    for spec in inputs:
        origin = f"from {spec.source}" if spec.source else "given by hand"
        fallback = f", else {json.dumps(spec.default, ensure_ascii=False)}" if spec.has_default else ""
        yield Line(f"{spec.id:<{names}}  {spec.type:<{types}}  {origin}{fallback}")


def _tell_steps(steps: tuple[Step, ...], catalog: Catalog, before: str) -> Iterator[Line]:
    indent = " " * 4 * before.count(".")
    for index, step in enumerate(steps, 1):
        number = f"{before}{index}"
        mark = _mark(step, catalog)
        told = f"[{mark}] " if mark else ""
        yield Line(f"{indent}{number}. {told}{step.name or _tell_body(step)}", _STYLES.get(mark, ""))
        for detail in _tell_details(step):
            yield Line(f"{indent}{' ' * (len(number) + 2)}{detail}", "dim")
        for branch in list_branches(step.body):
            title = _name_branch(step.body, branch)
            if title and branch.steps:
                yield Line(f"{indent}{' ' * (len(number) + 2)}{title}:", "dim")
            yield from _tell_steps(branch.steps, catalog, f"{number}.")
        yield from _tell_handler("after a no", step.gate.on_deny.steps if step.gate else (), catalog, number)
        yield from _tell_handler("if it fails", step.on_failure.steps, catalog, number)


def _name_branch(body: StepBody, branch: Branch) -> str:
    """Return what is written above a list of steps; nothing above the one of a group."""
    match body:
        case ChooseSteps(choices=choices):
            index = branch.key.removeprefix("choose/").removesuffix("/steps")
            return f"when {choices[int(index)].condition}" if index.isdigit() else "else"
        case ParallelSteps():
            return branch.key.removeprefix("parallel/")
        case _:
            return ""


def _tell_handler(when: str, steps: tuple[Step, ...], catalog: Catalog, number: str) -> Iterator[Line]:
    if steps:
        yield Line(f"{' ' * 4 * number.count('.')}{' ' * (len(number) + 2)}{when}:", "dim")
        yield from _tell_steps(steps, catalog, f"{number}.")


def _mark(step: Step, catalog: Catalog) -> str:
    if not isinstance(step.body, UseAction):
        return ""
    action = catalog.find_action(step.body.action)
    return "unknown" if action is None else _MARKS[action.effect]


def _tell_body(step: Step) -> str:
    match step.body:
        case UseAction(action=action):
            return action
        case CallPlaybook(playbook=playbook):
            return f"playbook.{playbook}"
        case GroupSteps(steps=steps):
            return f"a group of {count(len(steps), 'step')}"
        case ParallelSteps(branches=branches):
            return f"{', '.join(branches)} beside each other"
        case ChooseSteps():
            return "the first that is true"
        case AskGate():
            return "ask"
        case AskPeople(to=to, fields=fields):
            return f"ask {to} for {', '.join(fields)}"
        case body:
            return _tell_plain(body)


def _tell_plain(body: SetValues | StopRun | FailStep | WaitWhile | WaitUntil | WaitForEvent) -> str:
    match body:
        case SetValues(values=values):
            return f"set {', '.join(values)}"
        case StopRun(status=status):
            return f"end the run as {status}"
        case FailStep():
            return "fail"
        case WaitWhile(duration=duration):
            return f"wait {print_duration(duration)}"
        case WaitUntil(moment=moment):
            return f"wait until {moment}"
        case WaitForEvent(event=event):
            return f"wait for {event}"
        case _:
            assert_never(body)


def _tell_details(step: Step) -> Iterator[str]:
    if step.name:
        yield _tell_body(step)
    if step.condition:
        yield f"if {step.condition}"
    if step.foreach:
        yield f"for each of {step.foreach.expression}, at most {step.foreach.max_items:,}"
    if step.gate:
        yield f"asks {_tell_gate(step.gate)}"
    if isinstance(step.body, UseAction) and step.body.undo:
        yield "can be taken back" + (f", by itself after {step.body.expires}" if step.body.expires else "")
    if step.on_failure.then is AfterFailure.CONTINUE:
        yield "goes on if it fails"


def _tell_gate(gate: Gate) -> str:
    asked = describe_gate(gate)
    when = f" if {asked.condition}" if asked.condition else ""
    return f"{' or '.join(asked.by)}{when}: {asked.quorum} needed, within {print_duration(asked.timeout)}"


def _name_worst(report: EffectReport) -> str:
    if not report.changes:
        return "it only reads"
    return "unknown" if report.worst is None else report.worst.value


def _tell_changes(report: EffectReport) -> Iterator[Line]:
    for change in report.changes:
        effect = change.effect.value if change.effect else "unknown"
        times = "once" if change.most == 1 else f"{change.most:,} times"
        told = (f"at most {times}", f"through {change.connection}", _tell_question(change), _tell_way_back(change))
        yield Line(f"{change.action} ({effect}): {', '.join(told)}", _STYLES.get(effect, ""))


def _tell_question(change: Change) -> str:
    if not change.asked:
        return "without asking"
    who = " and ".join(" or ".join(question.by) for question in change.asked)
    return f"after a yes of {who}" if change.is_gated else f"sometimes without asking {who}"


def _tell_way_back(change: Change) -> str:
    match change.way_back:
        case WayBack.NONE:
            return "cannot be undone"
        case WayBack.INVERSE | WayBack.OWN:
            return f"undone by {change.undo}" + (f" after {change.expires}" if change.expires else "")
        case _:
            assert_never(change.way_back)


def _tell_needs(report: EffectReport) -> Iterator[Line]:
    for one in report.connections:
        kind = f" ({one.connector})" if one.connector != one.id else ""
        filled = f", with credentials for {', '.join(one.credentials)}" if one.credentials else ""
        yield Line(f"connection {one.id}{kind}{filled}")
    yield from (Line(f"credential {name}") for name in report.secrets)


def write_playbook(playbook: Playbook, catalog: Catalog) -> JsonValue:
    """Return a playbook and the worst that it can do as plain data."""
    return {
        "id": playbook.id,
        "name": playbook.name,
        "description": playbook.description,
        "owner": playbook.owner,
        "tags": list(playbook.tags),
        "mode": playbook.mode.value,
        "is_enabled": playbook.is_enabled,
        "inputs": [
            {
                "id": spec.id,
                "type": spec.type,
                "from": spec.source,
                "has_default": spec.has_default,
                "default": spec.default,
                "description": spec.description,
            }
            for spec in playbook.inputs.values()
        ],
        "steps": _write_steps(playbook.steps, catalog),
        "on_failure": _write_steps(playbook.on_failure, catalog),
        "finally": _write_steps(playbook.finally_, catalog),
        "effects": report_effects(playbook, catalog).to_json(),
    }


def _write_steps(steps: tuple[Step, ...], catalog: Catalog) -> list[JsonValue]:
    return [
        {
            "path": step.path,
            "id": step.id,
            "label": step.label,
            "does": _tell_body(step),
            "effect": _mark(step, catalog) or None,
            "if": step.condition,
            "foreach": None if step.foreach is None else step.foreach.expression,
            "gate": describe_gate(step.gate).to_json() if step.gate else None,
            "steps": [each for branch in list_branches(step.body) for each in _write_steps(branch.steps, catalog)],
            "on_deny": _write_steps(step.gate.on_deny.steps, catalog) if step.gate else [],
            "on_failure": _write_steps(step.on_failure.steps, catalog),
        }
        for step in steps
    ]
