"""Plain data to a checked policy, or all that is wrong with it at once."""

import difflib
from collections.abc import Iterable
from datetime import timedelta

from soar.expr import ExpressionError, StaticType, compile_expression, parse_duration
from soar.model.catalog import Effect
from soar.model.errors import FieldFault, InputError
from soar.model.step import EXCLUDABLE, Assurance
from soar.model.values import JsonValue
from soar.policy.caps import Cap, CapOutcome
from soar.policy.gates import GateRule, Policy
from soar.policy.protected import ProtectedRule
from soar.policy.situation import FIELDS
from soar.policy.standing import StandingRule

_PRINCIPALS = ("role:", "user:", "group:", "oncall:")
_LARGEST_QUORUM = 10
_NAMELESS = "?"
_CAP_KEYS = ("action", "effect", "connection", "max", "per", "max_items", "then")
_CAP_NAMES = ("action", "connection")
_CAP_COUNTS = ("max", "max_items")
_LONGEST_WINDOW = timedelta(days=30)
_ASK = "ask "


def parse_policy(plain: JsonValue) -> Policy:
    """Read a policy.

    Args:
        plain: the document, read from YAML or JSON elsewhere.

    Raises:
        InputError: anything is unknown, missing or malformed; every fault with its JSON pointer.
    """
    reader = _Reader()
    policy = reader.read_policy(plain)
    if reader.faults:
        count = len(reader.faults)
        first = reader.faults[0]
        raise InputError(
            f"the policy has {count} fault{'' if count == 1 else 's'}; at {first.pointer or '/'}: {first.message}",
            code="invalid_policy",
            hint="correct it and load it again; until then the policy in force stays",
            faults=reader.faults,
        )
    return policy


