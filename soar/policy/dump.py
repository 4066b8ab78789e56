"""A policy as the document that it could have been read from."""

from soar.expr import print_duration
from soar.model.values import JsonValue
from soar.policy.caps import Cap, CapOutcome
from soar.policy.gates import GateRule, Policy
from soar.policy.protected import ProtectedRule


def dump_policy(policy: Policy) -> dict[str, JsonValue]:
    """Return a document that `parse_policy` reads as this very policy."""
    return {
        "gates": [_dump_gate(rule) for rule in policy.gates],
        "silence": "deny",
        "protected": [_dump_protected(rule) for rule in policy.protected],
        "caps": [_dump_cap(cap) for cap in policy.caps],
        "standing": [
            {"action": rule.action, "by": list(rule.by), "longest": print_duration(rule.longest)}
            for rule in policy.standing
        ],
    }


def _dump_gate(rule: GateRule) -> JsonValue:
    require: dict[str, JsonValue] = {
        "by": list(rule.by),
        "quorum": rule.quorum,
        "assurance": rule.assurance.value,
        "exclude": list(rule.exclude),
    }
    return {"name": rule.name, "when": rule.when, "require": "none" if rule.is_free else require}


def _dump_protected(rule: ProtectedRule) -> JsonValue:
    return {**({"kind": rule.kind} if rule.kind is not None else {}), "match": rule.match}


def _dump_cap(cap: Cap) -> JsonValue:
    fields: dict[str, JsonValue] = {
        "action": cap.action,
        "effect": cap.effect.value if cap.effect is not None else None,
        "connection": cap.connection,
        "max": cap.most,
        "per": print_duration(cap.window) if cap.window is not None else None,
        "max_items": cap.most_items,
        "then": f"ask {cap.by[0]}" if cap.outcome is CapOutcome.ASK else cap.outcome.value,
    }
    return {name: value for name, value in fields.items() if value is not None}
