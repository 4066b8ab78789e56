"""A yes that two people give beforehand, for a while."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from soar.model.step import Assurance


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingApproval:
    """What may be done for some time without asking each time; good only once a second person has signed it.

    Attributes:
        id: `sa_…`.
        action: `connector.action`.
        playbook: id of the one playbook whose gates it answers.
        revision: digest of that playbook's text; with another text nobody has agreed.
        targets: pattern of the targets, where `*` is any run of characters and `?` is one; case does not matter.
        reason: why, in the words of whoever proposed it.
        proposed_by: id of the person who proposed it.
        expires_at: from then on it counts no more.
        signed_by: id of the other person; None until somebody has signed.
        revoked_by: id of whoever ended it before its time.
        assurance: how sure we were of those who agreed: of the one of whom we were less sure.
        uses: how many questions it has answered.
    """

    id: str
    action: str
    playbook: str
    revision: str
    targets: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    signed_by: str | None = None
    signed_at: datetime | None = None
    revoked_by: str | None = None
    revoked_at: datetime | None = None
    assurance: Assurance = Assurance.LINKED
    uses: int = 0
    used_at: datetime | None = None

    def is_open(self, at: datetime) -> bool:
        """Whether it has neither ended nor been revoked, signed or not."""
        return self.revoked_at is None and at < self.expires_at

    def is_good(self, at: datetime) -> bool:
        """Whether it answers questions at a moment."""
        return self.signed_by is not None and self.is_open(at)

    def is_enough(self, asked: Assurance) -> bool:
        """Whether we were as sure of those who agreed as a question asks.

        Whoever agrees has proved lately who they are, which is no less than to type what a question asks to be typed.
        """
        return asked is not Assurance.MFA or self.assurance is Assurance.MFA

    def covers(self, target: str) -> bool:
        """Whether a target is among those that it is for."""
        return fnmatchcase(target.casefold(), self.targets.casefold())
