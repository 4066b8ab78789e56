"""Where connectors are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from soar.model.errors import InputError

GROUP = "soar.connectors"
"""Entry points of installed packages: `<connector id> = <top-level package>`."""

MANIFEST = "manifest.yaml"


@dataclass(frozen=True, slots=True)
class Found:
    """A folder that holds a connector."""

    id: str
    folder: Path


def discover(roots: Iterable[Path], installed: Sequence[EntryPoint] | None = None) -> list[Found]:
    """Return all connectors, sorted by id; nothing of theirs is imported.

    Args:
        roots: folders whose sub-folders with a `manifest.yaml` are connectors, named by their id.
        installed: entry points; by default those of the installed packages.

    Raises:
        InputError: two connectors have the same id, or an entry point leads nowhere.
    """
    found: dict[str, Found] = {}
    points = entry_points(group=GROUP) if installed is None else installed
    for one in [*_search(roots), *map(_locate, points)]:
        other = found.setdefault(one.id, one)
        if other is not one:
            raise InputError(
                f"connector {one.id} is there twice: {other.folder} and {one.folder}", hint="remove one of them"
            )
    return sorted(found.values(), key=lambda one: one.id)


def _search(roots: Iterable[Path]) -> list[Found]:
    return [Found(manifest.parent.name, manifest.parent) for root in roots for manifest in root.glob(f"*/{MANIFEST}")]


def _locate(point: EntryPoint) -> Found:
    spec = None if "." in point.value else find_spec(point.value)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"entry point {point.name} names {point.value}, which is no installed top-level package",
            hint="reinstall the package, or remove it",
        )
    return Found(point.name, Path(next(iter(spec.submodule_search_locations))))
