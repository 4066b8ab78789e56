"""One transaction, seen from one workspace."""

from sqlalchemy import Connection

from soar.model.ids import Randomness
from soar.store.alerts import Alerts, Deliveries
from soar.store.anchors import Anchors
from soar.store.approvals import Approvals
from soar.store.arrivals import Arrivals
from soar.store.audit import Audit, AuditEnd
from soar.store.audit_index import AuditIndex
from soar.store.breakers import Breakers
from soar.store.bursts import Bursts
from soar.store.cases import Cases
from soar.store.chats import ChatAccounts, HeardEvents, PostedCards
from soar.store.credentials import Credentials
from soar.store.dead_letters import DeadLetters
from soar.store.deeds import Deeds
from soar.store.delegations import Delegations
from soar.store.encryption_keys import EncryptionKeys
from soar.store.factors import Factors, OneTimeCodes
from soar.store.federation import Accounts, Groups, PendingLogins, SignOns, SpentTokens
from soar.store.freezes import Freezes
from soar.store.handouts import Handouts
from soar.store.happenings import Happenings, Watches
from soar.store.identity import Sessions, Tokens, Users
from soar.store.journal import Inbox, Journal
from soar.store.known import Known
from soar.store.lists import Lists
from soar.store.messages import Messages
from soar.store.openings import Openings
from soar.store.pollers import Pollers
from soar.store.publications import Drafts, Publications
from soar.store.responses import Responses
from soar.store.revisions import Revisions
from soar.store.runs import Runs
from soar.store.standing_approvals import StandingApprovals
from soar.store.suppressions import Suppressions
from soar.store.timers import Timers


