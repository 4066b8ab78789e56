from dataclasses import replace

import pytest

from soar.model.catalog import Effect
from soar.model.values import Value
from soar.policy import ProtectedRule, Refusal, Target, find_refusal
from tests.support.builders import build_action_spec
from tests.support.clock import START

RULES = (
    ProtectedRule(kind="user", match="target.id in config.break_glass_accounts"),
    ProtectedRule(kind="ip", match="in_any_cidr(target.id, config.our_networks)"),
)
CONFIG: dict[str, Value] = {"break_glass_accounts": ["bg-1"], "our_networks": ["10.0.0.0/8"]}
OURS = Target("10.1.2.3", "ip")


def refuse(*targets: Target, effect: Effect = Effect.WRITE, config: dict[str, Value] | None = None) -> Refusal | None:
    action = replace(build_action_spec(), effect=effect)
    return find_refusal(RULES, action, targets, None, config=CONFIG if config is None else config, now=START)


@pytest.mark.parametrize("effect", [Effect.WRITE, Effect.DESTRUCTIVE])
def test_a_protected_target_is_refused_and_the_rule_named(effect: Effect) -> None:
    assert refuse(OURS, effect=effect) == Refusal(
        "10.1.2.3", "10.1.2.3 is protected by the policy: in_any_cidr(target.id, config.our_networks)"
    )


def test_reading_about_a_protected_target_is_not_refused() -> None:
    assert refuse(OURS, effect=Effect.READ) is None


def test_other_targets_go_on() -> None:
    assert refuse(Target("198.51.100.7", "ip"), Target("ada", "user"), Target("srv", "host")) is None


def test_one_protected_target_of_many_is_enough() -> None:
    refusal = refuse(Target("198.51.100.7", "ip"), Target("bg-1", "user"))
    assert refusal is not None
    assert refusal.target == "bg-1"


@pytest.mark.parametrize("hidden", [Target("10.1.2.3"), Target("bg-1")])
def test_an_unknown_kind_does_not_slip_through(hidden: Target) -> None:
    assert refuse(hidden) is not None


def test_a_target_of_unknown_kind_that_is_no_address_is_not_held_against_networks() -> None:
    assert refuse(Target("srv-files-01")) is None


def test_a_rule_of_another_kind_does_not_apply() -> None:
    assert refuse(Target("bg-1", "host")) is None


def test_a_setting_that_is_missing_protects() -> None:
    assert refuse(Target("198.51.100.7", "ip"), config={}) is not None
    assert refuse(Target("not an address", "ip")) is not None


def test_a_rule_without_kind_applies_to_everything() -> None:
    rule = ProtectedRule(match='target.id.startsWith("dc-")')
    action = replace(build_action_spec(), effect=Effect.WRITE)
    assert find_refusal([rule], action, [Target("dc-01", "host")], None, config={}, now=START) is not None
    assert find_refusal([rule], action, [Target("srv", "host")], None, config={}, now=START) is None
