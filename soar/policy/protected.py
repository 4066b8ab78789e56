"""What no action may touch, whatever anybody approves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from soar.model.catalog import ActionSpec, Effect
from soar.model.values import Value
from soar.policy.situation import Target, describe_situation, holds


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedRule:
    """Targets that stay untouched.

    Attributes:
        match: expression over `action`, `target`, `step` and `config`.
        kind: only targets of this kind; None is all.
    """

    match: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A target that the policy protects, and why in words."""

    target: str
    reason: str


def find_refusal(
    rules: Sequence[ProtectedRule],
    action: ActionSpec,
    targets: Sequence[Target],
    expires: timedelta | None,
    *,
    config: Mapping[str, Value],
    now: datetime,
) -> Refusal | None:
    """Return why this action is refused, or None if nothing it would act on is protected.

    Reads are never refused. A target whose kind is not known counts as of every kind it could be, and a rule without
    a truth value protects: a setting that is missing must not open what it guards.
    """
    if action.effect is Effect.READ:
        return None
    for target in targets:
        scope = describe_situation(action, target, expires, config, now)
        for rule in rules:
            if _may_be(target, rule.kind) and holds(rule.match, scope, on_error=True):
                return Refusal(target.id, f"{target.id} is protected by the policy: {rule.match}")
    return None


def _may_be(target: Target, kind: str | None) -> bool:
    if kind is None or target.kind == kind:
        return True
    if target.kind:
        return False
    return kind != "ip" or _is_address(target.id)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
