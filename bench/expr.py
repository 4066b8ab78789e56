"""Evaluations a second of a condition with four clauses, beside other evaluators and bare Python that decide the same.

One core; fuel counts, and the label of the answer is joined for each. An evaluator that is not installed is named as
missing. Run it on a quiet machine: `python bench/expr.py`.
"""

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from soar.expr import Label, Program, Scope, compile_expression

SECONDS = 1.0
ROUNDS = 3
TARGET = 300_000
BATCH = 1_000
CONDITION = (
    'alert.kind == "signin.impossible_travel" && alert.severity in ["high", "critical"]'
    " && alert.raw.risk.score >= 70 && !alert.raw.user.is_guest"
)
ALERT = {
    "kind": "signin.impossible_travel",
    "severity": "critical",
    "raw": {"risk": {"score": 83}, "user": {"is_guest": False}},
}
RISKY = 70
NAMES = {"alert": ALERT}
SCOPE = Scope(NAMES, datetime(2026, 1, 1, tzinfo=UTC))
LABELS = {"alert": Label.UNTRUSTED}


def decide_bare() -> bool:
    alert = NAMES["alert"]
    return (
        alert["kind"] == "signin.impossible_travel"
        and alert["severity"] in ["high", "critical"]
        and alert["raw"]["risk"]["score"] >= RISKY
        and not alert["raw"]["user"]["is_guest"]
    )


def prepare_ours() -> Callable[[], object]:
    program: Program = compile_expression(CONDITION)

    def decide() -> object:
        program.label(LABELS)
        return program.evaluate(SCOPE)

    return decide


def prepare_cpp() -> Callable[[], object]:
    cel = importlib.import_module("cel_expr_python.cel")
    program = cel.NewEnv(variables={"alert": cel.Type.DYN}).compile(CONDITION)
    return lambda: program.eval(data=NAMES).plain_value()


def prepare_rust() -> Callable[[], object]:
    program = importlib.import_module("cel").compile(CONDITION)
    return lambda: program.execute(NAMES)


def list_contestants() -> Iterator[tuple[str, Callable[[], object] | None]]:
    """Yield each evaluator's name and what decides, or None if it is not installed."""
    yield "bare Python", decide_bare
    yield "soar.expr", prepare_ours()
    for name, prepare in (("cel-expr-python", prepare_cpp), ("common-expression-language", prepare_rust)):
        decide = None
        with suppress(ModuleNotFoundError):
            decide = prepare()
        yield name, decide


def measure(decide: Callable[[], object]) -> float:
    """Return the best rate of some rounds in CPU time: whatever disturbs a round only makes it slower."""
    if decide() is not True:
        raise SystemExit("the condition does not hold, so nothing is measured")
    best = 0.0
    for _ in range(ROUNDS):
        count = 0
        begun = time.process_time()
        while (elapsed := time.process_time() - begun) < SECONDS / ROUNDS:
            for _ in range(BATCH):
                decide()
            count += BATCH
        best = max(best, count / elapsed)
    return best


def main() -> None:
    rates = {name: decide and measure(decide) for name, decide in list_contestants()}
    ours = rates["soar.expr"] or 0
    print(f"{'':30}{'evaluations/s':>16}{'ours is':>12}")
    for name, rate in rates.items():
        print(f"{name:30}" + (f"{rate:>16,.0f}{ours / rate:>10.2f} x" if rate else f"{'not installed':>16}"))
    print(f"target {TARGET:,}: {'met' if ours >= TARGET else 'MISSED'}")


if __name__ == "__main__":
    main()
