"""Putting a value at its place in a JSON document."""

from soar.model.errors import BugError
from soar.model.values import JsonValue


def insert(document: JsonValue, pointer: str, value: JsonValue) -> JsonValue:
    """Return a copy of the document with the value at a JSON pointer (RFC 6901); its place must exist.

    Raises:
        BugError: the pointer leads nowhere.
    """
    if not pointer:
        return value
    if not pointer.startswith("/"):
        raise BugError(f"{pointer} is no JSON pointer")
    head, slash, rest = pointer[1:].partition("/")
    key = head.replace("~1", "/").replace("~0", "~")
    if isinstance(document, dict) and key in document:
        return document | {key: insert(document[key], slash + rest, value)}
    if isinstance(document, list) and key.isdecimal() and int(key) < len(document):
        index = int(key)
        return [*document[:index], insert(document[index], slash + rest, value), *document[index + 1 :]]
    raise BugError(f"the arguments have no place {pointer} for a secret")
