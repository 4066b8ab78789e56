"""AbuseIPDB's API v2: https://docs.abuseipdb.com/#check-endpoint."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from soar.sdk import (
    Address,
    Arguments,
    Connector,
    Context,
    Duration,
    Effect,
    Output,
    Repeat,
    action,
    read_document,
)

_CHECK = "https://api.abuseipdb.com/api/v2/check"
_DAY = timedelta(days=1)


class Check(Arguments):
    """The address in question."""

    ip: Address = Field(description="The address.")
    max_age: Duration = Field(
        default="90d",
        validate_default=True,
        ge=_DAY,
        le=365 * _DAY,
        description="How old the reports may be that count: a day at least, 365 at most.",
    )


class Reputation(Output):
    """What people report of an address."""

    ip: str = Field(description="The address as AbuseIPDB was asked for it.")
    score: int = Field(description="How sure AbuseIPDB is that it is abused, from 0 to 100.")
    reports: int = Field(description="How many reports there are.")
    country: str = Field(description="Country code of two letters; empty if it is not known.")
    isp: str = Field(description="Whose address it is; empty if it is not known.")
    is_tor: bool = Field(description="Whether it is an exit of Tor.")
    last_reported_at: datetime | None = Field(description="When it was last reported.")


class _Data(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    abuse_confidence_score: int = Field(ge=0, le=100)
    total_reports: int
    country_code: str | None = None
    isp: str | None = None
    is_tor: bool = False
    last_reported_at: datetime | None = None


class _Report(BaseModel):
    data: _Data


class AbuseIpDb(Connector):
    """Checks addresses."""

    @action(title="Check an address", effect=Effect.READ, repeat=Repeat.SAFE)
    async def check(self, ctx: Context, arguments: Check) -> Reputation:
        """Return what people have reported of an address lately."""
        ip = str(arguments.ip)
        days = -(-arguments.max_age // _DAY)
        response = await ctx.http.get(
            _CHECK,
            params={"ipAddress": ip, "maxAgeInDays": days},
            headers={"Key": ctx.secret("api_key").reveal(), "Accept": "application/json"},
        )
        data = read_document(ctx.check(response), _Report, "AbuseIPDB answered something that is no report").data
        return Reputation(
            ip=ip,
            score=data.abuse_confidence_score,
            reports=data.total_reports,
            country=data.country_code or "",
            isp=data.isp or "",
            is_tor=data.is_tor,
            last_reported_at=data.last_reported_at,
        )
