"""What `soar playbook show --grants` tells: everything outside itself that a playbook may use."""

from collections.abc import Iterator, Sequence

from soar.cli.output import Line, show, show_json
from soar.model.values import JsonValue
from soar.playbook.references import Reference, ReferenceKind


def show_grants(references: Sequence[Reference], *, is_json: bool) -> None:
    """Show everything that a playbook names, each with where it does so first."""
    if is_json:
        show_json(_write(references))
    else:
        show(*_tell(references))


def _tell(references: Sequence[Reference]) -> Iterator[Line]:
    for (kind, name, connection), path in _find_first(references).items():
        through = f" through {connection}" if connection else ""
        yield Line(f"{kind} {name}{through}, at {path}")


def _write(references: Sequence[Reference]) -> JsonValue:
    return [
        {"kind": kind.value, "name": name, "connection": connection or None, "path": path}
        for (kind, name, connection), path in _find_first(references).items()
    ]


def _find_first(references: Sequence[Reference]) -> dict[tuple[ReferenceKind, str, str], str]:
    found: dict[tuple[ReferenceKind, str, str], str] = {}
    for one in references:
        found.setdefault((one.kind, one.name, one.connection), one.path)
    return found