class Unit:
    """The repositories of one workspace inside one transaction; good for as long as the work it was given to runs.

    Args:
        connection: inside the transaction.
        workspace: whose rows are seen.
        end: where the audit record ends, for works that share the transaction; read anew if there are none.
        known: what works that share the transaction have read.

    Attributes:
        randomness: salts what may be erased from the audit; None if nothing may.
    """

    def __init__(
        self, connection: Connection, workspace: str, end: AuditEnd | None = None, known: Known | None = None
    ) -> None:
        self._connection = connection
        self._end = end or AuditEnd(connection)
        self._known = known or Known()
        self._told: dict[str, None] = {}
        self._has_happened = False
        self.workspace = workspace
        self.randomness: Randomness | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """The runs that something was put into the inbox for, each once."""
        return tuple(self._told)

    @property
    def has_happened(self) -> bool:
        """Whether something was put down that somebody waits for."""
        return self._has_happened

    @property
    def alerts(self) -> Alerts:
        """Alerts, what playbooks did with them, and dedupe keys."""
        return Alerts(self._connection, self.workspace)

    @property
    def deliveries(self) -> Deliveries:
        """Requests to hooks."""
        return Deliveries(self._connection, self.workspace)

    @property
    def bursts(self) -> Bursts:
        """Alerts with the number of their repeats."""
        return Bursts(self._connection, self.workspace)

    @property
    def suppressions(self) -> Suppressions:
        """Rules under which alerts start nothing."""
        return Suppressions(self._connection, self.workspace)

    @property
    def arrivals(self) -> Arrivals:
        """When sources were last heard of."""
        return Arrivals(self._connection, self.workspace)

    @property
    def pollers(self) -> Pollers:
        """Sources that are polled."""
        return Pollers(self._connection, self.workspace)

    @property
    def runs(self) -> Runs:
        """Runs as lists see them."""
        return Runs(self._connection, self.workspace)

    @property
    def journal(self) -> Journal:
        """What happened to runs."""
        return Journal(self._connection, self.workspace)

    @property
    def inbox(self) -> Inbox:
        """What is yet to be told to runs."""
        return Inbox(self._connection, self.workspace, self._tell)

    def _tell(self, run: str) -> None:
        self._told[run] = None

    @property
    def timers(self) -> Timers:
        """What runs are to be told later."""
        return Timers(self._connection, self.workspace)

    @property
    def happenings(self) -> Happenings:
        """What happened and is yet to be taken to those who wait for it."""
        return Happenings(self._connection, self.workspace, self._known, self._note)

    def _note(self) -> None:
        self._has_happened = True

    @property
    def watches(self) -> Watches:
        """Steps that wait for something to happen."""
        return Watches(self._connection, self.workspace, self._known)

    @property
    def handouts(self) -> Handouts:
        """Which process drives which run."""
        return Handouts(self._connection, self.workspace)

    @property
    def dead_letters(self) -> DeadLetters:
        """What was given up on."""
        return DeadLetters(self._connection, self.workspace)

    @property
    def approvals(self) -> Approvals:
        """Questions to people."""
        return Approvals(self._connection, self.workspace)

    @property
    def standing_approvals(self) -> StandingApprovals:
        """What two people have approved beforehand."""
        return StandingApprovals(self._connection, self.workspace)

    @property
    def delegations(self) -> Delegations:
        """Who votes in whose place."""
        return Delegations(self._connection, self.workspace)

    @property
    def responses(self) -> Responses:
        """Changes that can be taken back."""
        return Responses(self._connection, self.workspace)

    @property
    def cases(self) -> Cases:
        """What people work on."""
        return Cases(self._connection, self.workspace)

    @property
    def users(self) -> Users:
        """People."""
        return Users(self._connection, self.workspace)

    @property
    def sessions(self) -> Sessions:
        """Their logins."""
        return Sessions(self._connection, self.workspace)

    @property
    def tokens(self) -> Tokens:
        """Their API tokens."""
        return Tokens(self._connection, self.workspace)

    @property
    def pending_logins(self) -> PendingLogins:
        """Logins that were begun at the identity provider."""
        return PendingLogins(self._connection, self.workspace)

    @property
    def sign_ons(self) -> SignOns:
        """Logins that came from one at the identity provider."""
        return SignOns(self._connection, self.workspace)

    @property
    def spent_tokens(self) -> SpentTokens:
        """The identity provider's tokens that have counted."""
        return SpentTokens(self._connection, self.workspace)

    @property
    def accounts(self) -> Accounts:
        """People as the identity provider knows them."""
        return Accounts(self._connection, self.workspace)

    @property
    def groups(self) -> Groups:
        """Groups that the identity provider keeps."""
        return Groups(self._connection, self.workspace)

    @property
    def factors(self) -> Factors:
        """Their second factors."""
        return Factors(self._connection, self.workspace)

    @property
    def codes(self) -> OneTimeCodes:
        """Codes that count once."""
        return OneTimeCodes(self._connection, self.workspace)

    @property
    def chat_accounts(self) -> ChatAccounts:
        """Their accounts in chats that are not ours."""
        return ChatAccounts(self._connection, self.workspace)

    @property
    def posted_cards(self) -> PostedCards:
        """Questions' cards in chats that are not ours."""
        return PostedCards(self._connection, self.workspace)

    @property
    def heard_events(self) -> HeardEvents:
        """What was heard in chats that are not ours."""
        return HeardEvents(self._connection, self.workspace)

    @property
    def openings(self) -> Openings:
        """Hours of emergency access."""
        return Openings(self._connection, self.workspace)

    @property
    def credentials(self) -> Credentials:
        """Encrypted credentials and wrapped keys."""
        return Credentials(self._connection, self.workspace)

    @property
    def encryption_keys(self) -> EncryptionKeys:
        """Which key-encryption keys there are, and what each is good for."""
        return EncryptionKeys(self._connection, self.workspace)

    @property
    def revisions(self) -> Revisions:
        """Playbook texts."""
        return Revisions(self._connection, self.workspace)

    @property
    def drafts(self) -> Drafts:
        """Playbook texts that are proposed."""
        return Drafts(self._connection, self.workspace)

    @property
    def publications(self) -> Publications:
        """Which of them serve."""
        return Publications(self._connection, self.workspace)

    @property
    def messages(self) -> Messages:
        """The built-in chat."""
        return Messages(self._connection, self.workspace)

    @property
    def lists(self) -> Lists:
        """Lists that playbooks look values up in."""
        return Lists(self._connection, self.workspace)

    @property
    def breakers(self) -> Breakers:
        """Circuit breakers of connections."""
        return Breakers(self._connection, self.workspace)

    @property
    def freezes(self) -> Freezes:
        """What is frozen."""
        return Freezes(self._connection, self.workspace, self._known)

    @property
    def deeds(self) -> Deeds:
        """Writes that were begun."""
        return Deeds(self._connection, self.workspace)

    @property
    def audit(self) -> Audit:
        """The audit record."""
        return Audit(self._connection, self.workspace, self._end)

    @property
    def audit_index(self) -> AuditIndex:
        """How far the audit record can be searched."""
        return AuditIndex(self._connection, self.workspace, self._end)

    @property
    def anchors(self) -> Anchors:
        """How far the audit record's anchors have come."""
        return Anchors(self._connection, self.workspace)
