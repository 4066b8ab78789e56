"""The hash that stands for an event in the chain and the tree."""

from soar.audit.tree import hash_leaf
from soar.model.canonical import canonicalize
from soar.model.errors import InputError
from soar.model.values import JsonValue


def hash_document(document: JsonValue) -> bytes:
    """Return the leaf hash over a document's canonical bytes.

    Raises:
        InputError: the document has no canonical form.
    """
    try:
        return hash_leaf(canonicalize(document))
    except ValueError as error:
        raise InputError(
            f"the audit cannot record this: {error}",
            code="not_recordable",
            hint="send texts without lone surrogates and numbers that are finite",
        ) from error
