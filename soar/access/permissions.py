"""Everything a principal can be allowed to do, one entry for each kind of thing and verb.

A route names exactly one of these or it is not registered, so this list is the whole of what can be granted.
"""

from enum import StrEnum
from typing import Self


class Risk(StrEnum):
    """How much harm a permission can do.

    `read`: shows something, changes nothing. `change`: alters what a person can set right again. `critical`: moves the
    power to act itself: keys, people, approvals, the freeze.
    """

    READ = "read"
    CHANGE = "change"
    CRITICAL = "critical"


class Permission(StrEnum):
    """One `resource:verb`, with what it allows in words and its risk class."""

    description: str
    risk: Risk

    def __new__(cls, value: str, description: str, risk: Risk) -> Self:
        """Make an entry whose text is `resource:verb`."""
        entry = str.__new__(cls, value)
        entry._value_ = value
        entry.description = description
        entry.risk = risk
        return entry

    ALERT_READ = "alert:read", "See alerts as received and why playbooks took them or not.", Risk.READ
    ALERT_CHECK = "alert:check", "Ask which playbooks would take an alert; nothing is stored.", Risk.READ
    ALERT_SEND = "alert:send", "Bring in an alert by hand, as its initiator.", Risk.CHANGE
    RUN_READ = "run:read", "See runs, their steps, arguments and outputs.", Risk.READ
    RUN_CANCEL = "run:cancel", "Stop a run before its next step.", Risk.CHANGE
    RUN_RETRY = "run:retry", "Start a failed run again from a step; every gate asks again.", Risk.CHANGE
    RUN_UNDO = "run:undo", "Take back everything a run still holds in the world.", Risk.CHANGE
    RUN_SETTLE = (
        "run:settle",
        "Say what a call did that nobody knows of; its run goes on.",
        Risk.CRITICAL,
    )
    LETTER_READ = "letter:read", "See what the service has given up on.", Risk.READ
    LETTER_WRITE = "letter:write", "Put back or discard what the service has given up on.", Risk.CHANGE
    APPROVAL_READ = "approval:read", "See what people are asked and how they voted.", Risk.READ
    APPROVAL_VOTE = "approval:vote", "Say yes or no to an approval that names one of the person's roles.", Risk.CRITICAL
    RESPONSE_READ = "response:read", "See active responses.", Risk.READ
    RESPONSE_LIFT = "response:lift", "Take back one active response before it expires.", Risk.CHANGE
    RESPONSE_EXTEND = "response:extend", "Let one active response stand longer than was planned.", Risk.CHANGE
    RESPONSE_KEEP = "response:keep", "Let one active response stand until somebody lifts it.", Risk.CRITICAL
    RESPONSE_INSPECT = "response:inspect", "Look whether an active response still stands.", Risk.CHANGE
    CASE_READ = "case:read", "See cases with their alerts and runs.", Risk.READ
    CASE_WRITE = "case:write", "Open, link, annotate and close cases.", Risk.CHANGE
    PLAYBOOK_READ = "playbook:read", "See playbooks and their text.", Risk.READ
    PLAYBOOK_VALIDATE = "playbook:validate", "Check a playbook's text; nothing is stored.", Risk.READ
    PLAYBOOK_RUN = "playbook:run", "Start a playbook by hand.", Risk.CHANGE
    PLAYBOOK_WRITE = "playbook:write", "Propose a new revision of a playbook.", Risk.CHANGE
    PLAYBOOK_PUBLISH = "playbook:publish", "Make a revision the one that runs.", Risk.CRITICAL
    CONNECTOR_READ = "connector:read", "See installed connectors and their actions.", Risk.READ
    ACTION_CALL = "action:call", "Have the runs that one starts call actions of connectors.", Risk.CHANGE
    CONNECTION_READ = "connection:read", "See connections and their open settings.", Risk.READ
    CREDENTIAL_READ = "credential:read", "See names, versions and hosts of credentials; never a value.", Risk.READ
    CREDENTIAL_WRITE = "credential:write", "Set a credential; nobody can read it back.", Risk.CRITICAL
    VAULT_READ = "vault:read", "See the keys over the credentials by name, and what is under each.", Risk.READ
    VAULT_WRITE = "vault:write", "Let one key over the credentials take another's place; end a key.", Risk.CRITICAL
    SOURCE_READ = "source:read", "See what may send alerts.", Risk.READ
    LIST_READ = "list:read", "See lists that playbooks look values up in.", Risk.READ
    LIST_WRITE = "list:write", "Change lists that playbooks look values up in.", Risk.CHANGE
    SUPPRESSION_READ = "suppression:read", "See rules under which alerts start nothing.", Risk.READ
    SUPPRESSION_WRITE = "suppression:write", "Set and remove rules under which alerts start nothing.", Risk.CHANGE
    USER_READ = "user:read", "See people and their roles.", Risk.READ
    USER_WRITE = "user:write", "Add people, change their roles, switch them off.", Risk.CRITICAL
    SCIM_WRITE = "scim:write", "Keep people and groups for the identity provider, over SCIM.", Risk.CRITICAL
    EMERGENCY_READ = "emergency:read", "See hours of emergency access.", Risk.READ
    EMERGENCY_REVIEW = "emergency:review", "Put down what was found about an hour of emergency access.", Risk.CHANGE
    ROLE_READ = "role:read", "See which role allows what.", Risk.READ
    TOKEN_READ = "token:read", "See one's own API tokens, without their text.", Risk.READ
    TOKEN_WRITE = "token:write", "Make and revoke one's own API tokens.", Risk.CHANGE
    POLICY_READ = "policy:read", "See the policy above the playbooks.", Risk.READ
    FREEZE_WRITE = "freeze:write", "Stop every write of the installation at once, and let them go on.", Risk.CRITICAL
    AUDIT_READ = "audit:read", "See who did what.", Risk.READ
    AUDIT_VERIFY = "audit:verify", "Check that the record is whole and unchanged.", Risk.READ
    AUDIT_SHRED = "audit:shred", "Erase somebody or an alert from the record, as one of two people.", Risk.CRITICAL
    FINGERPRINT_CHECK = "fingerprint:check", "Ask whether a value that one has was a credential's.", Risk.READ
    METRICS_READ = "metrics:read", "See the numbers of the service.", Risk.READ
    STREAM_READ = "stream:read", "Hear of changes as they happen.", Risk.READ
    MESSAGE_READ = "message:read", "Read the built-in channels.", Risk.READ
    MESSAGE_WRITE = "message:write", "Write into the built-in channels.", Risk.CHANGE


def find_permission(text: str) -> Permission | None:
    """Return the permission written `resource:verb`, or None."""
    return _BY_TEXT.get(text)


_BY_TEXT = {permission.value: permission for permission in Permission}
