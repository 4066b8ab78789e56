"""What a change of a playbook takes away from what protects people: gates, ways back, limits."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from soar.expr import print_duration
from soar.model.catalog import Catalog, Effect
from soar.model.playbook import Concurrency, Dedupe, OnDuplicate, Overlap, Playbook
from soar.model.run import Mode
from soar.model.step import AfterFailure, AskGate, Assurance, Gate, Template, UseAction
from soar.playbook.placement import Placed


class Weakening(NamedTuple):
    """One thing that protects less than before.

    Attributes:
        field: the key concerned, such as `approve.quorum`.
        message: such as `quorum 2 -> 1`.
    """

    field: str
    message: str


_ASSURANCES: Final = (None, Assurance.LINKED, Assurance.CONFIRMED, Assurance.MFA)
_EFFECTS: Final = (Effect.READ, Effect.WRITE, Effect.DESTRUCTIVE)
_MODES: Final = (Mode.SHADOW, Mode.SUPERVISED, Mode.LIVE)
_COMMENTS: Final = ("optional", "required_on_deny", "required")


def find_weaker_gate(before: Gate, after: Gate) -> Iterator[Weakening]:
    """Yield what makes one gate weaker than another; a longer timeout does not, silence is a no in both."""
    yield from _compare_voters(before, after)
    if after.condition is not None and before.condition is None:
        yield Weakening("if", "it may be switched off: `if` added")
    if before.has_veto and not after.has_veto:
        yield Weakening("veto", "one no decides no longer")
    dropped = [name for name in before.exclude if name not in after.exclude]
    if dropped:
        yield Weakening("exclude", f"no longer excluded: {', '.join(dropped)}")
    if _ASSURANCES.index(after.assurance) < _ASSURANCES.index(before.assurance):
        yield Weakening("assurance", f"assurance {before.assurance} -> {after.assurance or 'by the policy alone'}")
    if before.confirm is not None and after.confirm is None:
        yield Weakening("confirm", "nothing of the playbook's own is to be typed")
    if _COMMENTS.index(after.comment) < _COMMENTS.index(before.comment):
        yield Weakening("comment", f"comment {before.comment} -> {after.comment}")
    if before.per_item and not after.per_item:
        yield Weakening("per", "one yes for all elements")
    if after.on_deny.then is AfterFailure.CONTINUE and before.on_deny.then is not AfterFailure.CONTINUE:
        yield Weakening("on_deny", "the run goes on after a no")


def _compare_voters(before: Gate, after: Gate) -> Iterator[Weakening]:
    fewer = [name for name in before.by if name not in after.by]
    others = [name for name in after.by if name not in before.by]
    if fewer:
        yield Weakening("by", f"fewer may decide: without {', '.join(fewer)}")
    if others:
        yield Weakening("by", f"others may decide: {', '.join(others)}")
    quorum = _compare_quorums(before.quorum, after.quorum)
    if quorum:
        yield Weakening("quorum", quorum)
    told = {*before.by, *after.by, *(step.to for step in before.escalate)}
    late = [step.to for step in after.escalate if step.to not in told]
    if late:
        yield Weakening("escalate", f"others may decide after a while: {', '.join(late)}")


def _compare_quorums(before: Template, after: Template) -> str:
    """Return how a quorum may be lower now; of two that are computed nothing can be said."""
    match before, after:
        case int(), int():
            return f"quorum {before} -> {after}" if after < before else ""
        case int(), _:
            return f"quorum {before} -> computed, which may be less" if before > 1 else ""
        case _, 1:
            return "quorum computed -> 1"
        case _:
            return ""


def find_weaker_step(before: Placed, after: Placed, catalog: Catalog) -> Iterator[Weakening]:
    """Yield what makes a step protect less than the same step did in another playbook."""
    yield from _compare_gates(before, after)
    match before.step.body, after.step.body:
        case UseAction() as old, UseAction() as new:
            yield from _compare_uses(old, new, after, catalog)
        case UseAction(), _:
            return
        case _, UseAction():
            yield from _judge_action(after, catalog)
    if before.step.foreach and after.step.foreach and after.step.foreach.max_items > before.step.foreach.max_items:
        items = f"{before.step.foreach.max_items} -> {after.step.foreach.max_items}"
        yield Weakening("foreach.max_items", f"more elements at once: {items}")


def find_weak_addition(added: Placed, catalog: Catalog) -> Iterator[Weakening]:
    """Yield why a new step protects less than what is usual: it changes the world and nobody is asked."""
    if isinstance(added.step.body, UseAction):
        yield from _judge_action(added, catalog)


def find_weak_removal(removed: Placed) -> Iterator[Weakening]:
    """Yield what goes with a step that is no longer there: a gate that stood on its own."""
    if isinstance(removed.step.body, AskGate):
        yield Weakening("", "gate removed")


def _judge_action(placed: Placed, catalog: Catalog) -> Iterator[Weakening]:
    if not isinstance(placed.step.body, UseAction) or placed.gates:
        return
    effect = _find_effect(placed.step.body, catalog)
    if effect is None:
        yield Weakening("uses", f"`{placed.step.body.action}` is not installed, and has no gate")
    elif effect is not Effect.READ:
        yield Weakening("uses", f"`{placed.step.body.action}` ({effect}) has no gate")


def _compare_gates(before: Placed, after: Placed) -> Iterator[Weakening]:
    old, new = before.step.gate, after.step.gate
    if old is not None:
        instead = new or _find_new_around(before, after)
        if instead is None:
            yield Weakening("approve", "gate removed")
            return
        found = find_weaker_gate(old, instead)
        yield from (Weakening(f"approve.{field}" if new else "approve", message) for field, message in found)
    elif before.gates and not after.gates and isinstance(after.step.body, UseAction):
        yield Weakening("approve", f"no longer behind the gate of {before.gates[-1].label}")


def _find_new_around(before: Placed, after: Placed) -> Gate | None:
    """Return the gate around a step, if there was none before: its own may have moved there."""
    return after.around[-1].gate if after.around and not before.around else None


def _compare_uses(old: UseAction, new: UseAction, after: Placed, catalog: Catalog) -> Iterator[Weakening]:
    effects = _find_effect(old, catalog), _find_effect(new, catalog)
    match effects:
        case (Effect() as was, Effect() as is_now) if _EFFECTS.index(is_now) > _EFFECTS.index(was):
            yield Weakening("uses", f"effect raised: {was} -> {is_now}")
            yield from _judge_action(after, catalog)
        case (_, None) if new.action != old.action:
            yield from _judge_action(after, catalog)
        case _:
            pass
    if old.verify is not None and new.verify is None:
        yield Weakening("verify", "nobody looks whether it was done")
    if old.undo is not None and new.undo is None:
        yield Weakening("undo", "no way back")
    if old.expires is not None and new.expires is None:
        yield Weakening("expires", "it stays until somebody lifts it")
    if old.mask and not new.mask:
        yield Weakening("mask", "outputs are shown")


def find_weaker_playbook(before: Playbook, after: Playbook) -> Iterator[Weakening]:
    """Yield what makes a playbook as a whole protect less: its mode, its limits, the gate of its supervision."""
    if _MODES.index(after.mode) > _MODES.index(before.mode):
        yield Weakening("mode", f"mode {before.mode} -> {after.mode}")
    yield from _compare_dedupe(before.dedupe, after.dedupe)
    yield from _compare_concurrency(before.concurrency, after.concurrency)
    if before.default_gate is not None and after.default_gate is None:
        yield Weakening("defaults.approve", "gate removed")
    elif before.default_gate is not None and after.default_gate is not None:
        found = find_weaker_gate(before.default_gate, after.default_gate)
        yield from (Weakening(f"defaults.approve.{field}", message) for field, message in found)
    for name, spec in after.inputs.items():
        if not spec.is_secret and name in before.inputs and before.inputs[name].is_secret:
            yield Weakening(f"inputs.{name}.secret", "the value is shown")


def _compare_dedupe(before: Dedupe | None, after: Dedupe | None) -> Iterator[Weakening]:
    if before is None:
        return
    if after is None:
        yield Weakening("dedupe", "every alert starts a run")
        return
    if after.window < before.window:
        yield Weakening("dedupe.window", f"window {print_duration(before.window)} -> {print_duration(after.window)}")
    if after.on_duplicate is OnDuplicate.RUN and before.on_duplicate is not OnDuplicate.RUN:
        yield Weakening("dedupe.on_duplicate", "duplicates run")


def _compare_concurrency(before: Concurrency | None, after: Concurrency | None) -> Iterator[Weakening]:
    if before is None:
        return
    if after is None:
        yield Weakening("concurrency", "runs are not kept apart")
        return
    if after.mode is Overlap.PARALLEL and before.mode is not Overlap.PARALLEL:
        yield Weakening("concurrency.mode", f"{before.mode} -> parallel")
    elif after.mode is before.mode is Overlap.PARALLEL and after.limit > before.limit:
        yield Weakening("concurrency.max", f"more at once: {before.limit} -> {after.limit}")


def _find_effect(use: UseAction, catalog: Catalog) -> Effect | None:
    action = catalog.find_action(use.action)
    return action.effect if action else None
