import pytest

from soar.sdk.errors import EgressRefusedError
from soar.sdk.target import check_address, parse_target

HOSTS = frozenset({"api.good.example", "box.good.example", "2130706433", "0x7f.1"})
PRIVATE_HOSTS = frozenset({"box.good.example"})


@pytest.mark.parametrize(
    "url",
    [
        "https://api.good.example",
        "https://api.good.example:8443/v1/a%2Fb?q=%20",
        "http://box.good.example/",
        "https://box.good.example/",
    ],
)
def test_a_named_host_may_be_called(url: str) -> None:
    assert str(parse_target(url, HOSTS, PRIVATE_HOSTS)).startswith(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.good.example/",  # no TLS on the open network
        "ftp://box.good.example/",
        "file:///etc/passwd",
        "//api.good.example/",
        "/relative",
        "",
        "https:///path",
        "https://evil.example/",
        "https://api.good.example./",  # the trailing dot names the same host past an exact list
        "https://API.good.example/",
        "https://sub.api.good.example/",
        "https://user@api.good.example/",
        "https://user:pass@api.good.example/",
        "https://@api.good.example/",
        "https://api.good.example@evil.example/",
        "https://api.good.example:443@evil.example/",
        "https://evil.example\\@api.good.example/",
        "https://api.good.example\\.evil.example/",
        "https://api.good.example%2eevil.example/",
        "https://api.good.example:99999/",
        "https://api.good.example/a b",
        "https://api.good.example/a\r\nHost: evil.example",
        "https://api.good.examplé/",
        "https://127.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::1/",
    ],
)
def test_no_other_url_is_called(url: str) -> None:
    with pytest.raises(EgressRefusedError):
        parse_target(url, HOSTS, PRIVATE_HOSTS)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::"]
)
def test_public_addresses_are_accepted(address: str) -> None:
    check_address(address, may_be_private=False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "::1",
        "fc00::1",
        "fd12:3456::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses_need_permission(address: str) -> None:
    with pytest.raises(EgressRefusedError, match="no public address"):
        check_address(address, may_be_private=False)
    check_address(address, may_be_private=True)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "0.0.0.0",  # noqa: S104 an address to be refused, not bound
        "::",
        "224.0.0.1",
        "ff02::1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "fec0::1",
        "100::1",
        "64:ff9b:1::1",
        "::7f00:1",
        "2001:db8::1",
    ],
)
@pytest.mark.parametrize("may_be_private", [False, True])
def test_some_addresses_are_never_accepted(address: str, *, may_be_private: bool) -> None:
    with pytest.raises(EgressRefusedError):
        check_address(address, may_be_private=may_be_private)
