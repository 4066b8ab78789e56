"""What may not happen too often."""

from dataclasses import dataclass

from soar.api.lockout import Lockout
from soar.api.throttle import Throttle
from soar.model.clock import Clock

_DENIALS = 20
_ALL_DENIALS = 300
_DENIAL_WINDOW = 60.0

_SEARCH_WINDOW = 600.0

_SIGN_ONS = 600
_SIGN_ON_WINDOW = 60.0

EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is counted in this process.

    Attributes:
        logins: failed proofs of who somebody is, by name and by address.
        denials: denials a caller that go into the audit, in a minute; the rest is answered and not recorded.
        all_denials: the same for all callers together.
        searches: the same question about the audit by the same caller that goes into the audit, in ten minutes.
        sign_ons: logins through the identity provider that are begun, and calls of it that are refused, in a minute.
    """

    logins: Lockout
    denials: Throttle
    all_denials: Throttle
    searches: Throttle
    sign_ons: Throttle

    def may_record_denial(self, key: str) -> bool:
        """Whether another denial of this caller goes into the audit, so that a flood of them cannot fill the disk."""
        return self.denials.take(key) and self.all_denials.take(EVERYBODY)


def make_limits(clock: Clock) -> Limits:
    """Return the limits, with nothing counted yet."""
    return Limits(
        logins=Lockout(clock),
        denials=Throttle(_DENIALS, _DENIAL_WINDOW, clock),
        all_denials=Throttle(_ALL_DENIALS, _DENIAL_WINDOW, clock),
        searches=Throttle(1, _SEARCH_WINDOW, clock),
        sign_ons=Throttle(_SIGN_ONS, _SIGN_ON_WINDOW, clock),
    )
