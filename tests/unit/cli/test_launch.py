"""Playbooks started by hand on the command line."""

from tests.unit.cli.fakes import FakeApi, Soar

PLAYBOOK = {
    "id": "isolate",
    "inputs": [
        {"name": "host", "type": "hostname", "description": "Which one.", "may_stay_away": False},
        {"name": "count", "type": "int", "description": "", "may_stay_away": True},
        {"name": "hashes", "type": "list<sha256>", "description": "", "may_stay_away": True},
        {"name": "sure", "type": "bool", "description": "", "may_stay_away": True},
    ],
}


def test_inputs_travel_as_what_they_are(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/playbooks/isolate", PLAYBOOK)
    api.answer("POST", "/api/v1/playbooks/isolate/runs", {"id": "run_1"}, status=202)
    outcome = soar(
        "playbook", "run", "isolate", "-i", "host=srv-1", "-i", "count=5", "-i", 'hashes=["ab"]', "-i", "sure=yes"
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "✔ run_1 begins\nnext: soar run show run_1 --watch\n"
    assert api.asked[-1].body == {"inputs": {"host": "srv-1", "count": 5, "hashes": ["ab"], "sure": True}}


def test_what_is_missing_is_for_the_server_to_say_where_there_is_no_terminal(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/playbooks/isolate", PLAYBOOK)
    problem = {"detail": "inputs.host: it is missing", "code": "inputs.invalid", "hint": "give it"}
    api.answer("POST", "/api/v1/playbooks/isolate/runs", problem, status=422)
    outcome = soar("playbook", "run", "isolate")
    assert outcome.code == 2
    assert "inputs.host: it is missing" in outcome.err
    assert api.asked[-1].body == {"inputs": {}}


def test_what_is_no_input_is_said_before_anything_is_sent(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/playbooks/isolate", PLAYBOOK)
    for given, said in (("host", "`host` is no input"), ("=x", "`=x` is no input")):
        outcome = soar("playbook", "run", "isolate", "-i", given)
        assert outcome.code == 2
        assert said in outcome.err
    assert [asked.method for asked in api.asked] == ["GET", "GET"]
