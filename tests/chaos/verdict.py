"""What is to be said after a siege, from the product's own log and from what the database holds."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from soar.engine.replay import fold
from soar.model.alert import Alert
from soar.model.errors import ActionCode
from soar.model.page import Page
from soar.model.run import Run, StepRecord
from soar.store import Unit, is_shared, open_store
from tests.chaos.place import ACT
from tests.chaos.product import Product, Request
from tests.chaos.senders import Senders
from tests.support.disk import InlineDisk
from tests.support.handouts import count_handouts
from tests.support.process import RecordingProcess
from tests.support.site import SiteFolder

T = TypeVar("T")

_WORKSPACE = "default"
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The counts.

    Attributes:
        early: kills while the server started.
        runs: how many runs there are.
        accepted: alerts answered with a 2xx.
        lost: of these, those that are not stored with exactly one run.
        doubled: alerts that are stored more than once.
        never_ended: runs that are still open.
        unsafe: requests with an unsafe effect that came to the product.
        unsafe_twice: alerts whose unsafe effect was asked for more than once.
        keyed_twice: alerts whose keyed effect happened more than once.
        unknown: unsafe requests that came to the product and whose answer was never taken.
        unmarked: of these, those whose step does not say that nobody knows.
        invented: steps that say they have an answer which the product never gave.
        is_sound: whether the audit record verifies.
        left: runs that are handed out still, though all have ended.
        integrity: what SQLite's own check says; a server's files are not ours to check.
    """

    kills: int
    early: int
    runs: int
    accepted: int
    lost: int
    doubled: int
    never_ended: int
    unsafe: int
    unsafe_twice: int
    keyed_twice: int
    unknown: int
    unmarked: int
    invented: int
    is_sound: bool
    left: int
    integrity: str | None
    refusals: Mapping[int, int]

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, doubled, left open or hushed up."""
        bad = (self.lost, self.doubled, self.never_ended, self.unsafe_twice, self.keyed_twice, self.unmarked, self.left)
        is_whole = self.is_sound and self.integrity in {"ok", None}
        return not any(bad) and not self.invented and is_whole and self.accepted > 0

    def __str__(self) -> str:
        share = f"{100 * (self.unknown - self.unmarked) / self.unknown:.0f} %" if self.unknown else "none occurred"
        lines: tuple[tuple[str, object], ...] = (
            ("kills (while starting)", f"{self.kills} ({self.early})"),
            ("alerts answered 2xx", self.accepted),
            ("  and lost", self.lost),
            ("  and stored twice", self.doubled),
            ("runs", self.runs),
            ("  that never end", self.never_ended),
            ("  handed out still, at the end", self.left),
            ("unsafe effects asked for", self.unsafe),
            ("  twice", self.unsafe_twice),
            ("keyed effects done twice", self.keyed_twice),
            ("outcomes that nobody can know", self.unknown),
            ("  marked so", f"{self.unknown - self.unmarked} ({share})"),
            ("answers recorded that were never given", self.invented),
            ("audit record", "sound" if self.is_sound else "BROKEN"),
            ("PRAGMA integrity_check", self.integrity or "not for a server"),
            ("answers but 2xx, by status (0: none)", dict(sorted(self.refusals.items())) or "none"),
        )
        return "\n".join(f"{label:<40}{value!s:>14}" for label, value in lines)


@dataclass(frozen=True, slots=True)
class _Stored:
    alerts: list[Alert]
    runs: list[Run]
    acts: dict[int, StepRecord | None]
    left: int


def judge(
    site: SiteFolder,
    product: Product,
    senders: Senders,
    *,
    kills: int,
    early: int,
    open_runs: int,
    is_sound: bool,
) -> Verdict:
    """Compare what was promised, what was asked of the product, and what is stored; no server may run."""
    stored = asyncio.run(_read(site.url))
    titles = Counter(alert.title for alert in stored.alerts)
    numbers = Counter(int(str(run.inputs["n"])) for run in stored.runs)
    acts = product.find("act")
    unknown = [request for request in acts if not _has_answer(stored.acts.get(request.number), request)]
    issued = {request.receipt for request in acts}
    return Verdict(
        kills=kills,
        early=early,
        runs=len(stored.runs),
        accepted=len(senders.accepted),
        lost=sum(not titles[f"probe {number}"] or numbers[number] != 1 for number in senders.accepted),
        doubled=_count_repeated(titles),
        never_ended=max(open_runs, sum(not run.status.is_final for run in stored.runs)),
        unsafe=len(acts),
        unsafe_twice=_count_repeated(Counter(request.number for request in acts)),
        keyed_twice=_count_repeated(Counter(request.number for request in product.find("note") if request.has_acted)),
        unknown=len(unknown),
        unmarked=sum(not _is_marked(stored.acts.get(request.number)) for request in unknown),
        invented=sum(_read_receipt(record) not in {None, *issued} for record in stored.acts.values()),
        is_sound=is_sound,
        left=stored.left,
        integrity=None if is_shared(site.url) else _check_integrity(site.database),
        refusals=senders.refusals,
    )


def _count_repeated(counts: Counter[T]) -> int:
    return sum(count > 1 for count in counts.values())


def _has_answer(record: StepRecord | None, request: Request) -> bool:
    return record is not None and _read_receipt(record) == request.receipt


def _read_receipt(record: StepRecord | None) -> str | None:
    if record is None or not isinstance(record.output, Mapping):
        return None
    answer = record.output.get("json")
    return str(answer["receipt"]) if isinstance(answer, Mapping) else None


def _is_marked(record: StepRecord | None) -> bool:
    return record is not None and record.fault is not None and record.fault.code == ActionCode.UNKNOWN_OUTCOME


def _check_integrity(database: Path) -> str:
    connection = sqlite3.connect(database)
    try:
        return "; ".join(row[0] for row in connection.execute("PRAGMA integrity_check"))
    finally:
        connection.close()


async def _read(url: str) -> _Stored:
    disk = InlineDisk()
    store = open_store(url, disk=disk, process=RecordingProcess(), readers=InlineDisk)
    try:
        return await store.read(_WORKSPACE, _collect)
    finally:
        await store.close()


def _collect(unit: Unit) -> _Stored:
    runs = _list_all(lambda cursor: unit.runs.list(_PAGE, cursor))
    acts = {int(str(run.inputs["n"])): fold(unit.journal.load(run.id)).records.get(ACT) for run in runs}
    return _Stored(_list_all(lambda cursor: unit.alerts.list(_PAGE, cursor)), runs, acts, count_handouts(unit))


def _list_all(page: Callable[[str | None], Page[T]]) -> list[T]:
    found: list[T] = []
    cursor: str | None = None
    while True:
        got = page(cursor)
        found.extend(got.items)
        cursor = got.next
        if cursor is None:
            return found
