"""A playbook as a picture sees it: what stands where, what follows what, and who is asked before what."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from soar.expr import print_duration
from soar.model.catalog import Catalog, Effect
from soar.model.playbook import (
    AlertTrigger,
    CallTrigger,
    EventTrigger,
    ManualTrigger,
    Playbook,
    ScheduleTrigger,
    Trigger,
)
from soar.model.step import (
    AfterFailure,
    AskPeople,
    CallPlaybook,
    ChooseSteps,
    Foreach,
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
)
from soar.model.values import JsonValue
from soar.playbook.context import list_awaited
from soar.playbook.finding import clean_text
from soar.playbook.schedule import describe_schedule

ROOT = "playbook"
"""The path of the node that stands for the playbook itself."""

_LONGEST = 500


class NodeKind(StrEnum):
    """What a node does: the playbook itself, or as the kinds of `soar.model.step` have it."""

    PLAYBOOK = "playbook"
    ACTION = "use"
    CALL = "call"
    GROUP = "group"
    PARALLEL = "parallel"
    CHOOSE = "choose"
    SET = "set"
    ASK = "ask"
    WAIT = "wait"
    STOP = "stop"
    FAIL = "fail"
    GATE = "gate"


class Link(StrEnum):
    """Why one node comes after another.

    `order`: the list says so. `needs`: the step says so. `inside`: a group begins with it. `branch`: one of several
    lists. `denied`: the gate ended without a yes. `failed`: something failed. `finally`: in any case, last.
    """

    ORDER = "order"
    NEEDS = "needs"
    INSIDE = "inside"
    BRANCH = "branch"
    DENIED = "denied"
    FAILED = "failed"
    FINALLY = "finally"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateNote:
    """Who is asked before a node.

    Attributes:
        by: principals.
        quorum: a number, or the template that gives one.
        timeout: such as `30m`.
        condition: expression; empty if it always asks.
        goes_on: what follows a no is the next step, not the end.
    """

    by: tuple[str, ...]
    quorum: str
    timeout: str
    condition: str
    goes_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One node comes after another.

    Attributes:
        source: its path.
        target: its path.
        label: such as a branch's name; may be empty.
    """

    source: str
    target: str
    link: Link
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A list of nodes inside a node or behind it.

    Attributes:
        link: how one comes from the node into the list.
        label: for people; may be empty.
        nodes: in the order of the document.
        edges: between these nodes; those that follow from others are left out.
    """

    link: Link
    label: str
    nodes: tuple["Node", ...]
    edges: tuple[Edge, ...]

    @property
    def entries(self) -> tuple["Node", ...]:
        """The nodes with which the list begins."""
        targets = {edge.target for edge in self.edges}
        return tuple(node for node in self.nodes if node.path not in targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step, or the playbook itself.

    Every text is free of what moves a cursor or turns writing around, and otherwise as hostile as its author.

    Attributes:
        path: where it stands in the document, such as `steps/4/steps/0`; `playbook` for the playbook itself.
        detail: what exactly it does, such as the action's name; may be empty.
        effect: of its action; None if it calls none, or one that is not installed.
        foreach: expression of the list that it is done for; empty if it is done once.
        condition: expression under `if`; empty if it is always done.
        undo: `auto`, the action that takes it back, or empty.
        expires: after what time the undo runs by itself; may be empty.
        goes_on: a failure does not end the run.
        lanes: lists of steps inside it, and those that handle a no or a failure.
    """

    path: str
    label: str
    kind: NodeKind
    detail: str
    effect: Effect | None
    gate: GateNote | None
    foreach: str
    condition: str
    undo: str
    expires: str
    goes_on: bool
    lanes: tuple[Lane, ...]


def build_graph(playbook: Playbook, catalog: Catalog) -> Node:
    """Return a playbook as its node, with every step inside.

    Args:
        playbook: as parsed.
        catalog: the installed connectors, which know the effects of actions.
    """
    lists = (
        (Link.ORDER, "", playbook.steps),
        (Link.FAILED, "when a step has failed", playbook.on_failure),
        (Link.FINALLY, "in any case, last", playbook.finally_),
    )
    return Node(
        path=ROOT,
        label=_clean(playbook.name),
        kind=NodeKind.PLAYBOOK,
        detail=_clean(" · ".join(map(_describe_trigger, playbook.triggers))),
        effect=None,
        gate=None,
        foreach="",
        condition="",
        undo="",
        expires="",
        goes_on=False,
        lanes=tuple(_build_lane(link, label, steps, catalog) for link, label, steps in lists if steps),
    )


def walk_nodes(node: Node) -> Iterator[Node]:
    """Yield a node and every node inside it or behind it, in the order of the document."""
    yield node
    for lane in node.lanes:
        for inner in lane.nodes:
            yield from walk_nodes(inner)


def walk_edges(node: Node) -> Iterator[Edge]:
    """Yield every edge of a graph: into each list, and between its nodes."""
    for lane in node.lanes:
        for entry in lane.entries:
            yield Edge(source=node.path, target=entry.path, link=lane.link, label=lane.label)
        yield from lane.edges
        for inner in lane.nodes:
            yield from walk_edges(inner)


def write_graph(root: Node) -> dict[str, JsonValue]:
    """Return a graph as plain data."""
    return {"nodes": [_write_node(node) for node in walk_nodes(root)], "edges": [*map(_write_edge, walk_edges(root))]}


