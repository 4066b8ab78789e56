"""What a rule of the policy sees of an action that is about to happen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.expr import EvaluationError, Scope, compile_expression
from soar.model.catalog import ActionSpec
from soar.model.values import Value

FIELDS: Mapping[str, tuple[str, ...]] = {
    "action": ("id", "connector", "name", "effect", "reversible"),
    "target": ("id", "kind", "tags"),
    "step": ("expires",),
}
"""The names that a rule may read besides `config`, and their fields."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that an action is about to act on.

    Attributes:
        id: what the playbook calls it: an address, a host, a user.
        kind: the observable's type, such as `ip`; empty if it is not known.
        tags: what the site says of it, such as `tier0`.
    """

    id: str
    kind: str = ""
    tags: tuple[str, ...] = ()


def describe_situation(
    action: ActionSpec, target: Target | None, expires: timedelta | None, config: Mapping[str, Value], now: datetime
) -> Scope:
    """Return the scope that a rule is evaluated in.

    Args:
        action: what would be called.
        target: what it would act on; None where neither that nor the step is known yet, and a rule that reads either
            has no truth value.
        expires: after how long the step is taken back by itself; None is never.
        config: the server's open settings.
        now: the moment, for `now()`.
    """
    names: dict[str, Value] = {
        "action": {
            "id": action.full_name,
            "connector": action.connector,
            "name": action.name,
            "effect": action.effect.value,
            "reversible": action.is_reversible,
        },
        "config": dict(config),
    }
    if target is not None:
        names["target"] = {"id": target.id, "kind": target.kind, "tags": list(target.tags)}
        names["step"] = {"expires": expires}
    return Scope(names=names, now=now)


def holds(expression: str, scope: Scope, *, on_error: bool) -> bool:
    """Say whether a rule's expression is true here.

    Args:
        expression: the rule's text, which `parse_policy` has compiled before.
        scope: from `describe_situation`.
        on_error: the answer where the expression has no truth value here, such as where it compares an expiry that is
            not given. The caller names the safe side.
    """
    try:
        value = compile_expression(expression).evaluate(scope)
    except EvaluationError:
        return on_error
    return value if isinstance(value, bool) else on_error