class _Reader:
    """Reads one document and collects its faults."""

    def __init__(self) -> None:
        self.faults: list[FieldFault] = []

    def read_policy(self, plain: JsonValue) -> Policy:
        fields = self._read_map(plain, "", known=("gates", "silence", "protected", "caps", "standing"))
        if fields.get("silence", "deny") != "deny":
            self._fault("/silence", "must be `deny`: silence never approves")
        gates = [
            self._read_gate(gate, f"/gates/{index}")
            for index, gate in enumerate(self._read_list(fields.get("gates", []), "/gates"))
        ]
        names = [gate.name for gate in gates]
        for index, name in enumerate(names):
            if name != _NAMELESS and name in names[:index]:
                self._fault(f"/gates/{index}/name", f"`{name}` names two rules")
        protected = [
            self._read_protected(rule, f"/protected/{index}")
            for index, rule in enumerate(self._read_list(fields.get("protected", []), "/protected"))
        ]
        caps = [
            self._read_cap(cap, f"/caps/{index}")
            for index, cap in enumerate(self._read_list(fields.get("caps", []), "/caps"))
        ]
        standing = [
            self._read_standing(rule, f"/standing/{index}")
            for index, rule in enumerate(self._read_list(fields.get("standing", []), "/standing"))
        ]
        return Policy(gates=tuple(gates), protected=tuple(protected), caps=tuple(caps), standing=tuple(standing))

    def _read_gate(self, plain: JsonValue, pointer: str) -> GateRule:
        fields = self._read_map(plain, pointer, known=("name", "when", "require"), needed=("name", "when", "require"))
        name = self._read_text(fields.get("name", _NAMELESS), f"{pointer}/name")
        when = self._read_expression(fields.get("when", "true"), f"{pointer}/when")
        require = fields.get("require", "none")
        if require == "none":
            return GateRule(name=name, when=when, is_free=True)
        return self._read_require(require, f"{pointer}/require", name, when)

    def _read_require(self, plain: JsonValue, pointer: str, name: str, when: str) -> GateRule:
        fields = self._read_map(plain, pointer, known=("by", "quorum", "assurance", "exclude"), needed=("by",))
        quorum = fields.get("quorum", 1)
        if isinstance(quorum, bool) or not isinstance(quorum, int) or not 1 <= quorum <= _LARGEST_QUORUM:
            self._fault(f"{pointer}/quorum", f"must be a whole number from 1 to {_LARGEST_QUORUM}")
            quorum = 1
        level = self._read_choice(fields.get("assurance", "linked"), f"{pointer}/assurance", [*Assurance])
        return GateRule(
            name=name,
            when=when,
            by=self._read_principals(fields.get("by", "role:?"), f"{pointer}/by"),
            quorum=quorum,
            assurance=Assurance(level) if level else Assurance.MFA,
            exclude=tuple(
                self._read_choice(entry, f"{pointer}/exclude/{index}", EXCLUDABLE)
                for index, entry in enumerate(self._read_list(fields.get("exclude", []), f"{pointer}/exclude"))
            ),
        )

    def _read_protected(self, plain: JsonValue, pointer: str) -> ProtectedRule:
        fields = self._read_map(plain, pointer, known=("kind", "match"), needed=("match",))
        kind = None if "kind" not in fields else self._read_text(fields["kind"], f"{pointer}/kind")
        return ProtectedRule(kind=kind, match=self._read_expression(fields.get("match", "true"), f"{pointer}/match"))

    def _read_cap(self, plain: JsonValue, pointer: str) -> Cap:
        fields = self._read_map(plain, pointer, known=_CAP_KEYS)
        if ("max" in fields) is not ("per" in fields):
            self._fault(pointer, "`max` and `per` belong together, such as max: 20, per: 1h")
        if not {"max", "max_items"} & fields.keys():
            self._fault(pointer, "a cap needs `max` with `per`, or `max_items`")
        if not {"action", "effect", "connection"} & fields.keys():
            self._fault(pointer, "a cap names an `action`, an `effect` or a `connection`")
        names = {key: self._read_text(fields[key], f"{pointer}/{key}") for key in _CAP_NAMES if key in fields}
        counts = {key: self._read_count(fields[key], f"{pointer}/{key}") for key in _CAP_COUNTS if key in fields}
        outcome, by = self._read_then(fields.get("then", CapOutcome.REFUSE.value), f"{pointer}/then")
        return Cap(
            action=names.get("action"),
            effect=self._read_effect(fields["effect"], f"{pointer}/effect") if "effect" in fields else None,
            connection=names.get("connection"),
            most=counts.get("max"),
            window=self._read_window(fields["per"], f"{pointer}/per") if "per" in fields else None,
            most_items=counts.get("max_items"),
            outcome=outcome,
            by=by,
        )

    def _read_standing(self, plain: JsonValue, pointer: str) -> StandingRule:
        fields = self._read_map(plain, pointer, known=("action", "by", "longest"), needed=("action", "by", "longest"))
        return StandingRule(
            action=self._read_text(fields.get("action", _NAMELESS), f"{pointer}/action"),
            by=self._read_principals(fields.get("by", "role:?"), f"{pointer}/by"),
            longest=self._read_window(fields.get("longest", "1h"), f"{pointer}/longest"),
        )

    def _read_effect(self, plain: JsonValue, pointer: str) -> Effect:
        chosen = self._read_choice(plain, pointer, (Effect.WRITE, Effect.DESTRUCTIVE))
        return Effect(chosen) if chosen else Effect.WRITE

    def _read_count(self, plain: JsonValue, pointer: str) -> int:
        if isinstance(plain, int) and not isinstance(plain, bool) and plain >= 0:
            return plain
        self._fault(pointer, "must be a whole number, zero or more")
        return 0

    def _read_window(self, plain: JsonValue, pointer: str) -> timedelta:
        try:
            window = parse_duration(plain) if isinstance(plain, str) else timedelta()
        except ExpressionError:
            window = timedelta()
        if not timedelta() < window <= _LONGEST_WINDOW:
            self._fault(pointer, "must be a duration of up to 30d, such as 1h")
            return _LONGEST_WINDOW
        return window

    def _read_then(self, plain: JsonValue, pointer: str) -> tuple[CapOutcome, tuple[str, ...]]:
        if isinstance(plain, str) and plain.startswith(_ASK):
            return CapOutcome.ASK, self._read_principals(plain.removeprefix(_ASK), pointer)
        if isinstance(plain, str) and plain in {CapOutcome.REFUSE.value, CapOutcome.FREEZE.value}:
            return CapOutcome(plain), ()
        self._fault(pointer, "must be refuse, freeze, or ask with who decides, such as ask role:soc-lead")
        return CapOutcome.REFUSE, ()

    def _read_principals(self, plain: JsonValue, pointer: str) -> tuple[str, ...]:
        listed = plain if isinstance(plain, list) else [plain]
        if not listed:
            self._fault(pointer, "an empty list means nobody, and nothing could ever be approved")
        for index, principal in enumerate(listed):
            text = principal if isinstance(principal, str) else ""
            if not any(text.startswith(prefix) and text != prefix for prefix in _PRINCIPALS):
                place = f"{pointer}/{index}" if isinstance(plain, list) else pointer
                self._fault(place, "must be role:…, user:…, group:… or oncall:…")
        return tuple(str(principal) for principal in listed)

    def _read_expression(self, plain: JsonValue, pointer: str) -> str:
        if not isinstance(plain, str):
            self._fault(pointer, 'must be an expression, such as action.effect == "destructive"')
            return "true"
        try:
            program = compile_expression(plain)
        except ExpressionError as error:
            self._fault(
                pointer, f"{error.message} (character {error.position + 1}){'; ' + error.hint if error.hint else ''}"
            )
            return plain
        if program.result not in {StaticType.BOOL, StaticType.DYN}:
            self._fault(pointer, "must be true or false")
        for reference in program.references:
            self._check_reference(reference.path, pointer)
        return plain

    def _check_reference(self, path: tuple[str, ...], pointer: str) -> None:
        root = path[0]
        if root == "config":
            return
        if root not in FIELDS:
            self._fault(pointer, f"`{root}` cannot be read here{_suggest(root, (*FIELDS, 'config'))}")
        elif len(path) > 1 and path[1] not in FIELDS[root]:
            self._fault(pointer, f"`{root}` has no `{path[1]}`{_suggest(path[1], FIELDS[root])}")

    def _read_map(
        self, plain: JsonValue, pointer: str, *, known: tuple[str, ...], needed: tuple[str, ...] = ()
    ) -> dict[str, JsonValue]:
        if not isinstance(plain, dict):
            self._fault(pointer, f"must be a map with {', '.join(known)}")
            return {}
        for key in plain:
            if key not in known:
                self._fault(f"{pointer}/{_escape(key)}", f"unknown key `{key}`{_suggest(key, known)}")
        for key in needed:
            if key not in plain:
                self._fault(pointer, f"`{key}` is missing")
        return plain

    def _read_list(self, plain: JsonValue, pointer: str) -> list[JsonValue]:
        if isinstance(plain, list):
            return plain
        self._fault(pointer, "must be a list")
        return []

    def _read_text(self, plain: JsonValue, pointer: str) -> str:
        if isinstance(plain, str) and plain.strip():
            return plain
        self._fault(pointer, "must be a text")
        return _NAMELESS

    def _read_choice(self, plain: JsonValue, pointer: str, choices: Iterable[str]) -> str:
        listed = [str(choice) for choice in choices]
        if isinstance(plain, str) and plain in listed:
            return plain
        self._fault(pointer, f"must be one of {', '.join(listed)}")
        return ""

    def _fault(self, pointer: str, message: str) -> None:
        self.faults.append(FieldFault(pointer, message))


def _suggest(word: str, choices: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, [*choices], n=1)
    return f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(choices)}"


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
