"""Values that are written down for inputs, held against the inputs' types."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from soar.expr import ExpressionError, StaticType, parse_duration
from soar.expr.addresses import read_address
from soar.expr.types import DYN, ListOf, MapOf, kind_of_type, unwrap
from soar.model.playbook import InputSpec, Playbook
from soar.model.values import parse_timestamp
from soar.playbook.node import Mapping as MappingNode
from soar.playbook.node import Node, Scalar, Sequence, Spot, walk_spots
from soar.playbook.report import Report, quote
from soar.playbook.types import infer_template
from soar.playbook.wants import Want, Wants

_OPEN = "${{"
_READERS: Final[Mapping[StaticType, Callable[[str], object]]] = {
    StaticType.DURATION: parse_duration,
    StaticType.TIMESTAMP: parse_timestamp,
    StaticType.IP: read_address,
}


def check_constants(playbook: Playbook, spots: Mapping[str, Spot], wants: Wants, report: Report) -> None:
    """Note down defaults and choices of inputs that are not of the input's type."""
    for name, spec in playbook.inputs.items():
        for root in _list_roots(name, spec, spots):
            for spot in (root, *walk_spots(root.node, root.path)):
                want = wants.find(spot.path)
                misfit = want and _find_misfit(spot.node, want)
                if misfit:
                    is_null = isinstance(spot.node, Scalar) and spot.node.value is None
                    hint = f"write `type: {spec.type}?` if it may be null" if is_null else None
                    report.add("P211", (spot.line, spot.column), spot.path, misfit, hint)
                    break


def _list_roots(name: str, spec: InputSpec, spots: Mapping[str, Spot]) -> Iterator[Spot]:
    for path in (f"inputs/{name}/default", *(f"inputs/{name}/enum/{index}" for index in range(len(spec.enum)))):
        spot = spots.get(path)
        if spot is not None:
            yield spot


def _find_misfit(node: Node, want: Want) -> str | None:
    match node:
        case Sequence():
            return want.find_misfit(ListOf(DYN))
        case MappingNode():
            return want.find_misfit(MapOf(DYN))
        case Scalar(value=str() as text):
            return None if _OPEN in text else _find_unreadable(text, want)
        case Scalar(value=value):
            return want.find_misfit(infer_template(value, {}))


def _find_unreadable(text: str, want: Want) -> str | None:
    """Return what is wrong with a text, be it that it cannot be read as what it stands for."""
    kind = kind_of_type(unwrap(want.type))
    if kind not in _READERS:
        return want.find_misfit(infer_template(text, {}))
    try:
        _READERS[kind](text)
    except (ExpressionError, ValueError):
        return f"{want.holder} wants {kind.describe()}, and {quote(text)} is none"
    return None
