"""A raised alert as its source's document, and what becomes of it."""

import pytest

from soar.ingest.mapping import map_alert
from soar.ingest.raised import DEEPEST, build_source, write_document
from soar.model.alert import Alert, RaisedAlert, Severity
from soar.model.errors import ConflictError
from tests.support.builders import build_alert, build_run
from tests.support.clock import START

RAISED = RaisedAlert(
    kind="identity.grant",
    severity=Severity.HIGH,
    title="eve has a new right",
    dedupe="eve",
    entities={"users": ("eve", "mallory")},
    labels={"team": "iam", "odd \\ \"name'": "${{ raw }}"},
)


def make(raised: RaisedAlert, cause: Alert | None = None) -> Alert:
    document = write_document(raised, run=build_run(), step="steps/0", cause=cause)
    return map_alert(build_source(raised), document, alert_id="al_1", delivery="dl_1", now=START)


def test_everything_that_is_reported_is_in_the_alert() -> None:
    alert = make(RAISED)
    assert (alert.source, alert.kind, alert.title, alert.severity) == (
        "soar",
        "identity.grant",
        "eve has a new right",
        Severity.HIGH,
    )
    assert (alert.fingerprint, alert.entities, alert.labels) == ("eve", RAISED.entities, RAISED.labels)


def test_an_alert_that_is_like_no_other_has_no_fingerprint() -> None:
    bare = RaisedAlert(kind="k", severity=Severity.LOW, title="t", entities={}, labels={})
    alert = make(bare)
    assert (alert.fingerprint, alert.entities, alert.labels) == ("", {}, {})


def test_each_alert_is_one_deeper_than_its_cause_and_the_last_is_refused() -> None:
    cause: Alert | None = build_alert()
    for depth in range(1, DEEPEST + 1):
        cause = make(RAISED, cause)
        assert isinstance(cause.raw, dict)
        assert cause.raw["raised_by"] == {
            "run": build_run().id,
            "playbook": "triage",
            "step": "steps/0",
            "depth": depth,
        }
    with pytest.raises(ConflictError, match="5 times in a row") as caught:
        make(RAISED, cause)
    assert caught.value.hint
