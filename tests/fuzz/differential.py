"""The fuzz itself: many expressions, three evaluators, and every disagreement explained or reported.

`python -m tests.fuzz.differential --count 100000 --seed 1` prints a summary; it ends with 1 if anything is unexplained,
if something other than an `ExpressionError` came out of our evaluator, or if an explanation was met by nothing.
"""

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.differences import EXPLANATIONS, Explanation, explain
from tests.fuzz.evaluators import ORACLES, evaluate_ours
from tests.fuzz.grammar import Grammar
from tests.fuzz.location import Difference, find_differences, parse_or_none
from tests.fuzz.outcomes import Crash, Outcome, is_fault, show

_MAX_SHOWN = 20
_STEP = 10_000  # expressions between two progress lines
_HOSTILE_SHARE = 5  # one text of any kind for so many expressions


@dataclass(slots=True)
class Summary:
    """What a fuzz has found.

    Attributes:
        expressions: how many were compared.
        hostile: how many texts were only tried on our own evaluator.
        asked: how often each oracle was asked.
        valued: how often both had a value, and it was compared.
        explained: how often each explanation was needed.
        unexplained: the differences that none covers, with the number of their expression.
        crashes: the texts that brought out something other than an `ExpressionError`, and what that was.
    """

    expressions: int = 0
    hostile: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    valued: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[tuple[int, Difference]] = field(default_factory=list)
    crashes: list[tuple[str, Crash]] = field(default_factory=list)

    def list_stale(self) -> list[Explanation]:
        """Return the explanations that nothing needed."""
        return [explanation for explanation in EXPLANATIONS if not self.explained[explanation.name]]


def run(seed: int, count: int, *, is_loud: bool = False) -> Summary:
    """Compare a number of expressions, and try some texts of any kind; the same seed gives the same ones."""
    grammar, summary = Grammar(seed), Summary()
    for number in range(count):
        compare(grammar.make_shared(number), number, summary)
        if number % _HOSTILE_SHARE == 0:
            summary.hostile += 1
            _try(grammar.make_hostile(number), summary)
        if is_loud and summary.expressions % _STEP == 0:
            print(f"{summary.expressions:,} expressions, {len(summary.unexplained)} unexplained", flush=True)  # noqa: T201 - the progress line
    return summary


def compare(source: str, number: int, summary: Summary) -> None:
    """Evaluate one expression everywhere, and note down what is to be said about it."""
    summary.expressions += 1
    ours, node = _try(source, summary), parse_or_none(source)
    for oracle in ORACLES:
        if not oracle.may_be_asked(source, node):
            continue
        theirs = oracle.evaluate(source)
        summary.asked[oracle.name] += 1
        summary.valued[oracle.name] += not (is_fault(ours) or is_fault(theirs))
        for difference in find_differences(source, ours, theirs, oracle):
            explanation = explain(difference)
            if explanation is None:
                summary.unexplained.append((number, difference))
            else:
                summary.explained[explanation.name] += 1


def _try(source: str, summary: Summary) -> Outcome:
    outcome = evaluate_ours(source)
    if isinstance(outcome, Crash):
        summary.crashes.append((source, outcome))
    return outcome


def describe(summary: Summary, seed: int) -> str:
    """Return a summary for people."""
    lines = [f"{summary.expressions:,} expressions from seed {seed}, {summary.hostile:,} hostile texts beside them"]
    lines += [
        f"  {name:5} was asked {summary.asked[name]:,} times; both had a value {summary.valued[name]:,} times"
        for name in sorted(summary.asked)
    ]
    lines.append("explained differences:")
    lines += [
        f"  {summary.explained[explanation.name]:7,}  {explanation.name}: {explanation.reason}"
        for explanation in EXPLANATIONS
    ]
    lines += [f"STALE, met by nothing: {explanation.name}" for explanation in summary.list_stale()]
    lines += [f"CRASH on {source!r}: {show(crash)}" for source, crash in summary.crashes[:_MAX_SHOWN]]
    lines += [
        f"UNEXPLAINED, expression {number}:\n  {difference.describe()}"
        for number, difference in summary.unexplained[:_MAX_SHOWN]
    ]
    lines.append(f"{len(summary.unexplained)} unexplained differences, {len(summary.crashes)} crashes")
    return "\n".join(lines)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="hold our expressions against two other evaluators")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100_000)
    arguments = parser.parse_args()
    summary = run(arguments.seed, arguments.count, is_loud=True)
    print(describe(summary, arguments.seed))  # noqa: T201 - the summary is what it is run for
    sys.exit(bool(summary.unexplained or summary.crashes or summary.list_stale()))


if __name__ == "__main__":
    main()
