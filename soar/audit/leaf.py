"""The hash that stands for an event in the chain and the tree."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from soar.audit.seal import seal_document
from soar.audit.tree import hash_leaf
from soar.model.canonical import canonicalize
from soar.model.errors import InputError
from soar.model.values import JsonValue

_NO_SALTS: Mapping[str, str] = MappingProxyType({})


def hash_document(
    document: Mapping[str, JsonValue],
    salts: Mapping[str, str] = _NO_SALTS,
    write: Callable[[JsonValue], bytes] = canonicalize,
) -> bytes:
    """Return the leaf hash over a document's canonical bytes.

    Args:
        document: an event.
        salts: of the fields that a commitment stands for; see `soar.audit.seal`.
        write: gives the canonical bytes.

    Raises:
        InputError: the document has no canonical form.
    """
    try:
        return hash_leaf(write(seal_document(document, salts, write)))
    except ValueError as error:
        raise InputError(
            f"the audit cannot record this: {error}",
            code="not_recordable",
            hint="send texts without lone surrogates and numbers that are finite",
        ) from error
