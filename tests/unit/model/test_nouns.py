"""What the nouns can tell about themselves."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import soar.model
from soar.model.alert import Alert
from soar.model.canonical import canonicalize
from soar.model.observable import ObservableKind
from soar.model.run import RunStatus, StepStatus
from soar.model.step import AfterFailure, Gate, GroupSteps, OnDeny, OnFailure, SetValues, Step, walk_steps
from soar.model.values import dump_value, load_value
from tests.support.builders import (
    build_action_spec,
    build_alert,
    build_catalog,
    build_connector_spec,
    build_step,
)
from tests.support.clock import START


def _each_noun() -> Iterator[type]:
    for module in pkgutil.iter_modules(soar.model.__path__, "soar.model."):
        for kind in vars(importlib.import_module(module.name)).values():
            if dataclasses.is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module.name:
                yield kind


@pytest.mark.parametrize("noun", list(_each_noun()), ids=lambda noun: noun.__qualname__)
def test_a_noun_is_frozen_has_slots_and_is_explained(noun: type) -> None:
    assert noun.__dataclass_params__.frozen
    assert "__slots__" in vars(noun)
    assert not noun.__doc__.startswith(f"{noun.__name__}(")


def test_expressions_see_an_alert_as_typed_values() -> None:
    value = build_alert().to_value()
    assert value["time"] == build_alert().time
    assert value["severity"] == "medium"
    assert type(value["severity"]) is str
    assert value["entities"] == {"ips": ["198.51.100.7"], "users": ["ada"]}
    assert load_value(dump_value(value)) == value
    assert canonicalize(dump_value(value))


def test_expressions_see_every_field_of_an_alert_but_where_its_bytes_lie_and_what_suppresses_it() -> None:
    fields = {field.name for field in dataclasses.fields(Alert)}
    assert fields - set(build_alert().to_value()) == {"delivery", "suppressed_by"}


def test_the_default_entities_are_observables() -> None:
    assert set(build_alert().entities) <= {kind.value for kind in ObservableKind}


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        (RunStatus.QUEUED, False),
        (RunStatus.RUNNING, False),
        (RunStatus.WAITING, False),
        (RunStatus.SUCCEEDED, True),
        (RunStatus.FAILED, True),
        (RunStatus.DENIED, True),
        (RunStatus.CANCELLED, True),
        (RunStatus.REJECTED, True),
        (RunStatus.TIMED_OUT, True),
        (StepStatus.PENDING, False),
        (StepStatus.WAITING, False),
        (StepStatus.RUNNING, False),
        (StepStatus.RETRYING, False),
        (StepStatus.SKIPPED, True),
        (StepStatus.SUCCEEDED, True),
        (StepStatus.FAILED, True),
        (StepStatus.DENIED, True),
        (StepStatus.CANCELLED, True),
        (StepStatus.UNDONE, True),
    ],
)
def test_a_status_knows_whether_anything_follows(status: RunStatus | StepStatus, is_final: bool) -> None:  # noqa: FBT001 -- a column of the table
    assert status.is_final is is_final


def test_an_action_is_found_by_its_full_name() -> None:
    isolate = build_action_spec()
    catalog = build_catalog(build_connector_spec(isolate))
    assert isolate.full_name == "edr.isolate"
    assert catalog.find_action("edr.isolate") is isolate
    assert isolate.is_reversible
    assert not build_action_spec(undo=None).is_reversible


@pytest.mark.parametrize("name", ["", "edr", "edr.", ".isolate", "edr.explode", "siem.isolate", "edr.isolate.now"])
def test_an_action_that_nobody_has_is_not_found(name: str) -> None:
    assert build_catalog().find_action(name) is None


def test_a_step_is_called_by_the_best_name_it_has() -> None:
    assert build_step().label == "steps/0"
    assert build_step(id="ask").label == "ask"
    assert build_step(id="ask", name="Ask the owner").label == "Ask the owner"


def test_all_steps_are_found_in_document_order() -> None:
    def leaf(path: str) -> Step:
        return Step(path=path, body=SetValues(values={}))

    group = Step(
        path="steps/0",
        body=GroupSteps(steps=(leaf("steps/0/steps/0"), leaf("steps/0/steps/1"))),
        gate=Gate(
            by=("role:analyst",),
            on_deny=OnDeny(then=AfterFailure.HANDLE, steps=(leaf("steps/0/gate/on_deny/0"),)),
        ),
        on_failure=OnFailure(then=AfterFailure.HANDLE, steps=(leaf("steps/0/on_failure/0"),)),
    )
    assert [step.path for step in walk_steps((group, leaf("steps/1")))] == [
        "steps/0",
        "steps/0/steps/0",
        "steps/0/steps/1",
        "steps/0/gate/on_deny/0",
        "steps/0/on_failure/0",
        "steps/1",
    ]


def test_made_up_worlds_begin_at_a_moment_in_utc() -> None:
    assert START.utcoffset().total_seconds() == 0
