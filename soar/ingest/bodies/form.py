"""Forms with JSON in one of their fields."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

from soar.ingest.strict_json import parse_json
from soar.model.errors import FieldFault, InputError
from soar.model.values import JsonValue

LARGEST_FORM: Final = 128 * 1024
"""Bytes of a form; JSON that is written so grows to thrice its size, and takes long to read back."""

_MOST_FIELDS: Final = 50


def read_field(body: bytes, field: str, *, is_large_text: bool = False) -> Sequence[JsonValue]:
    """Return the documents in one field of `application/x-www-form-urlencoded`: its elements, if it is an array.

    Args:
        body: the form.
        field: its name.
        is_large_text: as for `parse_json`.

    Raises:
        InputError: it is no form, has the field not exactly once, or the field holds no JSON (`invalid_json`); larger
            than `LARGEST_FORM` (`too_large`).
    """
    if len(body) > LARGEST_FORM:
        raise InputError(f"a form has at most {LARGEST_FORM} bytes", code="too_large", hint="send less at once")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        message = f"the body is no form of at most {_MOST_FIELDS} fields in ASCII with UTF-8 within"
        raise InputError(message, code="invalid_body", hint="send application/x-www-form-urlencoded") from error
    found = [value for name, value in pairs if name == field]
    if len(found) != 1:
        said = "is missing" if not found else "stands more than once"
        fault = FieldFault(f"/{field}", said)
        raise InputError(f"the field `{field}` {said}", code="invalid_body", hint="send it once", faults=[fault])
    document = parse_json(found[0].encode(), is_large_text=is_large_text)
    return document if isinstance(document, list) else [document]
