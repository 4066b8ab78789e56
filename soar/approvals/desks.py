"""Who hears which chat."""

from dataclasses import dataclass

from soar.approvals.chat_desk import ChatDesk
from soar.approvals.slack_desk import SlackDesk
from soar.model.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """The chats that are connected.

    Attributes:
        known: counts votes and answers commands, by connection.
        slack: hears Slack; None where it is not connected.
    """

    known: tuple[ChatDesk, ...] = ()
    slack: SlackDesk | None = None

    def find(self, platform: str) -> ChatDesk:
        """Return who counts votes and answers commands of a chat.

        Args:
            platform: the connection's id, such as `slack`.

        Raises:
            NotFoundError: it is not connected.
        """
        for desk in self.known:
            if desk.platform.connection == platform:
                return desk
        raise NotFoundError(
            f"no {platform} is connected", hint=f"a connection called `{platform}` in connections.yaml connects one"
        )

    def find_slack(self) -> SlackDesk:
        """Return who hears Slack.

        Raises:
            NotFoundError: it is not connected.
        """
        if self.slack is None:
            raise NotFoundError(
                "no Slack is connected", hint="a connection called `slack` in connections.yaml connects one"
            )
        return self.slack
