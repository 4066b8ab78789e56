"""What another policy would have made of the writes that were begun."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from soar.model.catalog import ActionSpec
from soar.model.deed import Deed
from soar.model.values import Value
from soar.policy.caps import Cap, CapOutcome, sort_caps
from soar.policy.gates import Policy, required_gate
from soar.policy.protected import find_refusal
from soar.policy.situation import Target

FindAction = Callable[[str], ActionSpec | None]


class Verdict(StrEnum):
    """What a policy makes of a write, if the playbook says nothing."""

    FREE = "free"
    """It is made."""

    ASKED = "asked"
    """People have to say yes."""

    CAPPED = "capped"
    """It is more than a cap allows, and not made."""

    REFUSED = "refused"
    """It would touch what is protected, and is not made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Writes of one action that two policies judge differently, for the same reason.

    Attributes:
        action: `connector.action`.
        before: what the first policy says.
        after: what the second one says.
        why: the rule or cap that decides; of the first policy where the second one has none.
        count: how many writes.
        unasked: how many of them nobody had said yes to.
    """

    action: str
    before: Verdict
    after: Verdict
    why: str
    count: int
    unasked: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two policies held against the same writes.

    Attributes:
        judged: how many writes.
        unknown: how many more there were of actions that are not installed any more.
        shifts: what is judged differently, the most frequent first.
    """

    judged: int
    unknown: int
    shifts: tuple[Shift, ...]


def compare_policies(
    before: Policy, after: Policy, deeds: Iterable[Deed], *, find_action: FindAction, config: Mapping[str, Value]
) -> Comparison:
    """Judge writes by two policies.

    A freeze that a cap sets is not followed up: what comes after it is judged as if it had been lifted at once.

    Args:
        before: the policy in force.
        after: the other one.
        deeds: what was begun, the oldest first.
        find_action: finds an action by its full name.
        config: the server's open settings.
    """
    judges = (_Judge(before, config), _Judge(after, config))
    shifts: dict[tuple[str, Verdict, Verdict, str], Shift] = {}
    judged = unknown = 0
    for deed in deeds:
        spec = find_action(deed.action)
        if spec is None:
            unknown += 1
            continue
        judged += 1
        (first, first_why), (second, second_why) = (judge.judge(deed, spec) for judge in judges)
        if first is second:
            continue
        key = (deed.action, first, second, second_why or first_why)
        known = shifts.get(key) or Shift(
            action=deed.action, before=first, after=second, why=key[-1], count=0, unasked=0
        )
        shifts[key] = replace(known, count=known.count + 1, unasked=known.unasked + (not deed.was_asked))
    ranked = sorted(shifts.values(), key=lambda shift: (-shift.count, shift.action, shift.after))
    return Comparison(judged, unknown, tuple(ranked))


class _Judge:
    """One policy, and what its caps have counted so far."""

    def __init__(self, policy: Policy, config: Mapping[str, Value]) -> None:
        self._policy = policy
        self._config = config
        self._counted: dict[Cap, deque[Deed]] = {cap: deque() for cap in policy.caps}

    def judge(self, deed: Deed, spec: ActionSpec) -> tuple[Verdict, str]:
        """Return a verdict and the rule behind it, empty for a free one; deeds come in the order of their moments."""
        targets = [Target(target) for target in deed.targets]
        refusal = find_refusal(self._policy.protected, spec, targets, None, config=self._config, now=deed.at)
        if refusal is not None:
            return Verdict.REFUSED, refusal.reason
        covering = [cap for cap in self._policy.caps if cap.covers(spec, deed.connection)]
        hit = sort_caps(cap for cap in covering if cap.is_hit(deed.size, self._count(cap, deed)))
        if hit and hit[0].outcome is not CapOutcome.ASK:
            return Verdict.CAPPED, hit[0].name
        for cap in covering:
            self._counted[cap].append(deed)
        if hit:
            return Verdict.ASKED, hit[0].name
        rule = required_gate(self._policy, spec, targets, None, now=deed.at, config=self._config)
        return (Verdict.ASKED, f"policy `{rule.name}`") if rule else (Verdict.FREE, "")

    def _count(self, cap: Cap, deed: Deed) -> int:
        if cap.window is None:
            return 0
        counted = self._counted[cap]
        while counted and counted[0].at <= deed.at - cap.window:
            counted.popleft()
        return sum(each.size for each in counted)
