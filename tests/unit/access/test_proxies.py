from ipaddress import ip_network

import pytest

from soar.access.proxies import Proxies

TRUSTED = tuple(map(ip_network, ("10.0.0.0/28", "2001:db8::/64")))
BY_OLD, BY_NEW = Proxies(TRUSTED), Proxies(TRUSTED, "Forwarded")
PROXY, CLIENT, LIE = "10.0.0.1", "198.51.100.7", "192.0.2.66"


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        (CLIENT, [], CLIENT),
        (CLIENT, [LIE], CLIENT),
        (PROXY, [], PROXY),
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"{LIE}, {CLIENT}"], CLIENT),
        (PROXY, [LIE, CLIENT], CLIENT),
        (PROXY, [f"{LIE},{CLIENT}, 10.0.0.2"], CLIENT),
        (PROXY, [f"{LIE}, {CLIENT}", "10.0.0.2,10.0.0.3"], CLIENT),
        (PROXY, [f"10.0.0.5, {CLIENT}"], CLIENT),
        (PROXY, ["10.0.0.5, 10.0.0.2"], "10.0.0.5"),
        (PROXY, [f"{CLIENT}:4711"], CLIENT),
        (PROXY, ["[2001:db8:1::7]:4711"], "2001:db8:1::7"),
        (PROXY, ["2001:DB8:1:0::7"], "2001:db8:1::7"),
        ("2001:db8::1", [CLIENT], CLIENT),
        ("::ffff:10.0.0.1", [f"::ffff:{CLIENT}"], CLIENT),
        (PROXY, [f"{LIE}, unknown"], PROXY),
        (PROXY, [f"{LIE}, unknown, 10.0.0.2"], "10.0.0.2"),
        (PROXY, [f"{LIE},"], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, ["fe80::1%<b>zone"], PROXY),
        (PROXY, ["[2001:db8:1::7]:47]11"], "2001:db8:1::7"),
        (PROXY, ["0x7f.1"], PROXY),
        (PROXY, ["3325256711"], PROXY),
        (PROXY, ["198.051.100.007"], PROXY),
        (PROXY, [f"{CLIENT}\u2028{LIE}"], PROXY),
        (PROXY, [", ".join([LIE] * 2_000 + [CLIENT])], CLIENT),
        (None, [LIE], None),
        ("", [LIE], ""),
    ],
)
def test_the_client_is_the_last_hop_that_is_not_trusted(peer: str | None, lines: list[str], client: str | None) -> None:
    assert BY_OLD.find_client(peer, lines) == client


@pytest.mark.parametrize(
    ("line", "client"),
    [
        (f"for={CLIENT}", CLIENT),
        (f'For="{CLIENT}:4711";proto=https;by=10.0.0.9', CLIENT),
        ('for="[2001:db8:1::7]:4711"', "2001:db8:1::7"),
        (f"for={LIE}, for={CLIENT}, for=10.0.0.2", CLIENT),
        (f'for="{LIE}, for={CLIENT}', CLIENT),
        (f'for={LIE};host="x, for={CLIENT}', CLIENT),
        (f'for={CLIENT};host="a,for={LIE}"', CLIENT),
        (f'for={CLIENT};host="a\\",for={LIE}"', CLIENT),
        (f'for={CLIENT};host="a;for={LIE}"', CLIENT),
        (f'for={LIE}, for={CLIENT};host="a\\"b"', CLIENT),
        (f'for={LIE}, for={CLIENT};host="a\\\\"', CLIENT),
        (f'for={LIE}, for={CLIENT};host="a\\\\\\"b"', CLIENT),
        (f'host="a\\";b";for={CLIENT}', CLIENT),
        (f'"a;b";for={CLIENT};x=\\', CLIENT),
        (f"for={CLIENT};for={LIE}", PROXY),
        (f"for={LIE}, for=_hidden", PROXY),
        (f"for={LIE}, for=unknown", PROXY),
        (f"for={LIE}, proto=https", PROXY),
        ("", PROXY),
        ('"' * 4_000, PROXY),
    ],
)
def test_the_header_of_the_standard_is_read_from_its_end(line: str, client: str) -> None:
    assert BY_NEW.find_client(PROXY, [line]) == client


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    assert Proxies().find_client(PROXY, [LIE]) == PROXY
