"""A yes to a part: which elements of a list people allow, and what the question binds to then. Pure.

Whoever says yes may leave elements out, never add any: what is allowed is what every yes so far covers. The digest of
the question is always over exactly these calls.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from soar.engine.gate import digest_calls
from soar.model.approval import Approval, Part, VoteChoice
from soar.model.values import JsonValue


def find_allowed(approval: Approval) -> tuple[Part, ...]:
    """Return the elements that every yes so far covers; none if the question is decided as a whole."""
    chosen = [vote.only for vote in approval.votes if vote.choice is VoteChoice.APPROVE and vote.only]
    return tuple(part for part in approval.course.parts if all(set(part.targets) <= set(only) for only in chosen))


def find_left_out(approval: Approval) -> tuple[Part, ...]:
    """Return the elements that somebody left out with their yes."""
    allowed = find_allowed(approval)
    return tuple(part for part in approval.course.parts if part not in allowed)


def list_calls(approval: Approval) -> Sequence[JsonValue]:
    """Return the calls that a yes is a yes to, as they would be made."""
    calls = approval.card.arguments if isinstance(approval.card.arguments, list) else []
    left_out = {part.path for part in find_left_out(approval)}
    return [call for call in calls if not _is_within(call, left_out)]


def narrow(before: Approval, after: Approval, workspace: str) -> Approval:
    """Return a question after a vote or its return, bound to what the votes allow now.

    One that is not bound to the calls that it shows stays as it is: no vote makes good what was changed behind it.

    Args:
        before: with the votes as they were.
        after: with the votes as they are now.
        workspace: that it is asked in.
    """
    if not after.course.parts or _digest(before, workspace) != before.digest:
        return after
    return replace(after, digest=_digest(after, workspace))


def _digest(approval: Approval, workspace: str) -> str:
    return digest_calls(
        workspace=workspace,
        run=approval.run,
        revision=approval.revision,
        step=approval.step,
        calls=list_calls(approval),
    )


def find_fault(approval: Approval, only: Sequence[str]) -> tuple[str, str] | None:
    """Return why a choice of elements cannot be made, as the code of a refusal and its sentence; None if it can."""
    if not only:
        return None
    if not approval.course.parts:
        return "subset_not_offered", f"{approval.code} is decided as a whole; leave out what you allow of it."
    allowed, chosen = find_allowed(approval), set(only)
    known = set(_list_targets(allowed))
    if chosen - known:
        missing, listed = min(chosen - known), ", ".join(sorted(known)[:5])
        return "subset_unknown", f"{missing} is not among what {approval.code} can still allow: {listed}."
    for part in allowed:
        inside = chosen & set(part.targets)
        if inside and inside != set(part.targets):
            return "subset_divided", f"{', '.join(part.targets)} are allowed together or not at all."
    return None


def confirmation_of(approval: Approval, only: Sequence[str] = ()) -> str:
    """Return what must be typed to say yes to these elements; without any, to all that are allowed so far.

    What the author wants typed stays; what stands for the targets where the author says nothing goes with the choice.
    """
    if approval.confirm != default_confirmation(_list_targets(approval.course.parts)):
        return approval.confirm
    targets = _list_targets(find_allowed(approval))
    return default_confirmation([target for target in targets if not only or target in only])


def default_confirmation(targets: Sequence[str]) -> str:
    """Return what must be typed where the author says nothing: the one target's name, or how many there are."""
    if len(targets) == 1:
        return targets[0]
    return str(len(targets)) if targets else ""


def _list_targets(parts: Sequence[Part]) -> list[str]:
    return [target for part in parts for target in part.targets]


def _is_within(call: JsonValue, paths: Collection[str]) -> bool:
    step = call.get("step") if isinstance(call, dict) else None
    return isinstance(step, str) and any(step == path or step.startswith(f"{path}/") for path in paths)
