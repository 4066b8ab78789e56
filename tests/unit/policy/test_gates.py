from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.model.catalog import ActionSpec, Effect
from soar.model.step import Assurance
from soar.policy import DEFAULT_POLICY, GateRule, Policy, Target, combine, find_assurance, find_free_rule, required_gate
from tests.support.builders import build_action_spec
from tests.support.clock import START

TIER0 = GateRule(
    name="four-eyes-on-tier0",
    when='action.effect == "destructive" && "tier0" in target.tags',
    by=("role:incident-commander",),
    quorum=2,
    assurance=Assurance.MFA,
    exclude=("initiator", "author"),
)
FREE = GateRule(
    name="short-and-reversible-is-free",
    when='action.effect == "write" && action.reversible && step.expires <= duration("24h")',
    is_free=True,
)
POLICY = Policy(gates=(*DEFAULT_POLICY.gates, TIER0, FREE))
LEVELS = [Assurance.LINKED, Assurance.CONFIRMED, Assurance.MFA]
HOST = Target("srv-files-01", "host")
CROWN = Target("dc-01", "host", ("tier0",))
DAY = timedelta(hours=24)


def make_action(effect: Effect, undo: str | None = None) -> ActionSpec:
    return replace(build_action_spec(), effect=effect, undo=undo)


def gate(
    action: ActionSpec, *targets: Target, expires: timedelta | None = None, policy: Policy = POLICY
) -> GateRule | None:
    return required_gate(policy, action, targets, expires, now=START)


@pytest.mark.parametrize("effect", [Effect.READ, Effect.WRITE])
def test_by_default_what_is_not_destructive_runs_ungated(effect: Effect) -> None:
    assert gate(make_action(effect), HOST, policy=DEFAULT_POLICY) is None


def test_by_default_a_destructive_action_asks_an_analyst_to_confirm() -> None:
    rule = gate(make_action(Effect.DESTRUCTIVE), HOST, policy=DEFAULT_POLICY)
    assert rule is not None
    assert (rule.name, rule.by, rule.quorum, rule.assurance) == (
        "gate-destructive",
        ("role:analyst",),
        1,
        Assurance.CONFIRMED,
    )


def test_a_rule_asks_even_where_no_target_is_known() -> None:
    assert gate(make_action(Effect.DESTRUCTIVE)) == DEFAULT_POLICY.gates[0]


def test_one_target_of_many_is_enough_for_the_strictest_rule() -> None:
    rule = gate(make_action(Effect.DESTRUCTIVE), HOST, CROWN, HOST)
    assert rule is not None
    assert rule.name == "gate-destructive + four-eyes-on-tier0"
    assert (rule.by, rule.quorum, rule.assurance) == (("role:incident-commander",), 2, Assurance.MFA)
    assert rule.exclude == ("initiator", "author")


def test_the_order_of_rules_does_not_make_the_outcome_laxer() -> None:
    turned = Policy(gates=tuple(reversed(POLICY.gates)))
    rule = gate(make_action(Effect.DESTRUCTIVE), CROWN, policy=turned)
    assert rule is not None
    assert (rule.by, rule.quorum, rule.assurance) == (("role:incident-commander",), 2, Assurance.MFA)


def test_a_rule_that_cannot_be_evaluated_asks() -> None:
    rule = GateRule(name="long", when='step.expires > duration("7d")', by=("role:soc-lead",))
    asking = Policy(gates=(rule,))
    assert gate(make_action(Effect.WRITE), HOST, expires=timedelta(hours=1), policy=asking) is None
    assert gate(make_action(Effect.WRITE), HOST, expires=None, policy=asking) == rule


def test_a_rule_whose_value_is_no_truth_asks() -> None:
    rule = GateRule(name="odd", when="target.id", by=("role:soc-lead",))
    assert gate(make_action(Effect.READ), HOST, policy=Policy(gates=(rule,))) == rule


def test_a_free_rule_never_outweighs_one_that_asks() -> None:
    everything_free = GateRule(name="free", when="true", is_free=True)
    policy = Policy(gates=(everything_free, *DEFAULT_POLICY.gates, everything_free))
    assert gate(make_action(Effect.DESTRUCTIVE), HOST, policy=policy) == DEFAULT_POLICY.gates[0]


def test_rules_read_the_servers_settings_and_the_time() -> None:
    rule = GateRule(name="night", when='target.id in config.crown && now() < timestamp("2027-01-01T00:00:00Z")')
    found = required_gate(
        Policy(gates=(rule,)),
        make_action(Effect.WRITE),
        [HOST],
        None,
        now=START,
        config={"crown": ["srv-files-01"]},
    )
    assert found == rule


