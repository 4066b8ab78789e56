"""Two playbooks held against each other by what they mean: which steps came, went and changed, and what got weaker."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.model.values import JsonValue
from soar.playbook.aspects import Aspects, describe_playbook, describe_step
from soar.playbook.finding import clean_text
from soar.playbook.placement import Matching, Placed, match_steps, place_steps
from soar.playbook.weakening import (
    Weakening,
    find_weak_addition,
    find_weak_removal,
    find_weaker_playbook,
    find_weaker_step,
)

_LONGEST: Final = 200


class Change(StrEnum):
    """What happened to something."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which two playbooks differ.

    Attributes:
        subject: what people call the step; empty for the playbook itself.
        path: of the step, in the playbook after; of one that was removed, in the playbook before.
        field: the key concerned, such as `approve.quorum`; empty for the whole step.
        before: its value; None if there was none.
        after: its value; None if there is none.
        weaker: why less is protected than before; empty if nothing says so.
    """

    subject: str
    path: str
    field: str
    change: Change
    before: JsonValue
    after: JsonValue
    weaker: str

    def to_json(self) -> dict[str, JsonValue]:
        """Return the difference as plain data."""
        return {
            "subject": self.subject,
            "path": self.path,
            "field": self.field,
            "change": self.change.value,
            "before": self.before,
            "after": self.after,
            "weaker": self.weaker or None,
        }


def compare_playbooks(before: Playbook, after: Playbook, catalog: Catalog) -> tuple[Difference, ...]:
    """Return in what two playbooks differ: the playbook itself first, then its steps in the order of the document.

    Comments, the order of keys and the way in which a value is written make no difference, nor do ids of playbooks.

    Args:
        before: the one to begin with.
        after: the one to end with.
        catalog: the installed connectors, which know the effects of actions.
    """
    own = _list_changes(
        "", "", describe_playbook(before), describe_playbook(after), find_weaker_playbook(before, after)
    )
    matching = match_steps(place_steps(before), place_steps(after))
    steps = [*_compare_steps(matching, catalog), *_list_arrivals(matching, catalog)]
    order = {placed.step.path: place for place, placed in enumerate(place_steps(after))}
    steps.sort(key=lambda difference: order[difference.path])
    return (*own, *steps, *_list_departures(matching))


def _list_arrivals(matching: Matching, catalog: Catalog) -> Iterator[Difference]:
    for placed in matching.added:
        weaker = _join(find_weak_addition(placed, catalog))
        yield _tell_step(placed, Change.ADDED, after=describe_step(placed.step), weaker=weaker)


def _list_departures(matching: Matching) -> Iterator[Difference]:
    for placed in matching.removed:
        weaker = _join(find_weak_removal(placed))
        yield _tell_step(placed, Change.REMOVED, before=describe_step(placed.step), weaker=weaker)


def _compare_steps(matching: Matching, catalog: Catalog) -> Iterator[Difference]:
    moved = _find_moved(matching)
    for old, new in matching.pairs:
        if new.step.path in moved:
            yield _tell_step(new, Change.MOVED, before=old.step.path, after=new.step.path)
        weaker = find_weaker_step(old, new, catalog)
        yield from _list_changes(
            new.step.label, new.step.path, describe_step(old.step), describe_step(new.step), weaker
        )


def _tell_step(
    placed: Placed, change: Change, *, before: JsonValue = None, after: JsonValue = None, weaker: str = ""
) -> Difference:
    return Difference(
        subject=_clean(placed.step.label),
        path=placed.step.path,
        field="",
        change=change,
        before=before,
        after=after,
        weaker=weaker,
    )


def _find_moved(matching: Matching) -> frozenset[str]:
    """Return the paths of the steps that stand in another list, or elsewhere among those that stayed in theirs."""
    parents = {old.step.path: new.step.path for old, new in matching.pairs}
    moved: set[str] = set()
    lists: dict[tuple[str, str], list[tuple[Placed, Placed]]] = {}
    for old, new in matching.pairs:
        if (parents.get(old.parent, old.parent), old.list_name) == (new.parent, new.list_name):
            lists.setdefault((new.parent, new.list_name), []).append((old, new))
        else:
            moved.add(new.step.path)
    for pairs in lists.values():
        moved.update(_find_reordered(pairs))
    return frozenset(moved)


def _find_reordered(pairs: Sequence[tuple[Placed, Placed]]) -> set[str]:
    """Return the paths of as few steps as must be taken out for the others to stand in their old order."""
    now = [new.step.path for _, new in pairs]
    was = [new.step.path for _, new in sorted(pairs, key=lambda pair: _split_path(pair[0].step.path))]
    blocks = SequenceMatcher(None, was, now, autojunk=False).get_matching_blocks()
    kept = {path for block in blocks for path in now[block.b : block.b + block.size]}
    return set(now) - kept


def _split_path(path: str) -> tuple[int, ...]:
    return tuple(int(part) for part in path.split("/") if part.isdecimal())


def _list_changes(
    subject: str, path: str, before: Aspects, after: Aspects, weakenings: Iterable[Weakening]
) -> Iterator[Difference]:
    weaker: dict[str, list[str]] = {}
    for field, message in weakenings:
        weaker.setdefault(field, []).append(message)
    for field, change, old, new in _walk_changes("", before, after):
        yield Difference(
            subject=_clean(subject),
            path=path,
            field=_clean(field),
            change=change,
            before=old,
            after=new,
            weaker=_clean("; ".join(weaker.pop(field, []))),
        )
    for field, messages in weaker.items():
        yield Difference(
            subject=_clean(subject),
            path=path,
            field=field,
            change=Change.CHANGED,
            before=None,
            after=None,
            weaker=_clean("; ".join(messages)),
        )


def _walk_changes(
    prefix: str, before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]
) -> Iterator[tuple[str, Change, JsonValue, JsonValue]]:
    for name in dict.fromkeys((*before, *after)):
        field = f"{prefix}{name}"
        old, new = before.get(name), after.get(name)
        if name not in before:
            yield field, Change.ADDED, None, new
        elif name not in after:
            yield field, Change.REMOVED, old, None
        elif isinstance(old, dict) and isinstance(new, dict):
            yield from _walk_changes(f"{field}.", old, new)
        elif old != new or type(old) is not type(new):
            yield field, Change.CHANGED, old, new


def _join(weakenings: Iterable[Weakening]) -> str:
    return _clean("; ".join(message for _, message in weakenings))


def _clean(text: str) -> str:
    return clean_text(" ".join(text.split()), _LONGEST)
