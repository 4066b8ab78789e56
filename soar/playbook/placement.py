"""Where the steps of a playbook stand, and which of them are the same in another one."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from soar.model.playbook import Playbook
from soar.model.step import CallPlaybook, Step, UseAction, list_branches


@dataclass(frozen=True, slots=True)
class Placed:
    """A step in its place.

    Attributes:
        parent: path of the step that its list belongs to; empty for a list of the playbook itself.
        list_name: which of the parent's lists, such as `steps`, `parallel/noise` or `on_deny`.
        around: the steps with gates around it, outermost first, without itself.
    """

    step: Step
    parent: str
    list_name: str
    around: tuple[Step, ...]

    @property
    def gates(self) -> tuple[Step, ...]:
        """The steps whose gates stand before it, outermost first."""
        return self.around if self.step.gate is None else (*self.around, self.step)


@dataclass(frozen=True, slots=True)
class Matching:
    """The steps of two playbooks, side by side; each list is in the order of its document."""

    pairs: tuple[tuple[Placed, Placed], ...]
    removed: tuple[Placed, ...]
    added: tuple[Placed, ...]


def place_steps(playbook: Playbook) -> tuple[Placed, ...]:
    """Return every step of a playbook, handlers included, in its place."""
    lists = (("steps", playbook.steps), ("on_failure", playbook.on_failure), ("finally", playbook.finally_))
    return tuple(placed for name, steps in lists for placed in _place(steps, "", name, ()))


def _place(steps: tuple[Step, ...], parent: str, list_name: str, around: tuple[Step, ...]) -> Iterator[Placed]:
    for step in steps:
        placed = Placed(step, parent, list_name, around)
        yield placed
        for branch in list_branches(step.body):
            yield from _place(branch.steps, step.path, branch.key, placed.gates)
        if step.gate is not None:
            yield from _place(step.gate.on_deny.steps, step.path, "on_deny", ())
        yield from _place(step.on_failure.steps, step.path, "on_failure", ())


def match_steps(before: Sequence[Placed], after: Sequence[Placed]) -> Matching:
    """Return which steps are the same: by id, else by name, else by what they do in which list, else by path.

    A step with an id is never taken for one with another id, unless both have the same name.
    """
    old, new = [*before], [*after]
    found: list[tuple[Placed, Placed]] = []
    for key in (_by_id, _by_name, _by_deed, _by_path):
        found.extend(_pair(old, new, key))
    order = {placed.step.path: place for place, placed in enumerate(after)}
    pairs = sorted(found, key=lambda pair: order[pair[1].step.path])
    return Matching(tuple(pairs), tuple(old), tuple(new))


def _pair(
    old: list[Placed], new: list[Placed], key: Callable[[Placed], Hashable | None]
) -> Iterator[tuple[Placed, Placed]]:
    """Take from both lists, in their order, what has the same key; None is like nothing."""
    waiting: dict[Hashable, list[Placed]] = {}
    for placed in new:
        name = key(placed)
        if name is not None:
            waiting.setdefault(name, []).append(placed)
    for placed in [*old]:
        alike = waiting.get(key(placed))
        if alike:
            other = alike.pop(0)
            old.remove(placed)
            new.remove(other)
            yield placed, other


def _by_id(placed: Placed) -> Hashable | None:
    return placed.step.id


def _by_name(placed: Placed) -> Hashable | None:
    return None if placed.step.name is None else (placed.step.name, placed.step.body.kind)


def _by_deed(placed: Placed) -> Hashable | None:
    step = placed.step
    match step.body:
        case _ if step.id is not None:
            return None
        case UseAction(action=name) | CallPlaybook(playbook=name):
            return placed.parent, placed.list_name, step.body.kind, name
        case body:
            return placed.parent, placed.list_name, body.kind


def _by_path(placed: Placed) -> Hashable | None:
    return None if placed.step.id is not None else (placed.step.path, placed.step.body.kind)
