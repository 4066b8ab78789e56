"""Reads the YAML files of a site."""

from pathlib import Path

from soar.model.errors import InputError
from soar.model.values import JsonValue
from soar.playbook import Severity, read_document, render_text


def read_yaml(text: str, file: str) -> JsonValue:
    """Return a YAML document as plain data.

    Args:
        text: the document.
        file: its name, for messages.

    Raises:
        InputError: it is no document we accept; the message shows line, column and a hint.
    """
    node, findings = read_document(text, file)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise InputError("\n".join(render_text(finding) for finding in errors), code="invalid_document")
    return node.to_plain() if node is not None else None


def read_yaml_file(path: Path) -> JsonValue:
    """Return a YAML file as plain data; a file that is not there is empty.

    Raises:
        InputError: it cannot be read, is no UTF-8, or no document we accept.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        hint = "it must be a file that the service may read"
        raise InputError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start}", hint="save it as UTF-8") from error
    return read_yaml(text, str(path))
