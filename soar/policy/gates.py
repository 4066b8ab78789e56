"""Which actions people must be asked about, and how sure we must be of their yes."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from soar.expr import Scope
from soar.model.canonical import digest
from soar.model.catalog import ActionSpec
from soar.model.step import Assurance
from soar.model.values import Value
from soar.policy.caps import Cap
from soar.policy.protected import ProtectedRule
from soar.policy.situation import Target, describe_situation, holds
from soar.policy.standing import StandingRule

NO_CONFIG: Mapping[str, Value] = MappingProxyType({})
_LEVELS = (Assurance.LINKED, Assurance.CONFIRMED, Assurance.MFA)
_SENIORITY = ("role:analyst", "role:soc-lead", "role:incident-commander")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """One rule of the policy about asking.

    Attributes:
        name: what messages call it, such as `gate-destructive`.
        when: expression over `action`, `target`, `step` and `config`.
        by: principals that may decide, such as `role:analyst`.
        quorum: how many different people must say yes.
        assurance: how sure we must be of each.
        exclude: of `initiator`, `author`, `publisher`, `target`: who may not decide.
        is_free: the rule asks nobody; the other fields mean nothing then.
    """

    name: str
    when: str
    by: tuple[str, ...] = ()
    quorum: int = 1
    assurance: Assurance = Assurance.LINKED
    exclude: tuple[str, ...] = ()
    is_free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What stands above every playbook. Silence always means no: there is nothing to set."""

    gates: tuple[GateRule, ...] = ()
    protected: tuple[ProtectedRule, ...] = ()
    caps: tuple[Cap, ...] = ()
    standing: tuple[StandingRule, ...] = ()


DEFAULT_POLICY = Policy(
    gates=(
        GateRule(
            name="gate-destructive",
            when='action.effect == "destructive"',
            by=("role:analyst",),
            assurance=Assurance.CONFIRMED,
        ),
    ),
)
"""What holds where a site has no policy of its own."""


def digest_gates(policy: Policy) -> str:
    """Return what changes with anything that a policy says about asking."""
    return digest(
        [
            [rule.name, rule.when, list(rule.by), rule.quorum, rule.assurance.value, list(rule.exclude), rule.is_free]
            for rule in policy.gates
        ]
    )


def required_gate(
    policy: Policy,
    action: ActionSpec,
    targets: Sequence[Target],
    expires: timedelta | None,
    *,
    now: datetime,
    config: Mapping[str, Value] = NO_CONFIG,
) -> GateRule | None:
    """Return what the policy asks for before this action, or None if it may run ungated.

    All rules that match any of the targets count together: the highest quorum and assurance, every exclusion, and the
    approvers that `combine` leaves. A rule without a truth value here counts as matching. A free rule never outweighs
    one that asks.

    Args:
        policy: the installation's.
        action: what would be called.
        targets: what it would act on; none is one target that nothing is known of.
        expires: after how long it is taken back by itself; None is never.
        now: the moment, for `now()`.
        config: the server's open settings.
    """
    scopes = _describe_all(action, targets, expires, config, now)
    asking = [rule for rule in policy.gates if not rule.is_free and _matches(rule, scopes, any, on_error=True)]
    return functools.reduce(_merge, asking) if asking else None


def find_assurance(
    policy: Policy, action: ActionSpec, *, now: datetime, config: Mapping[str, Value] = NO_CONFIG
) -> Assurance:
    """Return how sure the policy may want to be of those who allow this action, whatever it acts on.

    A rule that depends on the targets or on the step counts, as one of them could meet it.
    """
    scope = describe_situation(action, None, None, config, now)
    asking = (rule for rule in policy.gates if not rule.is_free and _matches(rule, [scope], any, on_error=True))
    return max((rule.assurance for rule in asking), key=_LEVELS.index, default=Assurance.LINKED)


def find_free_rule(
    policy: Policy,
    action: ActionSpec,
    targets: Sequence[Target],
    expires: timedelta | None,
    *,
    now: datetime,
    config: Mapping[str, Value] = NO_CONFIG,
) -> GateRule | None:
    """Return the first rule that lets all the targets go unasked; the audit names it for an action without a gate."""
    scopes = _describe_all(action, targets, expires, config, now)
    free = (rule for rule in policy.gates if rule.is_free and _matches(rule, scopes, all, on_error=False))
    return next(free, None)


def combine(
    by: tuple[str, ...], quorum: int, assurance: Assurance | None, rule: GateRule
) -> tuple[tuple[str, ...], int, Assurance]:
    """Tighten a gate to what a rule asks; nothing becomes laxer.

    Of the gate's approvers stay those the rule names too, and roles senior to one that it names (analyst, soc-lead,
    incident-commander). If none stays, the rule's approvers decide. A gate that nobody may decide stays so. The rule's
    exclusions come on top of the gate's; adding them is the caller's part.

    Args:
        by: who may decide so far.
        quorum: how many must say yes so far.
        assurance: the level so far; None is none.
        rule: a rule that asks.
    """
    admitted = tuple(principal for principal in by if _admits(rule.by, principal))
    strictest = rule.assurance if assurance is None else max(assurance, rule.assurance, key=_LEVELS.index)
    return (admitted or rule.by) if by else (), max(quorum, rule.quorum), strictest


def _describe_all(
    action: ActionSpec,
    targets: Sequence[Target],
    expires: timedelta | None,
    config: Mapping[str, Value],
    now: datetime,
) -> list[Scope]:
    return [describe_situation(action, target, expires, config, now) for target in targets or (Target(""),)]


def _matches(
    rule: GateRule, scopes: Sequence[Scope], how_many: Callable[[Sequence[bool]], bool], *, on_error: bool
) -> bool:
    return how_many([holds(rule.when, scope, on_error=on_error) for scope in scopes])


def _admits(named: tuple[str, ...], principal: str) -> bool:
    if principal in named:
        return True
    if principal not in _SENIORITY:
        return False
    return any(junior in named for junior in _SENIORITY[: _SENIORITY.index(principal)])


def _merge(one: GateRule, other: GateRule) -> GateRule:
    by, quorum, assurance = combine(one.by, one.quorum, one.assurance, other)
    return GateRule(
        name=f"{one.name} + {other.name}",
        when=f"({one.when}) && ({other.when})",
        by=by,
        quorum=quorum,
        assurance=assurance,
        exclude=tuple(dict.fromkeys((*one.exclude, *other.exclude))),
    )
