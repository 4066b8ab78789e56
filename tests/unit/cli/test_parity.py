"""`soar playbook parity`."""

import pytest

from tests.unit.cli.documents import HOSTILE
from tests.unit.cli.fakes import FakeApi, Soar

PATH = "/api/v1/playbooks/block-ip/parity"


def act(target: str, **more: object) -> dict[str, object]:
    plain = {"action": "fw.block", "target": target, "at": "2024-03-01T10:00:00Z", "run": "run_1"}
    return {**plain, "playbook": "by-hand", "initiator": "user:u_ann", **more}


def told(**more: object) -> dict[str, object]:
    return {
        "playbook": "block-ip",
        "since": "2024-03-01T10:00:00Z",
        "runs": 12,
        "actions": ["fw.block"],
        "is_complete": True,
        "tallies": [{"action": "fw.block", "agreed": 1, "only_shadow": 2, "only_people": 3}],
        "agreed": [{"shadow": act("192.0.2.1"), "made": act("192.0.2.1", run="run_2")}],
        "only_shadow": [act("192.0.2.2")],
        "only_people": [act("")],
        **more,
    }


def test_counts_come_first_and_examples_of_each_kind_follow(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", PATH, told())
    lines = soar("playbook", "parity", "block-ip", "--since", "7d", "--window", "90m").out.splitlines()
    assert lines[0].startswith("12 shadow runs of block-ip, the first ")
    assert lines[1] == "fw.block: 1 agreed, 2 only shadow, 3 only people"
    assert [line for line in lines[2:] if not line.startswith(" ")] == [
        "agreed, such as",
        "only shadow would have",
        "only people did",
    ]
    assert lines[3].startswith("  fw.block 192.0.2.1  ")
    assert lines[3].endswith("run_2 of by-hand")
    assert lines[7].startswith("  fw.block (no target)")
    assert api.asked[0].query == {"hours": "168", "window_hours": "2"}


def test_where_there_was_no_shadow_run_it_says_how_there_would_be_one(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", PATH, told(runs=0, since=None, tallies=[]))
    assert soar("playbook", "parity", "block-ip").out.splitlines() == [
        "block-ip had no run in shadow mode in this time",
        "`mode: shadow` in its document notes writes instead of making them",
    ]


def test_what_is_not_complete_says_so(soar: Soar, api: FakeApi) -> None:
    quiet = {"tallies": [], "agreed": [], "only_shadow": [], "only_people": [], "is_complete": False}
    api.answer("GET", PATH, told(**quiet))
    assert soar("playbook", "parity", "block-ip").out.splitlines()[1:] == [
        "it would have changed nothing, and nobody has used its actions",
        "only the newest were read; choose a later --since",
    ]


@pytest.mark.parametrize("since", ["30", "10m", "91d"])
def test_a_time_that_makes_no_sense_is_refused(soar: Soar, since: str) -> None:
    refused = soar("playbook", "parity", "block-ip", "--since", since)
    assert (refused.code, "--since" in refused.err) == (2, True)


def test_hostile_targets_stay_harmless(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", PATH, told(only_shadow=[act(HOSTILE.replace("\ud800", ""))]))
    shown = soar("playbook", "parity", "block-ip").out
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u200b"} & set(shown)
