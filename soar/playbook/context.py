"""What is known at one place of a playbook: which names stand there, which steps are over, what is certain."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from soar.model.step import Step, list_branches

ROOTS = frozenset({"alert", "inputs", "vars", "config", "steps", "run"})
"""The names that every step can read."""


@dataclass(frozen=True, slots=True)
class Context:
    """A place from which expressions look around.

    Attributes:
        roots: the names that may be read.
        visible: ids of the steps that are over whenever this place is reached.
        conditions: conditions that are true here, as expressions.
        inside: paths of the groups around.
        fallen: paths of the steps that have ended without success here.
        is_alert_certain: an alert is there whatever started the run.
        is_aftermath: the run may have ended anywhere before.
        is_end: the run has come to its end, perhaps by an early `stop`.
    """

    roots: frozenset[str] = ROOTS
    visible: frozenset[str] = frozenset()
    conditions: tuple[str, ...] = ()
    inside: frozenset[str] = frozenset()
    fallen: frozenset[str] = frozenset()
    is_alert_certain: bool = False
    is_aftermath: bool = False
    is_end: bool = False

    def see(self, ids: Iterable[str]) -> "Context":
        """Return the context with more steps over."""
        return replace(self, visible=self.visible.union(ids))

    def know(self, *names: str) -> "Context":
        """Return the context with more names."""
        return replace(self, roots=self.roots.union(names))

    def given(self, condition: str | None) -> "Context":
        """Return the context behind a condition."""
        return self if condition is None else replace(self, conditions=(*self.conditions, condition))

    def enter(self, step: Step) -> "Context":
        """Return the context inside a group."""
        return replace(self, inside=self.inside | {step.path})

    def after_fall_of(self, step: Step) -> "Context":
        """Return the context of the steps that follow a failure or a denial of a step."""
        return replace(self.see(list_ids(step)), fallen=self.fallen | {step.path})


def list_ids(step: Step) -> tuple[str, ...]:
    """Return the ids that can be read once a step is over: its own, and those inside unless they repeat."""
    own = (step.id,) if step.id else ()
    if step.foreach is not None:
        return own
    inner = (step for branch in list_branches(step.body) for step in branch.steps)
    return own + tuple(name for step in inner for name in list_ids(step))


def see_each(steps: tuple[Step, ...], context: Context) -> Iterator[tuple[Step, Context]]:
    """Yield each step of a list with its context: without `needs` it waits for all above it, else for just those.

    What is waited for has itself waited, so that its own are over as well.
    """
    above: frozenset[str] = frozenset()
    over_after: dict[str, frozenset[str]] = {}
    for step in steps:
        needs = step.needs
        over = above if needs is None else frozenset().union(*(over_after.get(name, frozenset()) for name in needs))
        yield step, context.see(over)
        own = list_ids(step)
        above = above.union(own)
        over_after.update(dict.fromkeys(own, over.union(own)))


def list_awaited(steps: tuple[Step, ...], index: int) -> set[int]:
    """Return the positions of the steps that one waits for, by itself or through another."""
    places = {name: place for place, step in enumerate(steps[:index]) for name in list_ids(step)}
    awaited: set[int] = set()
    open_places = [index]
    while open_places:
        place = open_places.pop()
        needs = steps[place].needs
        direct = range(place) if needs is None else {places[name] for name in needs if name in places}
        found = set(direct) - awaited
        awaited |= found
        open_places.extend(found)
    return awaited
