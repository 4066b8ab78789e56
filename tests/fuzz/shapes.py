"""What a difference looks like: each function says whether one is of the kind that it is named after."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from soar.expr.syntax import Binary, Call, Has, Loop, LoopKind, Node, list_children
from tests.fuzz.evaluators import evaluate_ours
from tests.fuzz.location import Difference, parse_or_none
from tests.fuzz.outcomes import Fault, Outcome, is_fault
from tests.fuzz.printing import print_node

_CHECKED: Final = frozenset({"expr.arguments", "expr.unknown_function", "expr.pattern"})
_ROOTED: Final = re.compile(r"(?:^|[^\w\s)\]}\"'.`])\s*\.\s*[A-Za-z_]")
_LONGEST: Final = timedelta(microseconds=2**63 // 1000)


def kinds(difference: Difference) -> list[type]:
    return [type(operand) for operand in difference.operands]


def says(outcome: Outcome, part: str) -> bool:
    return isinstance(outcome, Fault) and part in outcome.message


def calls(difference: Difference, *names: str) -> bool:
    return isinstance(difference.node, Call) and difference.node.name in names


def operates(difference: Difference, operators: str) -> bool:
    return isinstance(difference.node, Binary) and difference.node.operator in operators.split()


def is_mixed_arithmetic(difference: Difference) -> bool:
    is_pair = sorted(kind.__name__ for kind in kinds(difference)) == ["float", "int"]
    return operates(difference, "+ - * /") and is_pair and is_fault(difference.theirs)


def is_infinite(difference: Difference) -> bool:
    is_refused = is_fault(difference.ours, "expr.overflow") or is_fault(difference.ours, "expr.divide_by_zero")
    return is_refused and isinstance(difference.theirs, float) and difference.theirs - difference.theirs != 0


def is_key_of_other_kind(difference: Difference) -> bool:
    is_refused = says(difference.ours, "keys are strings") or says(difference.ours, "a map's keys are strings")
    return is_refused and not is_fault(difference.theirs)


def is_rooted(difference: Difference) -> bool:
    return is_fault(difference.ours, "expr.syntax") and _ROOTED.search(difference.text) is not None


def is_swallowed_by_has(difference: Difference) -> bool:
    return isinstance(difference.node, Has) and difference.ours is False and is_fault(difference.theirs)


def prints(kind: type) -> Callable[[Difference], bool]:
    def covers(difference: Difference) -> bool:
        is_text = isinstance(difference.ours, str) and isinstance(difference.theirs, str)
        return calls(difference, "string") and kinds(difference) == [kind] and is_text

    return covers


def is_exact(difference: Difference) -> bool:
    numbers = [operand for operand in difference.operands if isinstance(operand, int | float)]
    is_pair = {type(number) for number in numbers} == {int, float} and float(numbers[0]) == float(numbers[1])
    return operates(difference, "== != < <= > >=") and is_pair and isinstance(difference.theirs, bool)


def checks_constants(difference: Difference) -> bool:
    is_early = isinstance(difference.theirs, Fault) and difference.theirs.is_early
    return is_early and any(
        says(difference.theirs, part) for part in ("math.least() ", "math.greatest() ", "duplicate key")
    )


def is_found_early(difference: Difference) -> bool:
    return isinstance(difference.ours, Fault) and difference.ours.is_early and difference.ours.code in _CHECKED


def is_out_of_calendar(difference: Difference) -> bool:
    is_read = isinstance(difference.node, Call) and difference.node.name.startswith("get")
    return is_read and kinds(difference) == [datetime, str] and is_fault(difference.ours, "expr.overflow")


def is_other_duration_text(difference: Difference) -> bool:
    is_one_sided = is_fault(difference.ours) or is_fault(difference.theirs)
    return calls(difference, "duration") and kinds(difference) == [str] and is_one_sided


def is_order_of_map(difference: Difference) -> bool:
    """Say whether it may come from the order of a walk over a map; others have another order from turn to turn."""
    node = parse_or_none(difference.text)
    return node is not None and _walks_over_map(node)


def _walks_over_map(node: Node) -> bool:
    if isinstance(node, Loop) and node.kind in {LoopKind.MAP, LoopKind.FILTER}:
        walked = evaluate_ours(print_node(node.operand))
        if isinstance(walked, dict) and len(walked) > 1:
            return True
    return any(map(_walks_over_map, list_children(node)))


def has_too_long_duration(difference: Difference) -> bool:
    is_sum = operates(difference, "+ -") and set(kinds(difference)) <= {datetime, timedelta}
    is_read = calls(difference, "duration")
    is_long = isinstance(difference.theirs, timedelta) and abs(difference.theirs) > _LONGEST
    return (is_sum or is_read) and is_fault(difference.ours, "expr.overflow") and is_long


def lacks_overload(difference: Difference) -> bool:
    is_call = isinstance(difference.node, Call)
    return is_call and says(difference.theirs, f"Undefined variable or function: '{difference.node.name}'")


def counts_bytes(difference: Difference) -> bool:
    operand = difference.operands[0] if difference.operands else None
    is_size = calls(difference, "size") and isinstance(operand, str)
    return is_size and difference.theirs == len(str(operand).encode())


def loses_offset(difference: Difference) -> bool:
    is_read = isinstance(difference.node, Call) and difference.node.name.startswith("get")
    return is_read and kinds(difference) == [datetime] and type(difference.ours) is type(difference.theirs) is int


def stops_early(difference: Difference) -> bool:
    is_quantifier = isinstance(difference.node, Loop) and difference.node.kind in {LoopKind.ALL, LoopKind.EXISTS}
    return is_quantifier and isinstance(difference.ours, bool) and is_fault(difference.theirs)


def is_remainder_of_least(difference: Difference) -> bool:
    return operates(difference, "%") and difference.ours == 0 and difference.operands == (-(2**63), -1)


def formats_otherwise(difference: Difference) -> bool:
    if not (calls(difference, "format") and isinstance(difference.theirs, str)):
        return False
    return isinstance(difference.ours, str) and _holds_printed(difference.operands[1])


def _holds_printed(value: Outcome) -> bool:
    match value:
        case list():
            return any(map(_holds_printed, value))
        case dict():
            return any(map(_holds_printed, value.values()))
        case _:
            return isinstance(value, float | datetime | timedelta)
