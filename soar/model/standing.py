"""Where somebody stands in a line: what decides who goes next."""

from dataclasses import dataclass, field

from soar.model.alert import Severity

_NAMED_KINDS = frozenset({"source", "user", "schedule"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides when a run, or a call of one, gets its turn.

    Attributes:
        severity: of the run's alert; `medium` where there is none.
        source: who started it, such as `source:siem`; empty if nobody knows.
        playbook: id of its playbook; empty if nobody knows.
        is_begun: whether the run has begun, so that people or products may wait for it already.
        place: number of the oldest event in the run's inbox; 0 if there is none. It keeps the order among those who
            stand alike, and is not compared.
    """

    severity: Severity = Severity.MEDIUM
    source: str = ""
    playbook: str = ""
    is_begun: bool = False
    place: int = field(default=0, compare=False)


def find_source(initiator: str) -> str:
    """Return the source that a run's initiator counts for: itself, or for what runs themselves started, its kind."""
    kind, _, _ = initiator.partition(":")
    return initiator if kind in _NAMED_KINDS else kind
