from typing import Any

import pytest
import respx

from connectors.alert.connector import OwnAlerts
from soar.sdk import ActionCode, RaisedAlert, Severity
from soar.sdk.testing import Bench

NO_NETWORK = respx.Router().async_handler
GRANT = {"kind": "identity.unexplained_admin_grant", "severity": "high", "title": "eve gave mallory the group Admins"}


async def raise_alert(bench: Bench, key: str = "key-1", **changes: Any) -> Any:  # noqa: ANN401 -- an output is any JSON
    answer = await bench.call("raise", {**GRANT, **changes}, NO_NETWORK, key=key)
    assert answer.code is None, answer.message
    return answer.output


async def test_an_alert_is_raised_once_a_call_however_often_it_is_made() -> None:
    bench = Bench(OwnAlerts)
    assert await raise_alert(bench) == {"alert": "al_0", "duplicate_of": None}
    assert await raise_alert(bench) == {"alert": "al_0", "duplicate_of": None}
    assert await raise_alert(bench, "key-2") == {"alert": "al_1", "duplicate_of": None}
    assert len(bench.alerts.raised) == 2


async def test_what_is_the_same_thing_is_told_so() -> None:
    bench = Bench(OwnAlerts)
    assert await raise_alert(bench, dedupe=" mallory/Admins ") == {"alert": "al_0", "duplicate_of": None}
    assert await raise_alert(bench, "key-2", dedupe="mallory/Admins") == {"alert": "al_0", "duplicate_of": "al_0"}
    assert len(bench.alerts.raised) == 1


async def test_everything_that_is_said_is_passed_on() -> None:
    bench = Bench(OwnAlerts)
    await raise_alert(
        bench, dedupe="mallory", entities={"users": ["mallory", "eve"], "ips": ["192.0.2.7"]}, labels={"team": "iam"}
    )
    assert bench.alerts.raised["key-1"] == RaisedAlert(
        kind="identity.unexplained_admin_grant",
        severity=Severity.HIGH,
        title="eve gave mallory the group Admins",
        dedupe="mallory",
        entities={"users": ("mallory", "eve"), "ips": ("192.0.2.7",)},
        labels={"team": "iam"},
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "Two words"},
        {"kind": ""},
        {"severity": "bad"},
        {"title": ""},
        {"dedupe": "  "},
        {"entities": {"planets": ["mars"]}},
        {"entities": {"ips": [""]}},
        {"entities": {"ips": ["192.0.2.7"] * 201}},
        {"labels": {"a b": "c"}},
        {"labels": {"a": 1}},
        {"labels": {f"a{number}": "x" for number in range(51)}},
        {"source": "siem"},
    ],
)
async def test_what_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    bench = Bench(OwnAlerts)
    answer = await bench.call("raise", {**GRANT, **changes}, NO_NETWORK)
    assert answer.code is ActionCode.INVALID
    assert bench.alerts.raised == {}
