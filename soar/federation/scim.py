"""The language of SCIM 2.0 (RFC 7643, RFC 7644), as far as we speak it: paths, filters, changes. Nothing here acts."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from soar.ingest.strict_json import parse_json
from soar.model.errors import InputError
from soar.model.values import JsonValue

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

LONGEST_TEXT = 255
"""Characters of a name or an id that is kept."""

MOST_OPERATIONS = 1_000

Document: TypeAlias = dict[str, JsonValue]
T = TypeVar("T")

_FILTER = re.compile(r'\s*([A-Za-z][A-Za-z.$_-]{0,50})\s+[eE][qQ]\s+("(?:[^"\\]|\\.)*"|true|false)\s*', re.ASCII)
_PATH = re.compile(r"([A-Za-z$][A-Za-z0-9_$-]*)(?:\[(.*)\])?(?:\.([A-Za-z$][A-Za-z0-9_$-]*))?", re.ASCII | re.DOTALL)
_URN = re.compile(r"urn:[A-Za-z0-9:._-]*:(?=[A-Za-z$])", re.ASCII)
_PASSED_OVER = frozenset(
    {
        "schemas",
        "id",
        "meta",
        "groups",
        "name",
        "nickname",
        "profileurl",
        "title",
        "usertype",
        "preferredlanguage",
        "locale",
        "timezone",
        "password",
        "phonenumbers",
        "ims",
        "photos",
        "addresses",
        "entitlements",
        "roles",
        "x509certificates",
        "employeenumber",
        "costcenter",
        "organization",
        "division",
        "department",
        "manager",
    }
)
"""Attributes of the standard's schemas (RFC 7643, sections 3, 4 and 8.7.1) that we do not keep, in lower case."""


