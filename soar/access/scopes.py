"""Parts of the world: read, written, and whether one holds a thing.

As text a grant is `analyst@playbook=phishing-*,team=soc|ops`: a role, and limits that must all hold, each with the
names it takes. As data a scope is `{"playbook": ["phishing-*"], "team": ["soc", "ops"]}`.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from soar.access.things import Thing
from soar.model.errors import FieldFault, InputError
from soar.model.grant import Attribute, Grant, Scope
from soar.model.values import JsonValue

OWN_TEAMS = "$own"
"""Among the teams of a scope: those of whoever holds it."""

MOST_NAMES = 50
"""Names that one limit has at most."""

_NAME = re.compile(r"[A-Za-z0-9#@][A-Za-z0-9_.#@-]{0,99}\*?|\*", re.ASCII)
_HINT = "write role@attribute=name, as in analyst@playbook=phishing-*,team=soc"


def find_miss(scope: Scope, thing: Thing, teams: Collection[str]) -> str | None:
    """Return which limit of a scope a thing does not meet, in words; None if it meets them all.

    What the thing has instead is not said: whoever reads this may have no right to know.

    Args:
        scope: which part of the world.
        thing: something in it or outside.
        teams: those of whoever holds the scope.
    """
    for attribute, names in sorted(scope.limits.items()):
        found = thing.attributes.get(attribute)
        if found is None:
            return f"{thing.label} has no {attribute}, and the scope is {attribute}={'|'.join(names)}"
        if not fits_any(_resolve(attribute, names, teams), found):
            return f"the {attribute} of {thing.label} is not {' or '.join(f'`{name}`' for name in names)}"
    return None


def fits_any(names: Iterable[str], found: str) -> bool:
    """Whether a name is one of these, or begins as one of them that ends in `*`."""
    return any(found.startswith(name[:-1]) if name.endswith("*") else found == name for name in names)


def read_scope(plain: JsonValue, pointer: str) -> tuple[Scope, list[FieldFault]]:
    """Return a scope out of plain data, and what is wrong with it; it is to be used only if nothing is.

    Args:
        plain: a map from attributes to lists of names.
        pointer: where it stands, for the faults.
    """
    if not isinstance(plain, dict) or not plain:
        return Scope({}), [FieldFault(pointer, "must be a map such as `playbook: [phishing-*]`, and not empty")]
    limits, faults = {}, []
    for key, names in plain.items():
        attribute, wrong = _find_attribute(key), _find_fault(key, names)
        if attribute is None:
            known = ", ".join(Attribute)
            faults.append(FieldFault(f"{pointer}/{escape_key(key)}", f"`{key}` limits nothing; known are {known}"))
        elif wrong is not None:
            faults.append(FieldFault(f"{pointer}/{key}", wrong))
        elif isinstance(names, list):
            limits[attribute] = tuple(sorted({str(name) for name in names}))
    return Scope(limits), faults


def dump_scope(scope: Scope) -> dict[str, JsonValue]:
    """Return a scope as plain data."""
    return {attribute.value: [*names] for attribute, names in sorted(scope.limits.items())}


def parse_scope(text: str) -> Scope:
    """Read a scope written `playbook=phishing-*,team=soc|ops`.

    Raises:
        InputError: it is not written so, or names an attribute twice.
    """
    parts = [part.partition("=") for part in text.split(",")]
    plain: dict[str, JsonValue] = {key.strip(): [*names.split("|")] for key, _, names in parts}
    scope, faults = read_scope(plain, "")
    reasons = [fault.message for fault in faults]
    if len(plain) != len(parts):
        reasons.append("an attribute stands twice; write its names with | between them")
    if reasons:
        raise InputError(f"`{text}` is no scope: {reasons[0]}", code="grant.invalid", hint=_HINT)
    return scope


def parse_grant(text: str) -> Grant:
    """Read a grant written `role@scope`.

    Raises:
        InputError: it is not written so.
    """
    role, at, scope = text.partition("@")
    if not role or not at:
        raise InputError(f"`{text}` is no grant", code="grant.invalid", hint=_HINT)
    return Grant(role, parse_scope(scope))


def print_scope(scope: Scope) -> str:
    """Return a scope as `parse_scope` reads it."""
    return ",".join(f"{attribute}={'|'.join(names)}" for attribute, names in sorted(scope.limits.items()))


def print_grant(grant: Grant) -> str:
    """Return a grant as `parse_grant` reads it."""
    return f"{grant.role}@{print_scope(grant.scope)}"


def dump_grants(grants: Iterable[Grant]) -> list[JsonValue]:
    """Return grants as plain data, as texts in order."""
    return [*sorted(map(print_grant, grants))]


def escape_key(key: str) -> str:
    """Return a key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _resolve(attribute: Attribute, names: Iterable[str], teams: Collection[str]) -> Iterable[str]:
    """Return the names of a limit; the holder's own teams are taken as they are, never as a prefix."""
    for name in names:
        if attribute is Attribute.TEAM and name == OWN_TEAMS:
            yield from (team for team in teams if not team.endswith("*"))
        else:
            yield name


def _find_attribute(key: str) -> Attribute | None:
    return _BY_TEXT.get(key)


def _find_fault(key: str, names: JsonValue) -> str | None:
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_NAMES:
        return f"must be a list of 1 to {MOST_NAMES} names"
    for name in names:
        is_own = key == Attribute.TEAM and name == OWN_TEAMS
        if not (isinstance(name, str) and (is_own or _NAME.fullmatch(name))):
            return f"`{name}` is no name; write one as it is, or its beginning and `*`"
    return None


_BY_TEXT: Mapping[str, Attribute] = {attribute.value: attribute for attribute in Attribute}
