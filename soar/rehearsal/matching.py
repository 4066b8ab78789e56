"""What is expected held against what was found."""

from collections.abc import Iterator

from soar.model.values import JsonValue
from soar.rehearsal.mocks import write_json


def find_difference(wanted: JsonValue, found: JsonValue, *, is_subset: bool = False) -> str | None:
    """Return the first difference in words, or None if there is none.

    `{contains: text}` stands for every text that holds this one.

    Args:
        wanted: what is expected.
        found: what there is.
        is_subset: whether maps may hold more than is expected.
    """
    return next(_compare(wanted, found, "", is_subset), None)


def _compare(wanted: JsonValue, found: JsonValue, path: str, is_subset: bool) -> Iterator[str]:  # noqa: FBT001 -- passed on
    match wanted, found:
        case {"contains": str(part), **rest}, _ if not rest:
            if not isinstance(found, str) or part not in found:
                yield _tell(path, f"a text that contains {write_json(part)}", found)
        case dict(), dict():
            for name, inner in wanted.items():
                if name in found:
                    yield from _compare(inner, found[name], f"{path}.{name}", is_subset)
                else:
                    yield _tell(f"{path}.{name}", write_json(inner), None, is_absent=True)
            extra = [name for name in found if name not in wanted]
            if extra and not is_subset:
                yield _tell(f"{path}.{extra[0]}", "nothing", found[extra[0]])
        case list(), list() if len(wanted) == len(found):
            for index, (inner, other) in enumerate(zip(wanted, found, strict=True)):
                yield from _compare(inner, other, f"{path}[{index}]", is_subset)
        case _:
            if isinstance(wanted, bool) is not isinstance(found, bool) or wanted != found:
                yield _tell(path, write_json(wanted), found)


def _tell(path: str, wanted: str, found: JsonValue, *, is_absent: bool = False) -> str:
    where = f"{path.removeprefix('.')}: " if path else ""
    return f"{where}expected {wanted}, found {'nothing' if is_absent else write_json(found)}"
