"""What two playbooks differ in."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.playbook.aspects import describe_playbook, describe_step
from soar.playbook.compare import Change, Difference, compare_playbooks
from tests.support.examples import EXAMPLES, load_catalog, parse, read_example

HEAD = "name: A\non: {manual: {}}\n"
HOLD = "uses: defender.isolate_machine, with: {host: a}"


def diff(before: str, after: str, catalog: Catalog) -> tuple[Difference, ...]:
    return compare_playbooks(parse(before), parse(after), catalog)


def diff_steps(before: str, after: str, catalog: Catalog) -> list[tuple[str, str, str]]:
    found = diff(f"{HEAD}steps: [{before}]\n", f"{HEAD}steps: [{after}]\n", catalog)
    return [(each.subject, each.field, each.change.value) for each in found]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_playbook_differs_in_nothing_from_itself(file: Path) -> None:
    playbook = read_example(file)
    assert compare_playbooks(playbook, playbook, load_catalog()) == ()


def test_how_a_value_is_written_makes_no_difference(catalog: Catalog) -> None:
    before = f"{HEAD}steps: [{{approve: {{by: [role:a], timeout: 60m}}, foreach: inputs.x, set: {{a: 1}}}}]\n"
    after = """\
# a comment
steps:
- set: {a: 1}
  foreach: {in: '${{ inputs.x }}'}
  approve: {timeout: 1h, by: role:a}
on: {manual: {}}
name: "A"
"""
    assert diff(before, after, catalog) == ()


def test_steps_that_come_go_and_change_are_told_apart(catalog: Catalog) -> None:
    before = "{id: a, stop: {}}, {id: b, set: {x: 1}}, {id: c, fail: no}"
    after = "{id: new, stop: {}}, {id: b, set: {x: 2}}, {id: c, fail: no}"
    assert diff_steps(before, after, catalog) == [("new", "", "added"), ("b", "set.x", "changed"), ("a", "", "removed")]


def test_a_step_without_an_id_is_known_by_its_name(catalog: Catalog) -> None:
    assert diff_steps("{name: N, set: {x: 1}}", "{stop: {}}, {name: N, set: {x: 2}}", catalog) == [
        ("steps/0", "", "added"),
        ("N", "set.x", "changed"),
    ]


def test_a_step_without_id_and_name_is_known_by_what_it_does_and_then_by_its_place(catalog: Catalog) -> None:
    moved_down = diff_steps("{uses: chat.dm, with: {a: 1}}", "{uses: whois.x}, {uses: chat.dm, with: {a: 2}}", catalog)
    assert moved_down == [("steps/0", "", "added"), ("steps/1", "with.a", "changed")]
    assert diff_steps("{uses: chat.dm}", "{uses: whois.x}", catalog) == [("steps/0", "uses", "changed")]


def test_an_id_that_is_given_anew_to_the_same_name_is_a_change(catalog: Catalog) -> None:
    assert diff_steps("{id: a, name: N, stop: {}}", "{id: b, name: N, stop: {}}", catalog) == [("N", "id", "changed")]


def test_a_step_that_changes_places_is_moved(catalog: Catalog) -> None:
    steps = "{id: a, stop: {}}", "{id: b, stop: {}}", "{id: c, stop: {}}"
    assert diff_steps(", ".join(steps), ", ".join((steps[2], steps[0], steps[1])), catalog) == [("c", "", "moved")]


def test_a_step_that_goes_into_a_group_is_moved(catalog: Catalog) -> None:
    before = "{id: a, stop: {}}, {id: g, steps: [{id: b, stop: {}}]}"
    after = "{id: g, steps: [{id: a, stop: {}}, {id: b, stop: {}}]}"
    (found,) = diff(f"{HEAD}steps: [{before}]\n", f"{HEAD}steps: [{after}]\n", catalog)
    assert (found.change, found.before, found.after) == (Change.MOVED, "steps/0", "steps/0/steps/0")


def test_handlers_are_compared_too(catalog: Catalog) -> None:
    before = "{id: a, approve: {by: role:a, on_deny: [{id: d, fail: one}]}, set: {}, on_failure: [{id: f, fail: one}]}"
    assert diff_steps(before, before.replace("one", "two"), catalog) == [
        ("d", "fail", "changed"),
        ("f", "fail", "changed"),
    ]


def test_triggers_inputs_outputs_and_timeouts_are_compared(catalog: Catalog) -> None:
    before = """\
name: A
on: [{alert: {source: a, match: 1 == 1}}, {alert: {source: b}}, {manual: {}}]
inputs: {x: {type: string, min: 1}, y: {type: ip}}
timeout: 1d
steps: [{stop: {}}]
outputs: {o: 1}
"""
    after = """\
name: A
on: [{alert: {source: a, match: 2 == 2}}, {alert: {source: c}}, {call: {}}]
inputs: {x: {type: int, min: 1, default: null}}
timeout: 2d
steps: [{stop: {}}]
outputs: {o: 2}
"""
    found = diff(before, after, catalog)
    assert [(each.field, each.change.value) for each in found] == [
        ("inputs.x.type", "changed"),
        ("inputs.x.default", "added"),
        ("inputs.y", "removed"),
        ("timeout", "changed"),
        ("outputs.o", "changed"),
        ("on.alert.match", "changed"),
        ("on.alert[1].source", "changed"),
        ("on.manual", "removed"),
        ("on.call", "added"),
    ]
    assert not any(each.weaker for each in found)


FULL = f"""\
{HEAD}case: {{title: a, key: a}}
saves: 1m
owner: team:a
dedupe: {{key: a}}
concurrency: {{key: a}}
notify: {{channel: "chat:#a"}}
defaults: {{timeout: 1m, retry: 2, approve: role:a}}
steps: [{{stop: {{}}}}]
"""


def test_every_attribute_of_a_playbook_is_looked_at() -> None:
    apart = {"id", "revision", "locations", "steps", "on_failure", "finally_"}
    expected = len([field for field in fields(Playbook) if field.name not in apart])
    described = describe_playbook(parse(FULL))
    defaults = described["defaults"]
    assert isinstance(defaults, dict)
    assert len(described) - 1 + len(defaults) == expected


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_what_is_compared_is_plain_data(file: Path) -> None:
    playbook = read_example(file)
    assert json.loads(json.dumps(describe_playbook(playbook))) == describe_playbook(playbook)
    assert all(json.dumps(describe_step(step)) for step in playbook.steps)


def test_a_difference_is_plain_data(catalog: Catalog) -> None:
    (found,) = diff(f"{HEAD}steps: [{{id: a, {HOLD}, undo: auto}}]\n", f"{HEAD}steps: [{{id: a, {HOLD}}}]\n", catalog)
    assert found.to_json() == {
        "subject": "a",
        "path": "steps/0",
        "field": "undo",
        "change": "removed",
        "before": "auto",
        "after": None,
        "weaker": "no way back",
    }
