"""What the site's files and settings say of limits, and where breakers are kept."""

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from soar.app.guard import BreakerKeeper, make_allowances, make_rule
from soar.app.settings import LimitSettings, Settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.model.breaker import Breaker, BreakerStatus
from soar.model.errors import ActionCode
from soar.model.rate import Rate
from soar.runtime.guard import Allowance
from soar.store import Store
from tests.support.builders import build_action_call
from tests.support.clock import START, SteppedClock
from tests.support.ids import SeededIds

CONNECTIONS = """
connections:
  virustotal: {credentials: {api_key: vt}}
  vt-paid: {connector: virustotal, credentials: {api_key: vt-paid}, calls: 50, limit: {requests: 1000, seconds: 60}}
  vt-same: {connector: virustotal, credentials: {api_key: vt}}
  vt-test: {connector: virustotal, mode: simulate}
  http: {hosts: [api.example]}
  chat: {}
"""
OPEN = Breaker(
    connection="virustotal",
    host="www.virustotal.com",
    status=BreakerStatus.OPEN,
    since=START,
    reason="dead",
    retry_at=None,
)


@pytest.fixture
def site_settings(settings: Settings) -> Settings:
    Path(settings.paths.connections).write_text(CONNECTIONS, "utf-8")
    return settings


def test_a_connection_goes_before_its_manifest_and_the_credential_is_what_shares(site_settings: Settings) -> None:
    site = read_site(site_settings)
    find = make_allowances(site)
    manifest = site.connectors["virustotal"].manifest
    assert manifest.limit is not None
    plain, paid, same, http = (find("default", id_) for id_ in ("virustotal", "vt-paid", "vt-same", "http"))
    assert plain == same
    assert plain == Allowance(
        calls=10,
        rate=Rate(manifest.limit.requests, manifest.limit.seconds),
        credential="virustotal [('api_key', 'vt')]",
        hosts=frozenset({"www.virustotal.com"}),
    )
    assert (paid.calls, paid.rate, paid.credential) == (50, Rate(1000, 60), "virustotal [('api_key', 'vt-paid')]")
    assert http == Allowance(calls=10, rate=None, credential="connection http", hosts=frozenset({"api.example"}))


@pytest.mark.parametrize("id_", ["vt-test", "chat", "unknown"])
def test_what_asks_no_product_is_not_limited(site_settings: Settings, id_: str) -> None:
    assert make_allowances(read_site(site_settings))("default", id_) is None


def test_the_rule_is_the_settings() -> None:
    rule = make_rule(LimitSettings(queue=7, patience=8, failures=2, window=3, pause=4))
    assert (rule.queue, rule.patience.total_seconds(), rule.breaker.failures) == (7, 8, 2)
    assert (rule.breaker.window.total_seconds(), rule.breaker.pause.total_seconds()) == (3, 4)


async def test_a_starting_service_leaves_alone_what_the_last_one_left_alone(site_settings: Settings) -> None:
    async with open_service(read_site(site_settings), "http://127.0.0.1") as service:
        at = service.clock.now()
        left = replace(OPEN, since=at, retry_at=at.replace(year=at.year + 1))
        keeper = BreakerKeeper(store=service.store, clock=service.clock, ids=service.ids)
        await keeper.keep(service.workspace, left)
    async with open_service(read_site(site_settings), "http://127.0.0.1") as service:
        await service.recover()
        assert service.services.find_breaker("default", "virustotal") == left
        answer = await service.guard.call(
            build_action_call(workspace="default", action="virustotal.url_report", connection="virustotal")
        )
        assert (answer.code, answer.requests) == (ActionCode.UNAVAILABLE, 0)


async def test_a_breaker_that_cannot_be_kept_is_in_the_log_at_least(store: Store) -> None:
    await store.close()
    keeper = BreakerKeeper(store=store, clock=SteppedClock(), ids=SeededIds())
    with capture_logs() as logs:
        await keeper.keep("default", OPEN)
        await keeper.keep("default", replace(OPEN, status=BreakerStatus.CLOSED, reason=""))
    assert [entry["action"] for entry in logs] == ["breaker.opened", "breaker.keep", "breaker.closed", "breaker.keep"]
    assert [entry["log_level"] for entry in logs] == ["warning", "warning", "info", "warning"]
