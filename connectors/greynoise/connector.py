"""GreyNoise's Community API: https://docs.greynoise.io/reference/getcommunityip."""

from datetime import date
from typing import Literal

import httpx
from pydantic import BaseModel, Field

from soar.sdk import (
    Address,
    Arguments,
    Connector,
    Context,
    Effect,
    Output,
    Repeat,
    action,
    path,
    read_document,
)

_API = "https://api.greynoise.io/v3/community"

Classification = Literal["malicious", "suspicious", "benign", "unknown"]


class Lookup(Arguments):
    """The address in question."""

    ip: Address = Field(description="An address of the public Internet.")


class Reputation(Output):
    """What GreyNoise knows of an address."""

    ip: str = Field(description="The address as GreyNoise was asked for it.")
    classification: Classification = Field(description="What it is up to; `unknown` where it was never seen too.")
    noise: bool = Field(default=False, description="Whether it has been seen scanning the Internet lately.")
    riot: bool = Field(default=False, description="Whether it belongs to a well-known service.")
    name: str = Field(default="", description="Who uses it; empty if nobody knows.")
    last_seen: date | None = Field(default=None, description="When it was last seen.")


class _Report(BaseModel):
    classification: Classification
    noise: bool
    riot: bool
    name: str = ""
    last_seen: date | None = None


class GreyNoise(Connector):
    """Looks addresses up."""

    @action(title="Look an address up", effect=Effect.READ, repeat=Repeat.SAFE)
    async def lookup(self, ctx: Context, arguments: Lookup) -> Reputation:
        """Return what GreyNoise knows; its 404 means that it has never seen the address."""
        ip = str(arguments.ip)
        headers = {"key": ctx.secret("api_key").reveal(), "Accept": "application/json"}
        response = await ctx.http.get(_API + path("/{ip}", ip=ip), headers=headers)
        if response.status_code == httpx.codes.NOT_FOUND:
            return Reputation(ip=ip, classification="unknown")
        report = read_document(ctx.check(response), _Report, "GreyNoise answered something that is no report")
        return Reputation(ip=ip, **report.model_dump())
