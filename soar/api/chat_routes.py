"""The part of the route table that is about chats that are not ours."""

from soar.api.handlers import chat
from soar.api.route import V1, Public, Route, Self, private, raw
from soar.api.schemas.base import Nothing
from soar.api.schemas.chat import ChatAccountPage, ChatAccountView, LinkTaken


def list_chat_routes() -> tuple[Route, ...]:
    """Return the routes that are about chats that are not ours."""
    accounts = f"{V1}/chat-accounts"
    return (
        raw(
            "POST",
            "/chat/slack",
            Public("Slack proves itself by a signature over the raw body; who acts is looked up by a linked account"),
            chat.hear_slack,
            answers=None,
        ),
        raw(
            "POST",
            "/chat/mattermost",
            Public(
                "buttons and dialogs prove themselves by our key, commands by Mattermost's token; who acts is looked up"
            ),
            chat.hear_mattermost,
            answers=None,
        ),
        raw(
            "POST",
            "/chat/discord",
            Public("Discord proves itself by a signature over the raw body; who acts is looked up by a linked account"),
            chat.hear_discord,
            answers=None,
        ),
        raw(
            "POST",
            "/chat/teams",
            Public(
                "Teams proves itself by a token that Microsoft has signed; who acts is looked up by a linked account"
            ),
            chat.hear_teams,
            answers=None,
        ),
        private("GET", accounts, Self(), chat.list_accounts, takes=Nothing, answers=ChatAccountPage),
        private(
            "POST",
            accounts,
            Self(),
            chat.link_account,
            takes=LinkTaken,
            answers=ChatAccountView,
            status=201,
            needs_proof=True,
        ),
        private(
            "DELETE",
            f"{accounts}/{{platform}}/{{team}}/{{account}}",
            Self(),
            chat.unlink_account,
            takes=Nothing,
            answers=None,
            status=204,
        ),
    )
