from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from soar.model.catalog import Effect
from soar.model.errors import InputError
from soar.model.step import Assurance
from soar.model.values import JsonValue
from soar.policy import (
    DEFAULT_POLICY,
    Cap,
    CapOutcome,
    GateRule,
    Policy,
    ProtectedRule,
    StandingRule,
    dump_policy,
    parse_policy,
)

CONFIG = Path(__file__).parents[3] / "config" / "policy.yaml"
WHEN = 'action.effect == "write"'


def make_gate(**changes: Any) -> dict[str, JsonValue]:  # noqa: ANN401 -- any wrong value is a case
    return {"name": "g", "when": WHEN, "require": {"by": "role:analyst"}, **changes}


def require(**changes: Any) -> JsonValue:  # noqa: ANN401 -- any wrong value is a case
    return {"gates": [make_gate(require={"by": "role:analyst", **changes})]}


def cap(**changes: Any) -> JsonValue:  # noqa: ANN401 -- any wrong value is a case
    return {"caps": [{"action": "entra.disable_user", "max": 20, "per": "1h", **changes}]}


def test_the_shipped_file_says_what_the_product_does() -> None:
    shipped = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))  # noqa: TID251 -- the test reads one trusted file
    assert parse_policy(shipped) == DEFAULT_POLICY


def test_an_empty_policy_asks_nothing() -> None:
    assert parse_policy({}) == Policy()


def test_everything_in_the_documents_is_read() -> None:
    policy = parse_policy(
        {
            "gates": [
                {
                    "name": "four-eyes",
                    "when": WHEN,
                    "require": {
                        "by": ["role:incident-commander", "group:ir"],
                        "quorum": 2,
                        "assurance": "mfa",
                        "exclude": ["initiator", "author"],
                    },
                },
                {"name": "free", "when": "action.reversible", "require": "none"},
            ],
            "silence": "deny",
            "protected": [{"kind": "user", "match": "target.id in config.accounts"}, {"match": "true"}],
            "caps": [
                {"action": "entra.disable_user", "max": 20, "per": "1h", "then": "freeze"},
                {"effect": "destructive", "connection": "corp", "max_items": 500, "then": "ask role:soc-lead"},
            ],
            "standing": [{"action": "defender.isolate_machine", "by": "role:soc-lead", "longest": "7d"}],
        }
    )
    lab = StandingRule(action="defender.isolate_machine", by=("role:soc-lead",), longest=timedelta(days=7))
    assert policy.standing == (lab,)
    assert policy.caps == (
        Cap(action="entra.disable_user", most=20, window=timedelta(hours=1), outcome=CapOutcome.FREEZE),
        Cap(
            effect=Effect.DESTRUCTIVE,
            connection="corp",
            most_items=500,
            outcome=CapOutcome.ASK,
            by=("role:soc-lead",),
        ),
    )
    assert parse_policy(dump_policy(policy)) == policy
    assert policy.gates == (
        GateRule(
            name="four-eyes",
            when=WHEN,
            by=("role:incident-commander", "group:ir"),
            quorum=2,
            assurance=Assurance.MFA,
            exclude=("initiator", "author"),
        ),
        GateRule(name="free", when="action.reversible", is_free=True),
    )
    assert policy.protected == (
        ProtectedRule(kind="user", match="target.id in config.accounts"),
        ProtectedRule(match="true"),
    )