@dataclass(frozen=True, slots=True)
class Equality:
    """`attribute eq "value"`; the attribute in lower case."""

    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class Path:
    """Where a change applies, in lower case: an attribute, perhaps only some of its values, perhaps a part of each."""

    attribute: str
    only: Equality | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One change.

    Attributes:
        verb: `add`, `remove` or `replace`.
        path: None means that the value names the attributes.
    """

    verb: str
    path: Path | None
    value: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimUser:
    """A person as the provider describes them."""

    user_name: str = ""
    external_id: str | None = None
    display_name: str = ""
    email: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimGroup:
    """A group as the provider describes it; `members` are ids."""

    name: str = ""
    external_id: str | None = None
    members: frozenset[str] = frozenset()


def parse_filter(text: str, attributes: Collection[str]) -> Equality:
    """Read a filter (RFC 7644, section 3.4.2.2): one comparison for equality.

    Args:
        text: such as `userName eq "jane"`.
        attributes: those that can be compared, in lower case.

    Raises:
        InputError: it is another (`scim.filter`).
    """
    found = _FILTER.fullmatch(text)
    if found is None or found[1].lower() not in attributes:
        raise InputError(
            f"only {', '.join(sorted(attributes))} can be filtered by, each with `eq` and a text",
            code="scim.filter",
            hint='write a filter such as id eq "…"',
        )
    value = found[2]
    return Equality(found[1].lower(), str(parse_json(value.encode())) if value.startswith('"') else value)


def read_user(document: JsonValue) -> ScimUser:
    """Read a whole person.

    Raises:
        InputError: the document does not fit (`scim.syntax`), or an attribute (`scim.value`).
    """
    read = _change_user(ScimUser(), Operation("replace", None, _read_body(document, USER)))
    if not read.user_name:
        raise _refuse_value("userName is needed")
    return read


def read_group(document: JsonValue) -> ScimGroup:
    """Read a whole group.

    Raises:
        InputError: the document does not fit (`scim.syntax`), or an attribute (`scim.value`).
    """
    read = _change_group(ScimGroup(), Operation("replace", None, _read_body(document, GROUP)))
    if not read.name:
        raise _refuse_value("displayName is needed")
    return read


def patch_user(known: ScimUser, document: JsonValue) -> ScimUser:
    """Return a person with changes applied in their order.

    Raises:
        InputError: a change cannot be made; none is (`scim.syntax`, `scim.path`, `scim.value`, `scim.filter`).
    """
    return _patch(known, document, _change_user)


def patch_group(known: ScimGroup, document: JsonValue) -> ScimGroup:
    """Return a group with changes applied in their order; as `patch_user`."""
    return _patch(known, document, _change_group)


def _patch(known: T, document: JsonValue, change: Callable[[T, Operation], T]) -> T:
    operations = _read_body(document, PATCH).get("operations")
    if not isinstance(operations, list) or not 0 < len(operations) <= MOST_OPERATIONS:
        raise _refuse_syntax(f"Operations has to be a list of 1 to {MOST_OPERATIONS}")
    for operation in operations:
        known = change(known, _read_operation(operation))
    return known


def _read_body(document: JsonValue, schema: str) -> Document:
    """Return a document with its attributes in lower case (RFC 7643, section 2.1)."""
    if not isinstance(document, dict):
        raise _refuse_syntax("the body has to be a map")
    folded = {name.lower(): value for name, value in document.items()}
    schemas = folded.get("schemas")
    if not isinstance(schemas, list) or schema not in schemas:
        raise _refuse_syntax(f"`schemas` has to name {schema}")
    return folded


def _read_operation(document: JsonValue) -> Operation:
    if not isinstance(document, dict):
        raise _refuse_syntax("an operation has to be a map")
    folded = {name.lower(): value for name, value in document.items()}
    verb, path = folded.get("op"), folded.get("path")
    if not isinstance(verb, str) or verb.lower() not in {"add", "remove", "replace"}:
        raise _refuse_syntax("`op` is add, remove or replace")
    if path is None and verb.lower() == "remove":
        raise InputError("remove needs a path", code="scim.target", hint="name what to remove")
    if path is not None and not isinstance(path, str):
        raise _refuse_path("a path is a text")
    return Operation(verb.lower(), None if path is None else _parse_path(path), folded.get("value"))


def _parse_path(text: str) -> Path:
    """Read a path (RFC 7644, section 3.5.2); what stands behind a dot is part of values that we keep whole."""
    found = _PATH.fullmatch(_URN.sub("", text, count=1))
    if found is None:
        raise _refuse_path("this is no path")
    only = None if found[2] is None else parse_filter(found[2], {"value", "type", "primary", "display"})
    return Path(found[1].lower(), only)


def _spread(operation: Operation) -> Iterator[Operation]:
    """Yield one change for each attribute that is meant."""
    if operation.path is not None:
        yield operation
        return
    if not isinstance(operation.value, dict):
        raise _refuse_value("without a path the value has to be a map of attributes")
    for name, value in operation.value.items():
        if not name.startswith("urn:"):  # an extension as a whole, of which we keep nothing
            yield Operation(operation.verb, _parse_path(name), value)


def _change_user(known: ScimUser, operation: Operation) -> ScimUser:
    for one in _spread(operation):
        known = _change_attribute(known, one)
    return known


def _change_attribute(known: ScimUser, one: Operation) -> ScimUser:
    attribute = one.path.attribute if one.path else ""
    is_removed = one.verb == "remove" or one.value is None
    match attribute:
        case "username":
            return replace(known, user_name=_read_needed(one, "userName"))
        case "externalid":
            return replace(known, external_id=None if is_removed else _read_needed(one, "externalId"))
        case "displayname":
            return replace(known, display_name="" if is_removed else _read_text(one.value, "displayName"))
        case "active":
            return replace(known, is_active=_read_truth(one.value))
        case "emails":
            return replace(known, email="" if is_removed else _read_email(one.value))
        case _ if attribute in _PASSED_OVER:
            return known
        case _:
            raise _refuse_path(f"people have no attribute {attribute}")


def _change_group(known: ScimGroup, operation: Operation) -> ScimGroup:
    for one in _spread(operation):
        attribute = one.path.attribute if one.path else ""
        match attribute:
            case "displayname":
                known = replace(known, name=_read_needed(one, "displayName"))
            case "externalid":
                is_removed = one.verb == "remove" or one.value is None
                known = replace(known, external_id=None if is_removed else _read_needed(one, "externalId"))
            case "members":
                known = replace(known, members=_change_members(known.members, one))
            case _ if attribute in _PASSED_OVER:
                pass
            case _:
                raise _refuse_path(f"groups have no attribute {attribute}")
    return known


def _change_members(known: frozenset[str], one: Operation) -> frozenset[str]:
    only = one.path.only if one.path else None
    if only is not None:
        if one.verb != "remove" or only.attribute != "value":
            raise _refuse_path('of single members only `members[value eq "…"]` can be named, and only be removed')
        return known - {only.value}
    given = _read_members(one.value)
    match one.verb:
        case "add":
            return known | given
        case "replace":
            return given
        case _:
            return known - given if given else frozenset()


def _read_members(value: JsonValue) -> frozenset[str]:
    listed: Sequence[JsonValue] = value if isinstance(value, list) else [] if value is None else [value]
    members = set()
    for member in listed:
        id_ = member.get("value") if isinstance(member, dict) else None
        if not isinstance(id_, str) or (isinstance(member, dict) and member.get("type", "User") != "User"):
            raise _refuse_value("a member is a map with the `value` of a person's id")
        members.add(id_)
    return frozenset(members)


def _read_email(value: JsonValue) -> str:
    """Return the address that is marked as primary, or else the first."""
    if isinstance(value, str):
        return _read_text(value, "emails")
    listed = value if isinstance(value, list) else [value]
    maps = [one for one in listed if isinstance(one, dict)]
    if len(maps) != len(listed):
        raise _refuse_value("emails is a list of maps")
    chosen = next((one for one in maps if one.get("primary") is True), maps[0] if maps else {"value": ""})
    return _read_text(chosen.get("value", ""), "emails")


def _read_needed(one: Operation, name: str) -> str:
    text = "" if one.verb == "remove" else _read_text(one.value, name)
    if not text.strip():
        raise _refuse_value(f"{name} cannot be empty")
    return text


def _read_text(value: JsonValue, name: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _refuse_value(f"{name} is a text of at most {LONGEST_TEXT} characters")
    return value


def _read_truth(value: JsonValue) -> bool:
    """Read `active`; Entra ID sends it as a text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise _refuse_value("active is true or false")


def _refuse_syntax(reason: str) -> InputError:
    return InputError(f"what was sent does not fit: {reason}", code="scim.syntax", hint="see RFC 7644, section 3")


def _refuse_path(reason: str) -> InputError:
    return InputError(
        f"the path does not fit: {reason}", code="scim.path", hint="GET /scim/v2/Schemas lists attributes"
    )


def _refuse_value(reason: str) -> InputError:
    return InputError(f"a value does not fit: {reason}", code="scim.value", hint="correct it and send it again")