def test_the_free_rule_is_named_only_where_it_covers_every_target() -> None:
    reversible = make_action(Effect.WRITE, undo="release")
    assert find_free_rule(POLICY, reversible, [HOST], DAY, now=START) == FREE
    assert find_free_rule(POLICY, reversible, [HOST], None, now=START) is None
    assert find_free_rule(POLICY, make_action(Effect.WRITE), [HOST], DAY, now=START) is None
    partly = Policy(gates=(GateRule(name="f", when='target.kind == "ip"', is_free=True),))
    assert find_free_rule(partly, reversible, [Target("192.0.2.1", "ip"), HOST], DAY, now=START) is None


@pytest.mark.parametrize(
    ("by", "ruled", "left"),
    [
        (("role:analyst",), ("role:analyst",), ("role:analyst",)),
        (("role:soc-lead",), ("role:analyst",), ("role:soc-lead",)),
        (("role:incident-commander", "role:soc-lead"), ("role:analyst",), ("role:incident-commander", "role:soc-lead")),
        (("role:analyst",), ("role:incident-commander",), ("role:incident-commander",)),
        (("role:analyst", "oncall:identity"), ("role:analyst",), ("role:analyst",)),
        (("user:boss@corp.example",), ("role:analyst",), ("role:analyst",)),
        (("group:ir",), ("group:ir", "role:soc-lead"), ("group:ir",)),
        ((), ("role:analyst",), ()),
    ],
)
def test_approvers_are_those_both_the_gate_and_the_rule_admit(
    by: tuple[str, ...], ruled: tuple[str, ...], left: tuple[str, ...]
) -> None:
    assert combine(by, 1, None, GateRule(name="r", when="true", by=ruled))[0] == left


@given(
    quorum=st.integers(1, 5),
    assurance=st.none() | st.sampled_from(LEVELS),
    rule=st.builds(
        GateRule,
        name=st.just("r"),
        when=st.just("true"),
        by=st.just(("role:analyst",)),
        quorum=st.integers(1, 5),
        assurance=st.sampled_from(LEVELS),
    ),
)
def test_quorum_and_assurance_only_rise(quorum: int, assurance: Assurance | None, rule: GateRule) -> None:
    by, risen, level = combine(("role:analyst",), quorum, assurance, rule)
    assert risen == max(quorum, rule.quorum)
    assert LEVELS.index(level) == max(LEVELS.index(assurance or Assurance.LINKED), LEVELS.index(rule.assurance))
    assert combine(by, risen, level, rule) == (by, risen, level)


RULES = st.builds(
    GateRule,
    name=st.just("r"),
    when=st.sampled_from(["true", "false", 'target.kind == "ip"', "step.expires < duration('1h')"]),
    by=st.sampled_from([("role:analyst",), ("role:soc-lead",), ("group:ir",)]),
    quorum=st.integers(1, 3),
    assurance=st.sampled_from(LEVELS),
    exclude=st.sampled_from([(), ("initiator",), ("author", "target")]),
    is_free=st.booleans(),
)


@given(rules=st.lists(RULES, max_size=4), more=RULES, expires=st.none() | st.just(timedelta(minutes=5)))
def test_one_rule_more_never_makes_a_gate_laxer(
    rules: list[GateRule], more: GateRule, expires: timedelta | None
) -> None:
    action = make_action(Effect.WRITE)
    before = gate(action, HOST, expires=expires, policy=Policy(gates=tuple(rules)))
    after = gate(action, HOST, expires=expires, policy=Policy(gates=(*rules, more)))
    if before is None:
        assert after is None or after == more
    else:
        assert after is not None
        assert after.by
        assert after.quorum >= before.quorum
        assert LEVELS.index(after.assurance) >= LEVELS.index(before.assurance)
        assert set(after.exclude) >= set(before.exclude)


@pytest.mark.parametrize(
    ("effect", "rules", "assurance"),
    [
        (Effect.DESTRUCTIVE, (), Assurance.LINKED),
        (Effect.DESTRUCTIVE, DEFAULT_POLICY.gates, Assurance.CONFIRMED),
        (Effect.WRITE, DEFAULT_POLICY.gates, Assurance.LINKED),
        (Effect.DESTRUCTIVE, POLICY.gates, Assurance.MFA),
        (Effect.DESTRUCTIVE, (replace(TIER0, when='"tier0" in target.tags'),), Assurance.MFA),
        (Effect.WRITE, (replace(TIER0, when='step.expires > duration("24h")'),), Assurance.MFA),
        (Effect.WRITE, POLICY.gates, Assurance.LINKED),
        (Effect.WRITE, (replace(TIER0, when="true", is_free=True),), Assurance.LINKED),
    ],
)
def test_whatever_an_action_acts_on_the_policy_asks_no_more_than_is_said_beforehand(
    effect: Effect, rules: tuple[GateRule, ...], assurance: Assurance
) -> None:
    action, policy = make_action(effect), Policy(gates=rules)
    found = find_assurance(policy, action, now=START)
    assert found is assurance
    for target in (HOST, CROWN):
        for expires in (None, DAY, 2 * DAY):
            asked = gate(action, target, expires=expires, policy=policy)
            assert asked is None or LEVELS.index(asked.assurance) <= LEVELS.index(found)
