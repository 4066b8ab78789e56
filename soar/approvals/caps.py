"""Caps held against the writes that were begun, in the transaction that would begin another one."""

from collections.abc import Sequence
from datetime import datetime

from soar.model.catalog import ActionSpec, Effect
from soar.policy import Cap, CapOutcome, GateRule, Policy, sort_caps
from soar.store import Unit


def measure(targets: int) -> int:
    """Return what a write with so many targets counts as."""
    return max(1, targets)


def find_caps_hit(
    unit: Unit, policy: Policy, spec: ActionSpec, connection: str, targets: int, now: datetime
) -> tuple[Cap, ...]:
    """Return the caps that a write would go beyond now, the gravest first; what is counted is rows of the store.

    Args:
        unit: the transaction.
        policy: the installation's.
        spec: what would be called.
        connection: over which connection.
        targets: how many it names.
        now: the end of each window.
    """
    covering = [cap for cap in policy.caps if cap.covers(spec, connection)]
    return sort_caps(cap for cap in covering if cap.is_hit(measure(targets), _count(unit, cap, now)))


def find_rules(
    unit: Unit, policy: Policy, writes: Sequence[tuple[ActionSpec, str, int]], now: datetime
) -> tuple[GateRule, ...]:
    """Return whom the caps want asked about what one gate covers, each write counted with those before it.

    Args:
        unit: the transaction.
        policy: the installation's.
        writes: action, connection and how many targets are named, of each.
        now: the end of each window.
    """
    asking = [cap for cap in policy.caps if cap.outcome is CapOutcome.ASK]
    return tuple(write_rule(cap) for cap in asking if _is_hit_by_any(unit, cap, writes, now))


def write_rule(cap: Cap) -> GateRule:
    """Return what a cap asks for that has been hit."""
    return GateRule(name=cap.name, when="true", by=cap.by)


def _is_hit_by_any(unit: Unit, cap: Cap, writes: Sequence[tuple[ActionSpec, str, int]], now: datetime) -> bool:
    sizes = [measure(targets) for spec, connection, targets in writes if cap.covers(spec, connection)]
    counted = _count(unit, cap, now) if sizes else 0
    for size in sizes:
        if cap.is_hit(size, counted):
            return True
        counted += size
    return False


def _count(unit: Unit, cap: Cap, now: datetime) -> int:
    if cap.window is None:
        return 0
    only = Effect.DESTRUCTIVE if cap.effect is Effect.DESTRUCTIVE else None
    return unit.deeds.count(now - cap.window, action=cap.action, effect=only, connection=cap.connection)
