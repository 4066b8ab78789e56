"""nftables, changed by the agent in `examples/nft-agent`, whose first lines say what it takes."""

import math
from datetime import timedelta

from pydantic import BaseModel, Field

from soar.sdk import (
    ActionInputError,
    Address,
    Arguments,
    Connector,
    Context,
    Duration,
    Effect,
    Holding,
    Output,
    PermanentError,
    Repeat,
    action,
    path,
    read_document,
)

LONGEST = timedelta(days=365)


class Wanted(Arguments):
    """An address."""

    ip: Address = Field(description="The address.")


class Entry(Wanted):
    """An address, and for how long it is meant."""

    lasts: Duration | None = Field(
        default=None, description="After how long the kernel lets it in again by itself, a year at most; else never."
    )


class Blocked(Output):
    """An address whose packets are dropped."""

    ip: str = Field(description="The address.")
    seconds_left: float | None = Field(description="Seconds until it is let in again; null for never.")


class Unblocked(Output):
    """An address that is let in."""

    ip: str = Field(description="The address.")


class Standing(Holding):
    """Whether an address is blocked."""

    ip: str = Field(description="The address.")
    seconds_left: float | None = Field(description="Seconds until it is let in again; null for never, or if it is.")


class _Answer(BaseModel):
    ip: str
    is_blocked: bool
    seconds_left: float | None


class Nftables(Connector):
    """Blocks addresses on a machine."""

    @action(
        title="Block an address",
        effect=Effect.WRITE,
        repeat=Repeat.SAFE,
        undo="unblock",
        undo_arguments={"ip": "with.ip"},
        check="is_blocked",
        check_arguments={"ip": "with.ip"},
        targets="ip",
    )
    async def block(self, ctx: Context, arguments: Entry) -> Blocked:
        """Drop what comes from an address; one that is blocked is blocked anew."""
        answer = await _ask(ctx, "PUT", arguments, {"seconds": _count(arguments.lasts)})
        if not answer.is_blocked:
            raise PermanentError(f"the agent did not block {arguments.ip}")
        return Blocked(ip=answer.ip, seconds_left=answer.seconds_left)

    @action(title="Unblock an address", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="ip")
    async def unblock(self, ctx: Context, arguments: Wanted) -> Unblocked:
        """Let an address in again; one that is not blocked stays so."""
        answer = await _ask(ctx, "DELETE", arguments)
        if answer.is_blocked:
            raise PermanentError(f"the agent did not unblock {arguments.ip}")
        return Unblocked(ip=answer.ip)

    @action(title="Look whether an address is blocked", effect=Effect.READ, repeat=Repeat.SAFE, targets="ip")
    async def is_blocked(self, ctx: Context, arguments: Wanted) -> Standing:
        """Say whether an address is blocked by the agent; what other tables do it does not see."""
        answer = await _ask(ctx, "GET", arguments)
        return Standing(ip=answer.ip, seconds_left=answer.seconds_left, holds=answer.is_blocked)


def _count(lasts: timedelta | None) -> int | None:
    if lasts is None:
        return None
    if not timedelta() < lasts <= LONGEST:
        raise ActionInputError("lasts: it has to be more than nothing, and a year at most")
    return math.ceil(lasts.total_seconds())


async def _ask(ctx: Context, method: str, wanted: Wanted, document: dict[str, int | None] | None = None) -> _Answer:
    url = str(ctx.settings["url"]).rstrip("/") + path("/v1/blocks/{ip}", ip=str(wanted.ip))
    headers = {"Authorization": f"Bearer {ctx.secret('key').reveal()}"}
    answer = await ctx.http.request(method, url, headers=headers, json=document)
    return read_document(ctx.check(answer), _Answer, "the agent answered something else")
