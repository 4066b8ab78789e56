"""What another policy would have made of what was done."""

from datetime import timedelta

from soar.model.catalog import Effect
from soar.model.deed import Deed
from soar.policy import (
    DEFAULT_POLICY,
    Cap,
    CapOutcome,
    Comparison,
    GateRule,
    Policy,
    ProtectedRule,
    Shift,
    Verdict,
    compare_policies,
)
from tests.support.clock import START
from tests.support.world import build_spec

SPECS = {
    spec.full_name: spec for spec in (build_spec("crm.lock", Effect.WRITE), build_spec("crm.wipe", Effect.DESTRUCTIVE))
}
LOCK_CAP = Cap(action="crm.lock", most=2, window=timedelta(minutes=10))


def build_deed(minutes: int, action: str = "crm.lock", *, target: str = "web-1", was_asked: bool = False) -> Deed:
    return Deed(
        run="run_1",
        step=f"steps/{minutes}",
        action=action,
        connection="crm",
        effect=SPECS[action].effect if action in SPECS else Effect.WRITE,
        targets=(target,),
        size=1,
        was_asked=was_asked,
        at=START + timedelta(minutes=minutes),
    )


def compare(after: Policy, *deeds: Deed, before: Policy = DEFAULT_POLICY) -> Comparison:
    return compare_policies(before, after, deeds, find_action=SPECS.get, config={})


def build_shift(after: Verdict, why: str, *, count: int, unasked: int, before: Verdict = Verdict.FREE) -> Shift:
    return Shift(action="crm.lock", before=before, after=after, why=why, count=count, unasked=unasked)


def test_the_same_policy_changes_nothing() -> None:
    compared = compare(DEFAULT_POLICY, build_deed(0), build_deed(1, "crm.wipe", was_asked=True))
    assert compared == Comparison(2, 0, ())


def test_a_new_gate_asks_and_says_how_many_ran_unasked() -> None:
    gate = GateRule(name="all", when="true", by=("role:analyst",))
    compared = compare(Policy(gates=(gate,)), build_deed(0), build_deed(1, was_asked=True))
    assert compared.shifts == (build_shift(Verdict.ASKED, "policy `all`", count=2, unasked=1),)


def test_a_laxer_policy_names_the_rule_that_falls_away() -> None:
    (shift,) = compare(Policy(), build_deed(0, "crm.wipe", was_asked=True)).shifts
    assert (shift.before, shift.after, shift.why) == (Verdict.ASKED, Verdict.FREE, "policy `gate-destructive`")


def test_what_is_protected_would_have_been_refused() -> None:
    rule = ProtectedRule(match='target.id == "web-2"')
    compared = compare(Policy(protected=(rule,)), build_deed(0), build_deed(1, target="web-2"))
    why = 'web-2 is protected by the policy: target.id == "web-2"'
    assert compared.shifts == (build_shift(Verdict.REFUSED, why, count=1, unasked=1),)


def test_a_cap_counts_in_its_window_and_not_what_it_would_have_refused() -> None:
    moments = (0, 1, 2, 9, 10, 11, 12)  # the third and fourth are too many; at 10 and 11 there is room again
    compared = compare(Policy(caps=(LOCK_CAP,)), *map(build_deed, moments))
    assert compared.shifts == (build_shift(Verdict.CAPPED, LOCK_CAP.name, count=3, unasked=3),)


def test_a_cap_that_asks_is_asked_about() -> None:
    cap = Cap(action="crm.lock", most_items=0, outcome=CapOutcome.ASK, by=("role:soc-lead",))
    compared = compare(Policy(caps=(cap,)), build_deed(0))
    assert compared.shifts == (build_shift(Verdict.ASKED, cap.name, count=1, unasked=1),)


def test_actions_that_are_gone_are_counted_apart() -> None:
    assert compare(Policy(), build_deed(0), build_deed(1, "gone.away")) == Comparison(1, 1, ())
