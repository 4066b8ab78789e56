"""Which actions two people may approve beforehand, for a while."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRule:
    """An action that may have standing approvals; without a rule it has none.

    Attributes:
        action: `connector.action`.
        by: principals that may propose and sign one, such as `role:soc-lead`.
        longest: how long one may be good for.
    """

    action: str
    by: tuple[str, ...]
    longest: timedelta


def find_standing_rule(rules: Iterable[StandingRule], action: str) -> StandingRule | None:
    """Return the rule that lets an action have standing approvals; None if it may have none."""
    return next((rule for rule in rules if rule.action == action), None)
