from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest
from pydantic import Field

from soar.sdk import ActionCode, Address, Arguments, Connector, Context, Duration, Effect, Output, Repeat, action
from soar.sdk.testing import Bench


class Asked(Arguments):
    ip: Address = Field(default="192.0.2.1", validate_default=True)
    age: Duration = Field(default="90d", validate_default=True, le=timedelta(days=365))


class Read(Output):
    kind: str
    ip: str
    seconds: float


class Reader(Connector):
    @action(title="Read", effect=Effect.READ, repeat=Repeat.SAFE)
    async def read(self, ctx: Context, arguments: Asked) -> Read:  # noqa: ARG002 every action is given a context
        is_four = isinstance(arguments.ip, IPv4Address)
        kind = (IPv4Address if is_four else IPv6Address).__name__
        return Read(kind=kind, ip=str(arguments.ip), seconds=arguments.age.total_seconds())


async def call(arguments: dict[str, object]) -> object:
    answer = await Bench(Reader).simulate("read", arguments, simulator=None)  # type: ignore[arg-type] nothing is sent
    return answer.output if answer.code is None else (answer.code, answer.message)


@pytest.mark.parametrize(
    ("text", "kind", "ip"),
    [
        ("198.51.100.7", "IPv4Address", "198.51.100.7"),
        ("::ffff:198.51.100.7", "IPv4Address", "198.51.100.7"),
        ("2001:0DB8:0::1", "IPv6Address", "2001:db8::1"),
    ],
)
async def test_an_address_is_read_to_its_shortest_form(text: str, kind: str, ip: str) -> None:
    assert await call({"ip": text}) == {"kind": kind, "ip": ip, "seconds": 7_776_000}


@pytest.mark.parametrize("value", ["", "198.51.100.0/24", "fe80::1%eth0", "0x7f.1", "evil.example", 3325256711, None])
async def test_what_is_no_address_is_refused(value: object) -> None:
    message = "ip: Value error, an IPv4 or IPv6 address belongs here, without a zone or a prefix"
    assert await call({"ip": value}) == (ActionCode.INVALID, message)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("1w", 604_800)])
async def test_a_duration_is_read_as_playbooks_write_it(text: str, seconds: int) -> None:
    assert await call({"age": text}) == {"kind": "IPv4Address", "ip": "192.0.2.1", "seconds": seconds}


@pytest.mark.parametrize("value", ["", "90", "P90D", "soon", 90, None])
async def test_what_is_no_duration_is_refused(value: object) -> None:
    message = "age: Value error, a duration is written 90s, 15m, 1h30m, 2d or 1w"
    assert await call({"age": value}) == (ActionCode.INVALID, message)


async def test_a_duration_keeps_to_the_bounds_of_its_field() -> None:
    assert await call({"age": "53w"}) == (
        ActionCode.INVALID,
        "age: Input should be less than or equal to 365 days",
    )


def test_the_schema_says_what_playbooks_may_write() -> None:
    properties = Asked.model_json_schema()["properties"]
    assert [option["format"] for option in properties["ip"]["anyOf"]] == ["ipv4", "ipv6"]
    assert (properties["age"]["type"], properties["age"]["default"]) == ("string", "90d")
