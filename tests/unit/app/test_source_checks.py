"""Sources that nobody could get in by: the doctor says so."""

from pathlib import Path

import pytest

from soar.app.checks.sources import check_sources
from soar.app.settings import HooksTlsSettings, ServerSettings
from soar.ingest.source import parse_source
from soar.model.values import JsonValue

TLS = HooksTlsSettings(certificate=Path("a"), key=Path("b"), client_authority=Path("c"))
OWN_TLS = ServerSettings(hooks_listen="127.0.0.1:0", hooks_tls=TLS)
BEHIND = ServerSettings(url="https://soar.example")
TRUSTING = ServerSettings(url="https://soar.example", trusted_proxies=("192.0.2.0/28",))
FINGERPRINT = {"mtls": {"fingerprint": 32 * "ab"}}
BEARER = {"bearer": {"secret": "k"}}
FROM = {"from": ["198.51.100.0/24"]}
CLOSE, FAR = {"proxies": ["192.0.2.1"]}, {"proxies": ["2001:db8::1", "203.0.113.0/24"]}


def judge(auth: dict[str, JsonValue], server: ServerSettings) -> list[str]:
    source = parse_source({"auth": auth, "alert": {"kind": "raw.kind"}}, "sensor")
    checks = list(check_sources({"sensor": source}, server))
    assert all(check.is_warning and "sensor" in check.message and check.hint for check in checks)
    return [check.code for check in checks]


@pytest.mark.parametrize(
    ("auth", "server", "codes"),
    [
        (FINGERPRINT, ServerSettings(), ["certificate_unseen"]),
        (FINGERPRINT, OWN_TLS, []),
        (FINGERPRINT | CLOSE, ServerSettings(), []),
        (FINGERPRINT | CLOSE, TRUSTING, ["certificate_unseen"]),
        (FINGERPRINT | FAR, TRUSTING, []),
        (BEARER, BEHIND, []),
        (BEARER | FROM, ServerSettings(), []),
        (BEARER | FROM, BEHIND, ["origin_unseen"]),
        (BEARER | FROM | CLOSE, BEHIND, []),
        (BEARER | FROM, TRUSTING, []),
        (BEARER | FROM, OWN_TLS, []),
        (FINGERPRINT | FROM, BEHIND, ["certificate_unseen", "origin_unseen"]),
    ],
)
def test_what_nobody_would_see_is_doubtful(
    auth: dict[str, JsonValue], server: ServerSettings, codes: list[str]
) -> None:
    assert judge(auth, server) == codes
