"""Rules under which alerts are kept and start nothing: asked for each alert, and changed by people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.audit.record import record
from soar.expr import EvaluationError, ExpressionError, Program, Scope, compile_expression
from soar.model.alert import Alert
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.clock import Clock
from soar.model.errors import ConflictError, FieldFault, InputError, NotFoundError
from soar.model.ids import Ids
from soar.model.suppression import Suppression
from soar.model.values import JsonValue, Value, print_timestamp
from soar.store import Store, Unit

MOST_RULES = 100
LONGEST_SUPPRESSION = timedelta(days=90)
LONGEST_MATCH = 4_000
"""Characters of a rule's expression."""

_FRESH = 2.0  # seconds that rules are believed for where other processes may change them
_NAMES = frozenset({"alert", "config"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that is ready to be asked."""

    id: str
    expires_at: datetime
    program: Program


class Rules:
    """The rules of a workspace, read when they have changed and not for each alert.

    A rule that is set here holds for the next alert. Where several processes share the store, the others know it two
    seconds later at most.

    Args:
        store: where they are.
        workspace: whose.
        clock: for moments, and for their age.
    """

    def __init__(self, store: Store, workspace: str, clock: Clock) -> None:
        self._store = store
        self._workspace = workspace
        self._clock = clock
        self._known: tuple[Rule, ...] | None = None
        self._read_at = 0.0
        self._changes = 0

    def forget(self) -> None:
        """Read them anew before the next alert: they have changed."""
        self._known = None
        self._changes += 1

    async def find(self) -> tuple[Rule, ...]:
        """Return the rules that hold; some may have expired since they were read.

        Raises:
            UnavailableError: the store cannot be read now.
        """
        now = self._clock.monotonic()
        if self._known is not None and not (self._store.is_shared and now - self._read_at > _FRESH):
            return self._known
        changes, at = self._changes, self._clock.now()
        stored = await self._store.read(self._workspace, lambda unit: unit.suppressions.list(at))
        rules = tuple(Rule(rule.id, rule.expires_at, compile_expression(rule.match)) for rule in stored)
        if changes == self._changes:
            self._known, self._read_at = rules, now
        return rules


def find_rule(rules: Sequence[Rule], alert: Alert, *, config: Mapping[str, Value], now: datetime) -> str | None:
    """Return the id of the first rule that takes an alert. A field that is missing is a no."""
    if not rules:
        return None
    scope = Scope(names={"alert": alert.to_value(), "config": dict(config)}, now=now)
    return next((rule.id for rule in rules if rule.expires_at > now and _takes(rule, scope)), None)


def _takes(rule: Rule, scope: Scope) -> bool:
    try:
        return rule.program.evaluate(scope) is True
    except EvaluationError:
        return False


def add_rule(unit: Unit, rule: Suppression, *, actor: Actor, ids: Ids, at: datetime) -> None:
    """Set a rule.

    Raises:
        InputError: its expression does not compile or asks for more than `alert` and `config`, or it does not end
            within ninety days.
        ConflictError: there are a hundred already.
    """
    _check_match(rule.match)
    if not at < rule.expires_at <= at + LONGEST_SUPPRESSION:
        hint = "name a moment to come, within ninety days; a longer rule is better written into the playbook's `match`"
        raise InputError("a suppression ends within ninety days", hint=hint, faults=[_fault("expires_at", hint)])
    if len(unit.suppressions.list(at)) >= MOST_RULES:
        raise ConflictError(f"there are {MOST_RULES} rules already", hint="remove one: `soar suppress list`")
    unit.suppressions.add(rule)
    _record(unit, "suppression.added", rule.id, actor, ids, at, after=_describe(rule))


def remove_rule(unit: Unit, rule_id: str, *, actor: Actor, ids: Ids, at: datetime) -> None:
    """Remove a rule; alerts that it took stay as they are.

    Raises:
        NotFoundError: there is no such rule.
    """
    rule = unit.suppressions.get(rule_id)
    if rule is None:
        raise NotFoundError(f"no suppression {rule_id}", hint="`soar suppress list` shows them")
    unit.suppressions.remove(rule_id)
    _record(unit, "suppression.removed", rule_id, actor, ids, at, before=_describe(rule))


def _check_match(match: str) -> None:
    try:
        unknown = compile_expression(match).roots - _NAMES
    except ExpressionError as error:
        raise InputError(
            f"match: {error.message}", code=error.code, hint=error.hint, faults=[_fault("match", error.message)]
        ) from error
    if unknown:
        said = f"only `alert` and `config` are known here, not `{min(unknown)}`"
        raise InputError(f"match: {said}", hint="write it as a playbook's `match`", faults=[_fault("match", said)])


def _fault(field: str, message: str) -> FieldFault:
    return FieldFault(f"/{field}", message)


def _describe(rule: Suppression) -> dict[str, JsonValue]:
    return {"match": rule.match, "reason": rule.reason, "expires_at": print_timestamp(rule.expires_at)}


def _record(
    unit: Unit,
    type_: str,
    rule: str,
    actor: Actor,
    ids: Ids,
    at: datetime,
    *,
    before: dict[str, JsonValue] | None = None,
    after: dict[str, JsonValue] | None = None,
) -> None:
    event = AuditEvent(
        type=type_,
        outcome=Outcome.SUCCESS,
        actor=actor,
        target={"kind": "suppression", "id": rule},
        before=before,
        after=after,
    )
    record(unit, event, at=at, id=ids.new("ev"))
