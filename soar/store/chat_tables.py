"""The tables of chats that are not ours; see `soar.store.tables`."""

from sqlalchemy import Boolean, Index, Integer, Table

from soar.store.columns import METADATA, column, key
from soar.store.rows import Moment, Texts

CHAT_ACCOUNTS = Table(
    "chat_accounts",
    METADATA,
    key("workspace"),
    key("platform"),
    key("team"),
    key("account"),
    column("user"),
    column("linked_at", Moment),
    Index(None, "workspace", "user"),
)
"""A linked account."""

CHAT_LINKS = Table(
    "chat_links",
    METADATA,
    key("workspace"),
    key("key"),
    column("platform"),
    column("team"),
    column("account"),
    column("expires_at", Moment),
)
"""An account that wants to be linked."""

POSTED_CARDS = Table(
    "posted_cards",
    METADATA,
    key("workspace"),
    key("approval"),
    key("channel"),
    column("place"),
    column("message"),
    column("nonce"),
    column("version", Integer),
    column("told", Texts),
    column("due_at", Moment),
    column("tries", Integer),
    column("is_done", Boolean),
    Index(None, "workspace", "is_done", "due_at"),
)
"""A question's card."""

HEARD_EVENTS = Table(
    "heard_events",
    METADATA,
    key("workspace"),
    key("platform"),
    key("id"),
    column("account"),
    column("at", Moment),
    column("approval"),
    Index(None, "workspace", "at"),
)
"""Something that was heard in a chat."""
