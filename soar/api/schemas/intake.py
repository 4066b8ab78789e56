"""Alerts that came before, sent again or given to a playbook."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AwareDatetime, Field

from soar.api.schemas.alerts import Received
from soar.api.schemas.base import Incoming
from soar.ingest.backfill import MOST_AT_ONCE
from soar.model.run import Mode


class BackfillWanted(Incoming):
    """Which stored alerts a playbook is to be given, by when they were received, and how it acts.

    `after` goes on behind the alerts of an earlier answer. The playbook's own mode holds where it is the more careful.
    """

    since: AwareDatetime
    until: AwareDatetime
    mode: Mode = Mode.SHADOW
    after: Annotated[int, Field(ge=0, lt=2**63)] = 0
    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = MOST_AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillView:
    """What came of some of the alerts.

    `total` is how many were received in the whole time, `seen` how many of them were looked at now, `known` how many of
    these the playbook had dealt with before. `after` begins the next part; null says that there is none.
    """

    mode: Mode
    total: int
    seen: int
    known: int
    runs: tuple[str, ...]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The alerts that were sent again, as they are stored now."""

    alerts: tuple[Received, ...]
