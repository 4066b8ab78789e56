"""The canonical bytes that leaves and commitments are taken over, written where time counts: at each event."""

import orjson

from soar.model import canonical
from soar.model.values import JsonValue

_AS_IS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def canonicalize(document: JsonValue) -> bytes:
    """Return the same bytes as `soar.model.canonical.canonicalize`, sooner where no more than ordering is asked for.

    What the fast writer refuses, such as integers beyond 64 bits and lone surrogates, is left to that one.

    Raises:
        ValueError: the document holds NaN or an infinity.
        UnicodeEncodeError: the document holds a lone surrogate.
    """
    if not canonical.is_plain(document):
        return canonical.canonicalize(document)
    try:
        return orjson.dumps(document, option=_AS_IS)
    except orjson.JSONEncodeError:
        return canonical.canonicalize(document)