@pytest.mark.parametrize(
    ("plain", "pointer", "words"),
    [
        ([], "", "must be a map"),
        ({"caps": {}}, "/caps", "must be a list"),
        (cap(action=None), "/caps/0/action", "must be a text"),
        (cap(effect="read"), "/caps/0/effect", "one of write, destructive"),
        (cap(max=-1), "/caps/0/max", "a whole number, zero or more"),
        (cap(max=True), "/caps/0/max", "a whole number, zero or more"),
        (cap(max_items="2"), "/caps/0/max_items", "a whole number, zero or more"),
        (cap(per="1 hour"), "/caps/0/per", "a duration of up to 30d"),
        (cap(per="31d"), "/caps/0/per", "a duration of up to 30d"),
        (cap(per=60), "/caps/0/per", "a duration of up to 30d"),
        (cap(then="shout"), "/caps/0/then", "refuse, freeze, or ask"),
        (cap(then="ask"), "/caps/0/then", "refuse, freeze, or ask"),
        (cap(then="ask analyst"), "/caps/0/then", "must be role:"),
        (cap(then=["freeze"]), "/caps/0/then", "refuse, freeze, or ask"),
        (cap(most=2), "/caps/0/most", "unknown key `most`"),
        ({"caps": [{"action": "a.b", "max": 2}]}, "/caps/0", "`max` and `per` belong together"),
        ({"caps": [{"action": "a.b"}]}, "/caps/0", "needs `max` with `per`, or `max_items`"),
        ({"caps": [{"max_items": 2}]}, "/caps/0", "an `action`, an `effect` or a `connection`"),
        ({"standing": [{"action": "a.b", "by": "role:x"}]}, "/standing/0", "`longest` is missing"),
        ({"standing": [{"action": "a.b", "by": [], "longest": "1d"}]}, "/standing/0/by", "means nobody"),
        ({"standing": [{"action": "a.b", "by": "role:x", "longest": "31d"}]}, "/standing/0/longest", "up to 30d"),
        ({"gate": []}, "/gate", "unknown key `gate`; did you mean `gates`?"),
        ({"a/b~": 1}, "/a~1b~0", "known are gates, silence, protected"),
        ({"silence": "approve"}, "/silence", "silence never approves"),
        ({"gates": {}}, "/gates", "must be a list"),
        ({"gates": ["x"]}, "/gates/0", "must be a map"),
        ({"gates": [{"when": WHEN, "require": "none"}]}, "/gates/0", "`name` is missing"),
        ({"gates": [{"name": "g", "require": "none"}]}, "/gates/0", "`when` is missing"),
        ({"gates": [{"name": "g", "when": WHEN}]}, "/gates/0", "`require` is missing"),
        ({"gates": [make_gate(name=" ")]}, "/gates/0/name", "must be a text"),
        ({"gates": [make_gate(), make_gate()]}, "/gates/1/name", "`g` names two rules"),
        ({"gates": [make_gate(when=True)]}, "/gates/0/when", "must be an expression"),
        ({"gates": [make_gate(when="1 +")]}, "/gates/0/when", "character"),
        ({"gates": [make_gate(when="1 + 1")]}, "/gates/0/when", "must be true or false"),
        ({"gates": [make_gate(when="alert.x")]}, "/gates/0/when", "`alert` cannot be read here"),
        ({"gates": [make_gate(when='action.efect == "x"')]}, "/gates/0/when", "did you mean `effect`?"),
        ({"gates": [make_gate(require="nothing")]}, "/gates/0/require", "must be a map"),
        ({"gates": [make_gate(require={"quorum": 2})]}, "/gates/0/require", "`by` is missing"),
        (require(by=[]), "/gates/0/require/by", "means nobody"),
        (require(by="analyst"), "/gates/0/require/by", "must be role:"),
        (require(by=["role:analyst", 7]), "/gates/0/require/by/1", "must be role:"),
        (require(by="role:"), "/gates/0/require/by", "must be role:"),
        (require(quorum=0), "/gates/0/require/quorum", "from 1 to 10"),
        (require(quorum=11), "/gates/0/require/quorum", "from 1 to 10"),
        (require(quorum=True), "/gates/0/require/quorum", "from 1 to 10"),
        (require(quorum="2"), "/gates/0/require/quorum", "from 1 to 10"),
        (require(assurance="sure"), "/gates/0/require/assurance", "one of linked, confirmed, mfa"),
        (require(exclude=["starter"]), "/gates/0/require/exclude/0", "one of initiator, author, publisher, target"),
        (require(exclude="author"), "/gates/0/require/exclude", "must be a list"),
        (require(veto=False), "/gates/0/require/veto", "unknown key `veto`"),
        ({"protected": [{"kind": "ip"}]}, "/protected/0", "`match` is missing"),
        ({"protected": [{"match": "true", "kind": 7}]}, "/protected/0/kind", "must be a text"),
        ({"protected": [{"match": "secrets.x"}]}, "/protected/0/match", "`secrets` cannot be read here"),
    ],
)
def test_a_fault_says_where_and_what(plain: JsonValue, pointer: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_policy(plain)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]
    assert words in caught.value.faults[0].message
    assert caught.value.code == "invalid_policy"


def test_all_faults_come_at_once() -> None:
    with pytest.raises(InputError, match="has 3 faults; at /capes") as caught:
        parse_policy({"gates": [make_gate(when="1 +")], "silence": "yes", "capes": []})
    assert {fault.pointer for fault in caught.value.faults} == {"/capes", "/silence", "/gates/0/when"}
