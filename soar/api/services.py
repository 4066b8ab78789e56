"""What the handlers are given. Made once, by the composition root."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from soar.access.proxies import Proxies
from soar.access.roles import RoleTable
from soar.api.hub import Hub
from soar.api.intake import IntakeLimits
from soar.approvals.brake import Brake
from soar.approvals.conduct import Conduct
from soar.approvals.console import Console
from soar.approvals.desks import Desks
from soar.approvals.freezable import Freezable
from soar.approvals.service import ApprovalService
from soar.audit.note import VerifierKey
from soar.audit.verify import Report
from soar.federation.service import SignOnService
from soar.ingest.receive import Receiver
from soar.model.audit import AnchorStanding
from soar.model.breaker import Breaker
from soar.model.catalog import Catalog, Connection
from soar.model.clock import Clock
from soar.model.ids import Ids, Randomness
from soar.model.playbook import Playbook
from soar.model.values import JsonValue, Value
from soar.people.accounts import Accounts
from soar.people.emergency import EmergencyAccess
from soar.people.factors import SecondFactors
from soar.playbook import Finding
from soar.policy import Policy
from soar.responses.service import ResponseService
from soar.runtime.precedence import Precedence
from soar.store import Store
from soar.vault import KeyRotation, Rewrapper, Vault


class PasswordChecker(Protocol):
    """Slow hashes in a bounded pool."""

    async def hash(self, password: str) -> str:
        """Return the password's hash in PHC form."""
        ...

    async def verify(self, password: str, stored: str | None) -> bool:
        """Say whether the password is right; without a stored hash it takes as long and says no."""
        ...


class PlaybookLibrary(Protocol):
    """The playbooks that serve now."""

    def current(self) -> Mapping[str, Playbook]:
        """Return them by id."""
        ...

    def text(self, playbook: str) -> str:
        """Return one's document.

        Raises:
            NotFoundError: there is none with this id.
        """
        ...

    def find_file(self, playbook: str) -> str:
        """Return the digest of the last good file of this playbook; empty if there is none."""
        ...

    def check(self, playbook: str, text: str) -> tuple[Playbook | None, list[Finding]]:
        """Check a document as if it were this playbook, against the installed connectors and the policy.

        Returns:
            The playbook, or None if the document has errors; and everything found.
        """
        ...


@dataclass(frozen=True, slots=True)
class FirstAlert:
    """Two ways to send the example alert: a line for curl, and one for our own command line."""

    curl: str
    cli: str


@dataclass(frozen=True, slots=True)
class AuditStanding:
    """Who vouches for the record: the public keys that sign it, and the anchors in the order of the settings."""

    keys: tuple[VerifierKey, ...]
    anchors: tuple[AnchorStanding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything behind the HTTP face.

    Attributes:
        workspace: the one that sources and logins belong to.
        url: how people reach us, without a slash at the end.
        hooks_url: how sources do.
        is_demo: whether this is `soar demo`.
        pages: the built web pages; None where they were not built.
        roles: permissions of each role.
        find_breaker: a connection's circuit breaker, by workspace and id; None if it was never called.
        count_calls: how many calls of a connection are under way, and how many wait, by workspace and id.
        refresh_library: lets what was published serve in this process; the others find it by themselves.
        config: open settings, as expressions see them.
        proxies: those whose word counts of where a request comes from.
        sign_on: logs people in through an identity provider; None where the site has none.
        desks: hear the chats that are not ours.
        verify_audit: checks the whole record.
        describe_audit: says who vouches for the record.
        is_ready: whether the worker and the audit's checkpoints are alive, with a sentence for each that is not.
        read_output: returns an output that somebody gives as an action, by full name, would have given it.
        precedence: whose alerts go first.
        intake: how much may come in at hooks at once.
        first_alert: how to send the example alert; None where there is none to send.
    """

    workspace: str
    url: str
    hooks_url: str
    is_demo: bool
    pages: Path | None
    store: Store
    receiver: Receiver
    approvals: ApprovalService
    responses: ResponseService
    vault: Vault
    key_rotation: KeyRotation
    rewrapper: Rewrapper
    policy: Policy
    roles: RoleTable
    catalog: Catalog
    connections: Mapping[str, Connection]
    find_breaker: Callable[[str, str], Breaker | None]
    count_calls: Callable[[str, str], tuple[int, int]]
    library: PlaybookLibrary
    refresh_library: Callable[[], Awaitable[object]]
    config: Mapping[str, Value]
    passwords: PasswordChecker
    sign_on: SignOnService | None
    accounts: Accounts
    factors: SecondFactors
    emergency: EmergencyAccess
    hub: Hub
    proxies: Proxies
    clock: Clock
    ids: Ids
    randomness: Randomness
    desks: Desks
    verify_audit: Callable[[], Awaitable[Report]]
    describe_audit: Callable[[], Awaitable[AuditStanding]]
    is_ready: Callable[[], Awaitable[tuple[str, ...]]]
    first_alert: Callable[[], Awaitable[FirstAlert | None]]
    read_output: Callable[[str, JsonValue], JsonValue]
    precedence: Precedence
    intake: IntakeLimits = field(default_factory=IntakeLimits)

    @property
    def conduct(self) -> Conduct:
        """What people do with open questions besides voting."""
        return Conduct(approvals=self.approvals, ids=self.ids)

    @property
    def console(self) -> Console:
        """What answers text commands."""
        brake = Brake(freezable=self.freezable, roles=self.roles, ids=self.ids, url=self.url)
        return Console(approvals=self.approvals, conduct=self.conduct, ids=self.ids, url=self.url, brake=brake)

    @property
    def freezable(self) -> Freezable:
        """What there is to be frozen."""
        return Freezable(self.catalog, self.connections.keys())
