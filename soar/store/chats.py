"""Linked chat accounts, the cards that were posted to chats, and what was heard there."""

from datetime import datetime

from sqlalchemy import delete, exists, or_, select

from soar.model.approval import Approval, ApprovalStatus
from soar.model.chat import ChatAccount, ChatLink, HeardEvent, PostedCard
from soar.store.approval_tables import APPROVALS
from soar.store.chat_tables import CHAT_ACCOUNTS, CHAT_LINKS, HEARD_EVENTS, POSTED_CARDS
from soar.store.repository import Repository
from soar.store.rows import Rows, given

_ACCOUNTS = Rows(CHAT_ACCOUNTS, ChatAccount, key=("platform", "team", "account"))
_ACCOUNT = ("platform", "team", "account")
_GET_ACCOUNT = _ACCOUNTS.where(*_ACCOUNT)
_OF_USER = _ACCOUNTS.where("user").order_by(_ACCOUNTS.table.c.linked_at)
_UNLINK = delete(_ACCOUNTS.table).where(*_ACCOUNTS.match(*_ACCOUNT))
_SET_ACCOUNT = _ACCOUNTS.upsert()

_LINKS = Rows(CHAT_LINKS, ChatLink, key=("key",))
_GET_LINK = _LINKS.where("key")
_TAKE_LINK = delete(_LINKS.table).where(*_LINKS.match("key"))
_PRUNE = delete(_LINKS.table).where(*_LINKS.match(), _LINKS.table.c.expires_at <= given("at"))

_CARDS = Rows(POSTED_CARDS, PostedCard, key=("approval", "channel"))
_CARD = _CARDS.table.c
_OF_APPROVAL = _CARDS.where("approval").order_by(_CARD.channel)
_AT_PLACE = _CARDS.where("place", "message")
_UPDATE_CARD = _CARDS.change()
_APPROVALS = Rows(APPROVALS, Approval)
_ASKED = _APPROVALS.table.c
_IS_POSTED = exists().where(
    _CARD.workspace == _ASKED.workspace, _CARD.approval == _ASKED.id, _CARD.channel == _ASKED.channel
)
_UNPOSTED = (
    _APPROVALS.where()
    .where(
        _ASKED.status == ApprovalStatus.PENDING,
        _ASKED.merged_into.is_(None),
        _ASKED.channel.startswith(given("prefix")),
        ~_IS_POSTED,
    )
    .order_by(_ASKED.position)
    .limit(given("limit"))
)
_IS_BEHIND = (
    select(_ASKED.id)
    .where(_ASKED.workspace == _CARD.workspace, _ASKED.id == _CARD.approval)
    .where(or_(_ASKED.version > _CARD.version, _ASKED.status == ApprovalStatus.APPROVED))
    .exists()
)
_BEHIND = (
    _CARDS.where()
    .where(_CARD.is_done.is_(False), _CARD.due_at <= given("at"), _IS_BEHIND)
    .where(_CARD.channel.startswith(given("prefix")))
    .order_by(_CARD.due_at)
    .limit(given("limit"))
)

_HEARD = Rows(HEARD_EVENTS, HeardEvent, key=("platform", "id"))
_GET_HEARD = _HEARD.where("platform", "id")
_UPDATE_HEARD = _HEARD.change()
_FORGET = delete(_HEARD.table).where(*_HEARD.match(), _HEARD.table.c.at <= given("before"))


class ChatAccounts(Repository):
    """The chat accounts of a workspace's people."""

    __slots__ = ()

    def find(self, platform: str, team: str, account: str) -> ChatAccount | None:
        """Return the linked account with these ids."""
        return self._first(_ACCOUNTS, _GET_ACCOUNT, given_platform=platform, given_team=team, given_account=account)

    def of(self, user: str) -> tuple[ChatAccount, ...]:
        """Return a person's accounts, the oldest link first."""
        return self._all(_ACCOUNTS, _OF_USER, given_user=user)

    def link(self, account: ChatAccount) -> None:
        """Link an account to a person; whoever had it before has it no more."""
        values = {"workspace": self._workspace, **_ACCOUNTS.dump(account)}
        self._connection.execute(_SET_ACCOUNT.on(self._connection), values)

    def unlink(self, account: ChatAccount) -> None:
        """Take an account away from its person."""
        parts = {"given_platform": account.platform, "given_team": account.team, "given_account": account.account}
        self._run(_UNLINK, **parts)

    def offer(self, link: ChatLink, at: datetime) -> None:
        """Keep an account's wish to be linked; those whose time is over by now go."""
        self._run(_PRUNE, given_at=at)
        self._add(_LINKS, link, "there is a wish with this key already")

    def find_offer(self, key: str, at: datetime) -> ChatLink | None:
        """Return the wish with this key, which stays; None if there is none, or its time is over."""
        link = self._first(_LINKS, _GET_LINK, given_key=key)
        return link if link is not None and at < link.expires_at else None

    def take(self, key: str, at: datetime) -> ChatLink | None:
        """Return the wish with this key, which is gone then; None if there is none, or its time is over."""
        link = self.find_offer(key, at)
        self._run(_TAKE_LINK, given_key=key)
        return link


class PostedCards(Repository):
    """The cards of a workspace's questions in chats that are not ours."""

    __slots__ = ()

    def of(self, approval: str) -> tuple[PostedCard, ...]:
        """Return where an approval's cards are, by channel."""
        return self._all(_CARDS, _OF_APPROVAL, given_approval=approval)

    def find_message(self, place: str, message: str) -> PostedCard | None:
        """Return the card that a message shows, by the platform's own ids."""
        return self._first(_CARDS, _AT_PLACE, given_place=place, given_message=message)

    def add(self, card: PostedCard) -> bool:
        """Keep a card that is going to be posted; return False if its approval has one in this channel."""
        return self._insert(_CARDS, card)

    def update(self, card: PostedCard) -> None:
        """Replace a card.

        Raises:
            NotFoundError: it is not there.
        """
        self._replace(_CARDS, _UPDATE_CARD, card)

    def unposted(self, prefix: str, limit: int) -> tuple[Approval, ...]:
        """Return open questions whose channel begins so and that have no card in it yet, the oldest first."""
        return self._all(_APPROVALS, _UNPOSTED, given_prefix=prefix, given_limit=limit)

    def behind(self, prefix: str, at: datetime, limit: int) -> tuple[PostedCard, ...]:
        """Return cards in channels that begin so, that are due and show less than has happened, or may do so.

        What was approved goes on to happen, so that its cards are among them until they are done.
        """
        return self._all(_CARDS, _BEHIND, given_prefix=prefix, given_at=at, given_limit=limit)


class HeardEvents(Repository):
    """What was heard in chats that are not ours."""

    __slots__ = ()

    def get(self, platform: str, id_: str) -> HeardEvent | None:
        """Return what was heard under this id."""
        return self._first(_HEARD, _GET_HEARD, given_platform=platform, given_id=id_)

    def add(self, event: HeardEvent) -> bool:
        """Keep something; return False if it was heard before."""
        return self._insert(_HEARD, event)

    def update(self, event: HeardEvent) -> None:
        """Replace what was heard.

        Raises:
            NotFoundError: it is not there.
        """
        self._replace(_HEARD, _UPDATE_HEARD, event)

    def forget(self, before: datetime) -> None:
        """Forget what was heard until then."""
        self._run(_FORGET, given_before=before)
