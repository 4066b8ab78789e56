"""Who hears which chat."""

from dataclasses import dataclass

from soar.approvals.chat_desk import ChatDesk
from soar.approvals.discord_desk import DiscordDesk
from soar.approvals.mattermost_desk import MattermostDesk
from soar.approvals.slack_desk import SlackDesk
from soar.approvals.teams_desk import TeamsDesk
from soar.model.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """The chats that are connected.

    Attributes:
        known: counts votes and answers commands, by connection.
        slack: hears Slack; None where it is not connected.
        mattermost: hears Mattermost; None where it is not connected.
        discord: hears Discord; None where it is not connected.
        teams: hears Teams; None where it is not connected.
    """

    known: tuple[ChatDesk, ...] = ()
    slack: SlackDesk | None = None
    mattermost: MattermostDesk | None = None
    discord: DiscordDesk | None = None
    teams: TeamsDesk | None = None

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
        raise _miss(platform, platform)

    def find_slack(self) -> SlackDesk:
        """Return who hears Slack.

        Raises:
            NotFoundError: it is not connected.
        """
        if self.slack is None:
            raise _miss("slack", "Slack")
        return self.slack

    def find_mattermost(self) -> MattermostDesk:
        """Return who hears Mattermost.

        Raises:
            NotFoundError: it is not connected.
        """
        if self.mattermost is None:
            raise _miss("mattermost", "Mattermost")
        return self.mattermost

    def find_discord(self) -> DiscordDesk:
        """Return who hears Discord.

        Raises:
            NotFoundError: it is not connected.
        """
        if self.discord is None:
            raise _miss("discord", "Discord")
        return self.discord

    def find_teams(self) -> TeamsDesk:
        """Return who hears Teams.

        Raises:
            NotFoundError: it is not connected.
        """
        if self.teams is None:
            raise _miss("teams", "Teams")
        return self.teams


def _miss(connection: str, title: str) -> NotFoundError:
    return NotFoundError(
        f"no {title} is connected", hint=f"a connection called `{connection}` in connections.yaml connects one"
    )
