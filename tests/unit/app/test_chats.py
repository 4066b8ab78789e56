"""Chats are spoken to and heard where they are connected, and nowhere else."""

from pathlib import Path

import pytest

from soar.app.lifecycle import _list_parts
from soar.app.settings import Settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.model.audit import Actor
from soar.model.errors import DeniedError, NotFoundError
from soar.model.secret import Secret
from tests.support import discord, mattermost, teams
from tests.support.slack import APPLICATION, KEY, TEAM, command, press, sign

URL = "http://127.0.0.1"
WHOLE = f"""
connections:
  slack:
    settings: {{team: {TEAM}, application: {APPLICATION}}}
    credentials: {{bot_token: slack_bot, signing_secret: slack_sign}}
"""
SOCKET = WHOLE.replace("signing_secret: slack_sign", "app_token: slack_app")
MATTERMOST = f"""
connections:
  mattermost:
    settings: {{team: {mattermost.TEAM}}}
    credentials: {{bot_token: mm_bot, action_key: mm_key, command_token: mm_command}}
"""
DISCORD = f"""
connections:
  discord:
    settings: {{guild: "{discord.GUILD}", application: "{discord.APPLICATION}", public_key: "{discord.PUBLIC_KEY}"}}
    credentials: {{bot_token: discord_bot}}
"""
TEAMS = f"""
connections:
  teams:
    settings:
      tenant: {teams.TENANT}
      application: {teams.APPLICATION}
      team: "{teams.TEAM}"
      channels: {{SOC: "{teams.CHANNEL}"}}
    oauth2:
      token_url: https://login.microsoftonline.com/{teams.TENANT}/oauth2/v2.0/token
      client_id: {teams.APPLICATION}
      client_secret: teams_client
"""
NO_SIGNATURE = "connections:\n  slack:\n    credentials: {bot_token: slack_bot}\n"


def connect(settings: Settings, text: str) -> None:
    Path(settings.paths.connections).write_text(text, "utf-8")


async def test_a_connected_slack_is_heard_under_its_own_secret(settings: Settings) -> None:
    connect(settings, WHOLE)
    async with open_service(read_site(settings), URL) as service:
        at = service.clock.now()
        await service.vault.set_credential(
            service.workspace, "slack_sign", Secret(KEY), actor=Actor(kind="system", id="setup"), now=at
        )
        desk = service.services.desks.find_slack()
        body = command("help")
        shown = await desk.receive(sign(body, at), body)
        assert shown is not None
        assert "!approve ab12" in str(shown["text"])
        pressed = press("ap_1|approve|x")
        assert await desk.receive(sign(pressed, at), pressed) is None
        await desk.backlog.work_off()
        parts = _list_parts(service, has_worker=False)
        assert {name for name in parts if "slack" in name} == {"slack presses"}
        for part in parts.values():
            part.close()


@pytest.mark.parametrize("text", ["connections: {}\n", NO_SIGNATURE])
async def test_without_a_way_to_tell_slack_from_others_nothing_is_heard(settings: Settings, text: str) -> None:
    connect(settings, text)
    async with open_service(read_site(settings), URL) as service:
        with pytest.raises(NotFoundError):
            service.services.desks.find_slack()


async def test_with_a_token_for_it_slack_is_heard_over_a_socket_and_over_http_not_at_all(settings: Settings) -> None:
    connect(settings, SOCKET)
    async with open_service(read_site(settings), URL) as service:
        with pytest.raises(DeniedError):
            await service.services.desks.find_slack().receive({}, b"")
        parts = _list_parts(service, has_worker=True)
        assert {name for name in parts if "slack" in name} == {"slack presses", "slack socket", "slack cards"}
        for part in parts.values():
            part.close()


async def test_a_connected_mattermost_is_heard_under_its_own_secrets(settings: Settings) -> None:
    connect(settings, MATTERMOST)
    async with open_service(read_site(settings), URL) as service:
        for name, value in (("mm_key", mattermost.KEY), ("mm_command", mattermost.COMMAND_TOKEN)):
            await service.vault.set_credential(
                service.workspace, name, Secret(value), actor=Actor(kind="system", id="setup"), now=service.clock.now()
            )
        desk = service.services.desks.find_mattermost()
        shown = await desk.receive(mattermost.command("pending"), is_form=True)
        assert "is not linked" in str(shown["text"])
        with pytest.raises(NotFoundError, match="no Slack is connected"):
            service.services.desks.find_slack()
        parts = _list_parts(service, has_worker=True)
        assert "mattermost cards" in parts
        for part in parts.values():
            part.close()


async def test_a_slack_in_small_has_no_socket(settings: Settings) -> None:
    connect(settings, SOCKET + "    mode: simulate\n")
    async with open_service(read_site(settings), URL) as service:
        assert service.chats.slack_socket is None


async def test_a_connected_discord_is_heard_under_its_public_key(settings: Settings) -> None:
    connect(settings, DISCORD)
    async with open_service(read_site(settings), URL) as service:
        body = discord.ping()
        assert await service.services.desks.find_discord().receive(discord.sign(body, service.clock.now()), body) == {
            "type": 1
        }
        parts = _list_parts(service, has_worker=True)
        assert {"discord presses", "discord cards"} <= parts.keys()
        for part in parts.values():
            part.close()


async def test_a_connected_teams_is_heard_by_its_tokens(settings: Settings) -> None:
    connect(settings, TEAMS)
    async with open_service(read_site(settings), URL) as service:
        with pytest.raises(DeniedError):
            await service.services.desks.find_teams().receive({}, teams.act("message"))
        parts = _list_parts(service, has_worker=True)
        assert {"teams commands", "teams cards"} <= parts.keys()
        for part in parts.values():
            part.close()