def _describe_trigger(trigger: Trigger) -> str:
    match trigger:
        case AlertTrigger(sources=sources):
            return f"alert from {', '.join(sources)}" if sources else "any alert"
        case ManualTrigger(by=by):
            return f"by hand of {', '.join(by)}" if by else "by hand"
        case CallTrigger():
            return "call of another playbook"
        case ScheduleTrigger():
            return f"schedule {describe_schedule(trigger)} {trigger.timezone}"
        case EventTrigger(type=kind):
            return f"event {kind}"


def _build_lane(link: Link, label: str, steps: tuple[Step, ...], catalog: Catalog) -> Lane:
    nodes = tuple(_build_node(step, catalog) for step in steps)
    return Lane(link=link, label=_clean(label), nodes=nodes, edges=tuple(_list_edges(steps)))


def _list_edges(steps: tuple[Step, ...]) -> Iterator[Edge]:
    awaited = [list_awaited(steps, index) for index in range(len(steps))]
    for index, step in enumerate(steps):
        implied = {earlier for place in awaited[index] for earlier in awaited[place]}
        link = Link.ORDER if step.needs is None else Link.NEEDS
        for place in sorted(awaited[index] - implied):
            yield Edge(source=steps[place].path, target=step.path, link=link, label="")


def _build_node(step: Step, catalog: Catalog) -> Node:
    kind = NodeKind(step.body.kind)
    detail = _clean(_describe_body(step.body))
    use = step.body if isinstance(step.body, UseAction) else None
    undo = use.undo if use else None
    return Node(
        path=step.path,
        label=_clean(step.name or step.id or detail or kind.value),
        kind=kind,
        detail=detail,
        effect=_find_effect(step, catalog),
        gate=None if step.gate is None else _describe_gate(step.gate),
        foreach=_describe_foreach(step.foreach),
        condition=_clean(step.condition or ""),
        undo=_clean(undo.action or "auto") if undo else "",
        expires=_clean(str(use.expires)) if use and use.expires is not None else "",
        goes_on=step.on_failure.then is AfterFailure.CONTINUE,
        lanes=tuple(_list_lanes(step, catalog)),
    )


def _find_effect(step: Step, catalog: Catalog) -> Effect | None:
    action = catalog.find_action(step.body.action) if isinstance(step.body, UseAction) else None
    return action.effect if action else None


def _describe_body(body: StepBody) -> str:
    match body:
        case UseAction(action=name):
            return name
        case CallPlaybook(playbook=name):
            return f"playbook.{name}"
        case ParallelSteps():
            return "at the same time"
        case ChooseSteps():
            return "the first that is true"
        case SetValues(values=values):
            return f"set {', '.join(values)}"
        case AskPeople(to=to):
            return f"ask {to}"
        case StopRun(status=status):
            return f"stop: {status}"
        case WaitWhile() | WaitUntil() | WaitForEvent():
            return _describe_wait(body)
        case _:
            return ""


def _describe_wait(wait: WaitWhile | WaitUntil | WaitForEvent) -> str:
    match wait:
        case WaitWhile(duration=duration):
            return f"wait {print_duration(duration)}"
        case WaitUntil(moment=moment):
            return f"wait until {moment}"
        case WaitForEvent(event=event, timeout=timeout):
            return f"wait for {event}, at most {print_duration(timeout)}"


def _describe_gate(gate: Gate) -> GateNote:
    return GateNote(
        by=tuple(map(_clean, gate.by)),
        quorum=_clean(str(gate.quorum)),
        timeout=print_duration(gate.timeout),
        condition=_clean(gate.condition or ""),
        goes_on=gate.on_deny.then is AfterFailure.CONTINUE,
    )


def _describe_foreach(foreach: Foreach | None) -> str:
    if foreach is None:
        return ""
    return _clean(f"{foreach.name} in {foreach.expression}")


def _list_lanes(step: Step, catalog: Catalog) -> Iterator[Lane]:
    match step.body:
        case GroupSteps(steps=steps):
            yield _build_lane(Link.INSIDE, "", steps, catalog)
        case ParallelSteps(branches=branches):
            for name, steps in branches.items():
                yield _build_lane(Link.BRANCH, name, steps, catalog)
        case ChooseSteps(choices=choices, otherwise=otherwise):
            for choice in choices:
                yield _build_lane(Link.BRANCH, f"when {choice.condition}", choice.steps, catalog)
            if otherwise:
                yield _build_lane(Link.BRANCH, "else", otherwise, catalog)
        case _:
            pass
    if step.gate is not None and step.gate.on_deny.steps:
        yield _build_lane(Link.DENIED, "if denied", step.gate.on_deny.steps, catalog)
    if step.on_failure.steps:
        yield _build_lane(Link.FAILED, "if it fails", step.on_failure.steps, catalog)


def _write_node(node: Node) -> JsonValue:
    gate = node.gate
    return {
        "path": node.path,
        "label": node.label,
        "kind": node.kind.value,
        "detail": node.detail,
        "effect": node.effect.value if node.effect else None,
        "gate": None
        if gate is None
        else {
            "by": [*gate.by],
            "quorum": gate.quorum,
            "timeout": gate.timeout,
            "if": gate.condition,
            "goes_on": gate.goes_on,
        },
        "foreach": node.foreach,
        "if": node.condition,
        "undo": node.undo,
        "expires": node.expires,
        "goes_on": node.goes_on,
    }


def _write_edge(edge: Edge) -> JsonValue:
    return {"source": edge.source, "target": edge.target, "link": edge.link.value, "label": edge.label}


def _clean(text: str) -> str:
    """Return a text on one line, inert and clipped."""
    return clean_text(" ".join(text.split()), _LONGEST)
