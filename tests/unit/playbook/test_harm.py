import pytest

from soar.model.catalog import Effect
from soar.model.playbook import Playbook
from soar.playbook import parse_playbook
from soar.playbook.harm import may_destroy
from tests.support.world import build_actions_catalog, build_spec

CATALOG = build_actions_catalog(
    (
        build_spec("host.look", Effect.READ),
        build_spec("host.tag", Effect.WRITE, undo="wipe"),
        build_spec("host.wipe", Effect.DESTRUCTIVE),
    )
)


def read(playbook_id: str, *steps: str, more: str = "") -> Playbook:
    text = "name: X\non: {manual: {}}\nsteps:\n" + "".join(f"  - {step}\n" for step in steps) + more
    playbook, findings = parse_playbook(text, playbook_id=playbook_id, file=f"{playbook_id}.yaml")
    assert playbook is not None, findings
    return playbook


def judge(playbook: Playbook, *others: Playbook) -> bool:
    serving = {other.id: other for other in others}
    return may_destroy(playbook, find_action=CATALOG.find_action, find_playbook=serving.get)


@pytest.mark.parametrize(
    ("playbook", "is_grave"),
    [
        (read("x", "uses: host.look"), False),
        (read("x", "uses: host.tag"), False),
        (read("x", "uses: host.wipe"), True),
        (read("x", "{uses: host.tag, undo: auto}"), True),
        (read("x", "{uses: host.tag, undo: {uses: host.wipe}}"), True),
        (read("x", "uses: host.look", more="finally:\n  - uses: host.wipe\n"), True),
        (read("x", "{uses: host.look, on_failure: [{uses: host.wipe}]}"), True),
        (read("x", "uses: host.unheard_of"), True),
    ],
)
def test_a_playbook_is_as_grave_as_its_gravest_action_anywhere(playbook: Playbook, *, is_grave: bool) -> None:
    assert judge(playbook) is is_grave


def test_what_is_called_counts_at_any_depth_and_calls_in_a_circle_end() -> None:
    first = read("first", "uses: playbook.second")
    harmless = read("second", "uses: playbook.first", "uses: host.look")
    grave = read("second", "uses: playbook.first", "uses: playbook.third")
    assert judge(first, first, harmless) is False
    assert judge(first, first, grave, read("third", "uses: host.wipe")) is True
    assert judge(first) is True  # nobody knows what `second` would do
