"""Chat accounts and the people they belong to: wished for in the chat, bound by a person who is logged in."""

import hashlib
from datetime import datetime, timedelta

from soar.audit.actor import describe_principal
from soar.audit.record import record
from soar.model.audit import AuditEvent, Outcome
from soar.model.chat import ChatAccount, ChatLink
from soar.model.errors import InputError, NotFoundError
from soar.model.identity import Principal
from soar.model.ids import Ids, Randomness, encode_crockford, normalize_code
from soar.store import Unit

LIFE = timedelta(minutes=10)
"""How long a code counts."""
_LENGTH = 16  # of base 32: 80 random bits, so that a fast hash suffices


def offer_link(unit: Unit, platform: str, team: str, account: str, *, randomness: Randomness, at: datetime) -> str:
    """Return a code by which whoever is logged in can bind this account to themself, once, within ten minutes."""
    code = encode_crockford(randomness.bytes(_LENGTH), _LENGTH)
    link = ChatLink(key=_hash(code), platform=platform, team=team, account=account, expires_at=at + LIFE)
    unit.chat_accounts.offer(link, at)
    return code


def find_link(unit: Unit, code: str, at: datetime) -> ChatLink:
    """Return what a code stands for; it counts on.

    Raises:
        InputError: the code does not count (any more).
    """
    return _need(unit.chat_accounts.find_offer(_hash(code), at))


def take_link(unit: Unit, code: str, principal: Principal, *, ids: Ids, at: datetime) -> ChatAccount:
    """Bind the chat account that a code stands for to the person who is logged in.

    Raises:
        InputError: the code does not count (any more).
    """
    link = _need(unit.chat_accounts.take(_hash(code), at))
    account = ChatAccount(platform=link.platform, team=link.team, account=link.account, user=principal.id, linked_at=at)
    former = unit.chat_accounts.find(link.platform, link.team, link.account)
    unit.chat_accounts.link(account)
    _record(unit, "chat.linked", account, principal, ids, at, former=former)
    return account


def unlink(unit: Unit, platform: str, team: str, account: str, principal: Principal, *, ids: Ids, at: datetime) -> None:
    """Take a chat account away from the person who is logged in.

    Raises:
        NotFoundError: they have no such account.
    """
    found = unit.chat_accounts.find(platform, team, account)
    if found is None or found.user != principal.id:
        raise NotFoundError(f"you have no account {account} there", hint="`soar chat list` shows yours")
    unit.chat_accounts.unlink(found)
    _record(unit, "chat.unlinked", found, principal, ids, at)


def _need(link: ChatLink | None) -> ChatLink:
    if link is None:
        hint = "`!link` in the chat, or `/soar link` in Slack, gives a new one"
        raise InputError("this code does not count", code="chat.code", hint=hint)
    return link


def _hash(code: str) -> str:
    plain = normalize_code(code.replace("-", "").replace(" ", ""))
    return hashlib.sha256(f"link\x1f{plain}".encode("utf-8", "surrogatepass")).hexdigest()


def _record(
    unit: Unit,
    kind: str,
    account: ChatAccount,
    principal: Principal,
    ids: Ids,
    at: datetime,
    *,
    former: ChatAccount | None = None,
) -> None:
    event = AuditEvent(
        type=kind,
        outcome=Outcome.SUCCESS,
        actor=describe_principal(principal),
        target={"kind": "chat_account", "id": f"{account.platform}:{account.team}:{account.account}"},
        before={"user": former.user} if former else None,
        after={"user": account.user if kind == "chat.linked" else None},
    )
    record(unit, event, at=at, id=ids.new("ev"))
