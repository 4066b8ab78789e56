"""An audit event as one sentence for people."""

from collections.abc import Mapping
from types import MappingProxyType

from soar.audit.document import part_of, text_of
from soar.model.audit import Outcome
from soar.model.values import JsonValue

_VERBS: Mapping[str, str] = MappingProxyType(
    {
        "access.denied": "asked for",
        "action.finished": "heard how it ended:",
        "action.started": "began",
        "alert.received": "sent",
        "alert.refused": "sent what was refused to",
        "approval.answered": "answered",
        "approval.requested": "asked for",
        "approval.voted": "voted on",
        "audit.exported": "exported",
        "audit.proved": "took a proof from",
        "audit.searched": "searched",
        "audit.verified": "checked",
        "playbook.called": "called",
        "response.check_requested": "asked to look at",
        "response.checked": "looked at",
        "response.drifted": "finds gone:",
        "response.escalated": "told people about",
        "response.extended": "extended",
        "response.held": "holds",
        "response.lift_requested": "asked to lift",
        "response.made_permanent": "made permanent:",
        "run.cancel_requested": "asked to cancel",
        "session.ended": "logged out:",
        "session.started": "logged in:",
        "user.roles_changed": "changed the roles of",
    }
)
_MOST_TARGETS = 3
_ENDINGS = {
    Outcome.FAILURE.value: ", which failed",
    Outcome.DENIED.value: ", which was denied",
    Outcome.UNKNOWN.value: ", with an unknown outcome",
}


def describe_event(event: Mapping[str, JsonValue]) -> str:
    """Return who did what to what, how it ended and why, in a sentence.

    The event's own texts stand in it as they are: whoever shows it escapes it as the place demands.

    Args:
        event: the recorded document.
    """
    said = f"{_name_actor(event)} {_say_verb(text_of(event, 'type'))} {_name_target(event)}"
    status = text_of(part_of(event, "after"), "status")
    if status:
        said += f", now {status.replace('_', ' ')}"
    said += _ENDINGS.get(text_of(event, "outcome"), "")
    reason = text_of(event, "reason")
    return f"{said}: {reason}" if reason else said


def _name_actor(event: Mapping[str, JsonValue]) -> str:
    actor = part_of(event, "actor")
    return text_of(actor, "name") or text_of(actor, "id") or text_of(actor, "kind") or "somebody"


def _say_verb(type_: str) -> str:
    """Return what was done; a type says it itself: `noun.verb_in_the_past`."""
    return _VERBS.get(type_) or type_.partition(".")[2].replace("_", " ") or type_ or "did something to"


def _name_target(event: Mapping[str, JsonValue]) -> str:
    target = part_of(event, "target")
    kind = text_of(target, "kind").replace("_", " ")
    name = text_of(target, "name") or text_of(target, "code") or text_of(target, "host") or text_of(target, "id")
    said = " ".join(filter(None, (kind, name))) or "something"
    action = text_of(target, "action")
    if action:
        said += f" ({action})"
    targets = target.get("targets")
    if not isinstance(targets, list) or not targets:
        return said
    shown = ", ".join(str(one) for one in targets[:_MOST_TARGETS])
    more = len(targets) - _MOST_TARGETS
    return f"{said} on {shown}{f' and {more} more' if more > 0 else ''}"
