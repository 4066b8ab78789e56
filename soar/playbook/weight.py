"""How much there is to compile in a playbook, counted before anything is."""

import re
from collections.abc import Iterator, Mapping

from soar.model.playbook import Playbook
from soar.model.values import JsonValue
from soar.playbook.node import Spot
from soar.playbook.report import Report
from soar.playbook.sites import Site, SiteKind, list_sites

MAX_WORDS = 9_000
_PATTERN_WORDS = 600  # a pattern that repeats a class of characters takes as long to compile
_MATCHES = "matches"
_WORD = re.compile(r"\w+|[^\w\s]")
_OPEN, _CLOSE = "${{", "}}"


def has_bearable_weight(playbook: Playbook, text: str, spots: Mapping[str, Spot], report: Report) -> bool:
    """Whether the expressions of a playbook have few enough words and signs to be compiled; if not, note it down."""
    if _MATCHES not in text and len(_WORD.findall(text)) <= MAX_WORDS:
        return True
    total = 0
    for site in list_sites(playbook, spots):
        spot = spots.get(site.path)
        if spot is None:
            continue
        total += sum(_weigh(source) for source in _list_sources(site))
        if total > MAX_WORDS:
            message = f"the expressions up to here have more than {MAX_WORDS:,} words and signs"
            report.add("P002", (spot.line, spot.column), spot.path, message, "split it up")
            return False
    return True


def _weigh(source: str) -> int:
    patterns = min(source.count(_MATCHES), source.removeprefix(_OPEN).count("{") + source.count("\\p"))
    return len(_WORD.findall(source)) + patterns * _PATTERN_WORDS


def _list_sources(site: Site) -> Iterator[str]:
    """Yield the expressions of a value as far as they can be told from the text around without reading them."""
    if site.kind is not SiteKind.TEMPLATE:
        yield str(site.source)
        return
    waiting: list[JsonValue] = [site.source]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            _, *parts = value.split(_OPEN)
            yield from (_OPEN + part.rpartition(_CLOSE)[0] for part in parts)
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
