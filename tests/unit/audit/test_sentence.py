import pytest

from soar.audit.sentence import describe_event


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (
            {
                "type": "approval.voted",
                "outcome": "success",
                "actor": {"id": "u_1", "name": "carol"},
                "target": {"kind": "approval", "id": "ap_1", "code": "AB12", "action": "edr.isolate"},
                "after": {"status": "approved"},
                "reason": "files are renaming",
            },
            "carol voted on approval AB12 (edr.isolate), now approved: files are renaming",
        ),
        (
            {
                "type": "action.started",
                "outcome": "denied",
                "actor": {"id": "isolate-host"},
                "target": {"kind": "action", "id": "edr.isolate", "targets": ["a", "b", "c", "d"]},
                "reason": "the host is protected",
            },
            "isolate-host began action edr.isolate on a, b, c and 1 more, which was denied: the host is protected",
        ),
        (
            {"type": "list.entry_added", "outcome": "success", "actor": {"name": "ann"}, "target": {"id": "blocked"}},
            "ann entry added blocked",
        ),
        (
            {"type": "run.finished", "outcome": "failure", "actor": {"id": "p"}, "target": {"kind": "run", "id": "r"}},
            "p finished run r, which failed",
        ),
        (
            {
                "type": "response.lifted",
                "outcome": "unknown",
                "actor": {"kind": "system"},
                "target": {"kind": "active_response", "host": "srv-1", "id": "ar_1", "targets": ["a", "b", "c"]},
                "after": {"status": "lift_failed"},
            },
            "system lifted active response srv-1 on a, b, c, now lift failed, with an unknown outcome",
        ),
        (
            {
                "type": "user.roles_changed",
                "actor": {"id": "u_1", "kind": "user"},
                "target": {"kind": "user", "name": "dave", "code": "X", "id": "u_2", "targets": []},
            },
            "u_1 changed the roles of user dave",
        ),
        ({"type": "odd", "outcome": 7, "actor": None, "target": "x"}, "somebody odd something"),
        ({}, "somebody did something to something"),
    ],
)
def test_an_event_is_a_sentence_whatever_its_shape(event: dict, sentence: str) -> None:
    assert describe_event(event) == sentence
