"""Every expression and template of a playbook, with what is known where it stands."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from soar.model.playbook import AlertTrigger, EventTrigger, Playbook
from soar.model.step import (
    AskGate,
    AskPeople,
    CallPlaybook,
    ChooseSteps,
    FailStep,
    Gate,
    GroupSteps,
    ParallelSteps,
    SetValues,
    Step,
    StopRun,
    UseAction,
    WaitForEvent,
    WaitUntil,
    WaitWhile,
    list_branches,
)
from soar.model.values import JsonValue
from soar.playbook.context import Context, list_ids, see_each
from soar.playbook.node import Scalar, Spot

_MATCH = re.compile(r"on/(?:[0-9]+/)?(?:alert|event)/match")


class SiteKind(StrEnum):
    """What is expected of a site."""

    CONDITION = "condition"
    EXPRESSION = "expression"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Site:
    """A value of the document that holds expressions.

    Attributes:
        path: of the value.
        source: the bare expression, or the template.
        context: what is known there.
    """

    path: str
    kind: SiteKind
    source: JsonValue
    context: Context


def list_sites(playbook: Playbook, spots: Mapping[str, Spot]) -> list[Site]:
    """Return every expression and template of a playbook, in no particular order."""
    is_alert_certain = bool(playbook.triggers) and all(isinstance(each, AlertTrigger) for each in playbook.triggers)
    base = Context(is_alert_certain=is_alert_certain)
    ids = [name for step in playbook.steps for name in list_ids(step)]
    everything = base.see(ids)
    aftermath = replace(everything, is_aftermath=True)
    sites = [*_list_starting(playbook, spots, base), *_list_steps(playbook.steps, base)]
    sites.extend(_list_steps(playbook.on_failure, aftermath.know("error")))
    sites.extend(_list_steps(playbook.finally_, aftermath))
    sites.extend(_list_map("outputs", playbook.outputs, replace(everything, is_end=True)))
    if playbook.default_gate is not None:
        sites.extend(_list_gate("defaults/approve", playbook.default_gate, base))
    if playbook.default_retry is not None and playbook.default_retry.when is not None:
        path = "defaults/retry/when"
        sites.append(Site(path, SiteKind.CONDITION, playbook.default_retry.when, base.know("error")))
    return [site for site in sites if site.source is not None]


def _list_starting(playbook: Playbook, spots: Mapping[str, Spot], base: Context) -> Iterator[Site]:
    """Yield what is evaluated before the first step."""
    arriving = replace(base, roots=frozenset({"alert", "config"}), is_alert_certain=True)
    happening = replace(base, roots=frozenset({"event", "config"}))
    matches = {each.match for each in playbook.triggers if isinstance(each, AlertTrigger | EventTrigger)}
    for path, spot in spots.items():
        if _MATCH.fullmatch(path) and isinstance(spot.node, Scalar):
            source = strip_delimiters(spot.node.text)
            if source in matches:
                yield Site(path, SiteKind.CONDITION, source, arriving if "/alert/" in path else happening)
    is_event_there = any(isinstance(each, EventTrigger) for each in playbook.triggers)
    given = arriving.know("event") if is_event_there else arriving
    for name, spec in playbook.inputs.items():
        yield Site(f"inputs/{name}/from", SiteKind.EXPRESSION, spec.source, given)
        yield Site(f"inputs/{name}/default", SiteKind.TEMPLATE, spec.default, replace(arriving, is_alert_certain=False))
    yield from _list_map("vars", playbook.variables, replace(base, roots=base.roots - {"steps", "vars"}))
    if playbook.dedupe is not None:
        yield Site("dedupe/key", SiteKind.EXPRESSION, playbook.dedupe.key, arriving.know("inputs"))
    known = replace(base, roots=base.roots - {"steps", "run"})
    if playbook.concurrency is not None:
        yield Site("concurrency/key", SiteKind.EXPRESSION, playbook.concurrency.key, known)
    if playbook.case is not None:
        yield Site("case/title", SiteKind.TEMPLATE, playbook.case.title, known)
        yield Site("case/key", SiteKind.EXPRESSION, playbook.case.key, known)
        yield Site("case/severity", SiteKind.TEMPLATE, playbook.case.severity, known)


def strip_delimiters(text: str) -> str:
    """Return an expression bare that may stand as one whole `${{ }}`."""
    text = text.strip()
    return text[3:-2].strip() if text.startswith("${{") and text.endswith("}}") else text


def _list_steps(steps: tuple[Step, ...], context: Context) -> Iterator[Site]:
    for step, here in see_each(steps, context):
        yield from _list_step(step, here)


def _list_step(step: Step, context: Context) -> Iterator[Site]:
    yield Site(f"{step.path}/if", SiteKind.CONDITION, step.condition, context)
    context = context.given(step.condition)
    if step.foreach is not None:
        yield from _list_foreach(step, step.foreach.expression, context)
        element = context.know("item", "item_index", step.foreach.name)
    else:
        element = context
    if step.gate is not None:
        asked = element if step.gate.per_item else context
        yield from _list_gate(f"{step.path}/approve", step.gate, asked)
        yield from _list_steps(step.gate.on_deny.steps, asked.after_fall_of(step))
    yield from _list_body(step, element)
    yield from _list_steps(step.on_failure.steps, element.after_fall_of(step).know("error"))


def _list_foreach(step: Step, source: str, context: Context) -> Iterator[Site]:
    """Yield both places where the list may stand; only the one in the document is looked at."""
    for path in (f"{step.path}/foreach", f"{step.path}/foreach/in"):
        yield Site(path, SiteKind.EXPRESSION, source, context)


def _list_body(step: Step, context: Context) -> Iterator[Site]:
    match step.body:
        case UseAction() as use:
            yield from _list_use(step.path, use, context)
        case CallPlaybook(arguments=arguments, outputs=outputs):
            yield Site(f"{step.path}/with", SiteKind.TEMPLATE, arguments, context)
            yield from _list_map(f"{step.path}/outputs", outputs, context.know("output"))
        case GroupSteps() | ParallelSteps() | ChooseSteps():
            yield from _list_branches(step, context)
        case body:
            yield from _list_plain(step.path, body, context)


def _list_plain(
    path: str,
    body: SetValues | StopRun | FailStep | AskGate | AskPeople | WaitWhile | WaitUntil | WaitForEvent,
    context: Context,
) -> Iterator[Site]:
    match body:
        case SetValues(values=values):
            yield from _list_map(f"{path}/set", values, context)
        case StopRun(reason=reason):
            yield Site(f"{path}/stop/reason", SiteKind.TEMPLATE, reason, context)
        case FailStep(message=message):
            yield Site(f"{path}/fail", SiteKind.TEMPLATE, message, context)
        case AskPeople(to=to, question=question):
            yield Site(f"{path}/ask/to", SiteKind.TEMPLATE, to, context)
            yield Site(f"{path}/ask/question", SiteKind.TEMPLATE, question, context)
        case WaitUntil(moment=moment):
            yield Site(f"{path}/wait/until", SiteKind.EXPRESSION, moment, context)
        case WaitForEvent(match=match):
            yield Site(f"{path}/wait/for/match", SiteKind.CONDITION, match, context.know("event"))
        case WaitWhile() | AskGate():
            return
        case _:
            assert_never(body)


def _list_branches(step: Step, context: Context) -> Iterator[Site]:
    inner = context.enter(step)
    conditions: dict[str, str] = {}
    if isinstance(step.body, ChooseSteps):
        for index, choice in enumerate(step.body.choices):
            conditions[f"choose/{index}/steps"] = choice.condition
            yield Site(f"{step.path}/choose/{index}/when", SiteKind.CONDITION, choice.condition, context)
    for branch in list_branches(step.body):
        yield from _list_steps(branch.steps, inner.given(conditions.get(branch.key)))


def _list_use(path: str, use: UseAction, context: Context) -> Iterator[Site]:
    yield Site(f"{path}/with", SiteKind.TEMPLATE, use.arguments, context.know("secrets"))
    yield Site(f"{path}/expires", SiteKind.TEMPLATE, use.expires, context)
    yield from _list_map(f"{path}/outputs", use.outputs, context.know("output"))
    if use.poll is not None:
        yield Site(f"{path}/poll/until", SiteKind.CONDITION, use.poll.until, context.know("output"))
    if use.retry is not None:
        yield Site(f"{path}/retry/when", SiteKind.CONDITION, use.retry.when, context.know("error"))
    if use.verify is not None:
        yield Site(f"{path}/verify/with", SiteKind.TEMPLATE, use.verify.arguments, context.know("output"))
        yield Site(f"{path}/verify/until", SiteKind.CONDITION, use.verify.until, context.know("output"))
    if use.undo is not None:
        yield Site(f"{path}/undo/with", SiteKind.TEMPLATE, use.undo.arguments, context.know("output", "secrets"))


def _list_gate(path: str, gate: Gate, context: Context) -> Iterator[Site]:
    yield Site(f"{path}/if", SiteKind.CONDITION, gate.condition, context)
    context = context.given(gate.condition)
    for key, template in (
        ("quorum", gate.quorum),
        ("reason", gate.reason),
        ("impact", gate.impact),
        ("confirm", gate.confirm),
    ):
        yield Site(f"{path}/{key}", SiteKind.TEMPLATE, template, context)
    yield from _list_map(f"{path}/evidence", gate.evidence, context)


def _list_map(path: str, values: Mapping[str, JsonValue], context: Context) -> Iterator[Site]:
    """Yield a map of templates as the one template that it is."""
    if values:
        yield Site(path, SiteKind.TEMPLATE, dict(values), context)
