"""Aliases of OPNsense: https://docs.opnsense.org/development/api/core/firewall.html, controller `alias_util`.

Requests bear a key and a secret as HTTP Basic: https://docs.opnsense.org/development/how-tos/api.html.
"""

from dataclasses import dataclass
from typing import Annotated

import httpx
from pydantic import BaseModel, Field, StringConstraints

from soar.sdk import (
    ActionCode,
    Address,
    Arguments,
    Connector,
    Context,
    Effect,
    Holding,
    Output,
    PermanentError,
    Repeat,
    action,
    path,
    read_document,
)

AliasName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,31}$"), Field(description="An alias that is on the firewall.")
]


class Entry(Arguments):
    """An address and the list it is meant for."""

    ip: Address = Field(description="The address.")
    alias: AliasName


class Alias(Arguments):
    """A list of addresses."""

    alias: AliasName


class Blocked(Output):
    """An address that is on the list now."""

    ip: str = Field(description="The address as the firewall has it.")
    alias: str = Field(description="The list it is on.")
    was_blocked: bool | None = Field(
        default=None,
        description="Whether it was on the list already; then nothing was changed. Null where the answer was lost.",
    )


class Unblocked(Output):
    """An address that is on the list no more."""

    ip: str = Field(description="The address as the firewall had it.")
    alias: str = Field(description="The list it is not on.")


class Membership(Holding):
    """Whether an address is on the list."""

    ip: str = Field(description="The address as the firewall would have it.")
    alias: str = Field(description="The list.")


class Blocklist(Output):
    """What is on a list."""

    alias: str = Field(description="The list.")
    count: int = Field(description="How many entries it has.")
    ips: list[str] = Field(description="The first 9999 of them: addresses and networks.")


class _Row(BaseModel):
    ip: str


class _Table(BaseModel):
    total: int
    rows: list[_Row]


class _Outcome(BaseModel):
    status: str
    status_msg: str = ""


@dataclass(frozen=True, slots=True)
class _Firewall:
    """The controller `alias_util`, with the connection's key."""

    ctx: Context

    async def list_table(self, alias: str) -> _Table:
        response = await self.ctx.http.get(self._locate("list", alias), auth=self._authenticate())
        return read_document(self.ctx.check(response), _Table, "OPNsense answered something that is no table")

    async def change(self, verb: str, entry: Entry) -> None:
        """Add or delete an address; the firewall says within a 200 whether it did."""
        document = {"address": str(entry.ip)}
        url = self._locate(verb, entry.alias)
        response = await self.ctx.http.post(url, auth=self._authenticate(), json=document)
        outcome = read_document(self.ctx.check(response), _Outcome, "OPNsense does not say what it did")
        match outcome.status:
            case "done":
                return
            case "failed":
                raise PermanentError(
                    f"OPNsense did not {verb} {entry.ip}: {outcome.status_msg or 'no reason given'}",
                    action_code=ActionCode.NOT_FOUND,
                    hint=f"make the alias {entry.alias} on the firewall and apply it",
                )
            case _:
                raise PermanentError(f"OPNsense did not {verb} {entry.ip}: {outcome.status}")

    def _locate(self, verb: str, alias: str) -> str:
        base = str(self.ctx.settings["url"]).rstrip("/")
        return base + path("/api/firewall/alias_util/{verb}/{alias}", verb=verb, alias=alias)

    def _authenticate(self) -> httpx.BasicAuth:
        return httpx.BasicAuth(self.ctx.secret("api_key").reveal(), self.ctx.secret("api_secret").reveal())


class OpnSense(Connector):
    """Puts addresses on lists and takes them off."""

    @action(
        title="Block an address",
        effect=Effect.WRITE,
        repeat=Repeat.CHECKABLE,
        undo="unblock_ip",
        undo_arguments={"ip": "with.ip", "alias": "with.alias"},
        check="check_block",
        check_arguments={"ip": "with.ip", "alias": "with.alias"},
        targets="ip",
    )
    async def block_ip(self, ctx: Context, arguments: Entry) -> Blocked:
        """Put an address on a list unless it is there: added twice, the alias would keep it twice."""
        firewall = _Firewall(ctx)
        ip = str(arguments.ip)
        table = await firewall.list_table(arguments.alias)
        was_blocked = any(row.ip == ip for row in table.rows)
        if not was_blocked:
            await firewall.change("add", arguments)
        return Blocked(ip=ip, alias=arguments.alias, was_blocked=was_blocked)

    @action(title="Unblock an address", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="ip")
    async def unblock_ip(self, ctx: Context, arguments: Entry) -> Unblocked:
        """Take an address off a list; what is not there stays away."""
        await _Firewall(ctx).change("delete", arguments)
        return Unblocked(ip=str(arguments.ip), alias=arguments.alias)

    @action(title="Look whether an address is blocked", effect=Effect.READ, repeat=Repeat.SAFE, targets="ip")
    async def check_block(self, ctx: Context, arguments: Entry) -> Membership:
        """Say whether an address is on a list by itself; a network around it is somebody else's entry."""
        ip = str(arguments.ip)
        table = await _Firewall(ctx).list_table(arguments.alias)
        is_listed = any(row.ip == ip for row in table.rows)
        if not is_listed and table.total > len(table.rows):
            raise PermanentError(f"OPNsense told {len(table.rows)} of {table.total} entries, and {ip} is none of them")
        return Membership(ip=ip, alias=arguments.alias, holds=is_listed)

    @action(title="List what is blocked", effect=Effect.READ, repeat=Repeat.SAFE)
    async def list_blocked(self, ctx: Context, arguments: Alias) -> Blocklist:
        """Return what is on a list."""
        table = await _Firewall(ctx).list_table(arguments.alias)
        return Blocklist(alias=arguments.alias, count=table.total, ips=[row.ip for row in table.rows])
