"""Evaluations a second of a condition with four clauses, with fuel on, beside bare Python that compares the same.

Run it on a quiet machine: `python bench/expr.py`.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from soar.expr import Scope, compile_expression

SECONDS = 1.0
ROUNDS = 3
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


def decide_bare() -> bool:
    alert = NAMES["alert"]
    return (
        alert["kind"] == "signin.impossible_travel"
        and alert["severity"] in ["high", "critical"]
        and alert["raw"]["risk"]["score"] >= RISKY
        and not alert["raw"]["user"]["is_guest"]
    )


def measure(decide: Callable[[], object]) -> float:
    """Return the best rate of some rounds: whatever disturbs a round only makes it slower."""
    if decide() is not True:
        raise SystemExit("the condition does not hold, so nothing is measured")
    best = 0.0
    for _ in range(ROUNDS):
        count = 0
        begun = time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < SECONDS / ROUNDS:
            for _ in range(BATCH):
                decide()
            count += BATCH
        best = max(best, count / elapsed)
    return best


def main() -> None:
    program = compile_expression(CONDITION)
    ours = measure(lambda: program.evaluate(SCOPE))
    bare = measure(decide_bare)
    print(f"{'':24}{'evaluations/s':>16}{'ratio':>8}")
    print(f"{'bare Python':24}{bare:>16,.0f}{1:>8.2f}")
    print(f"{'expression':24}{ours:>16,.0f}{ours / bare:>8.2f}")


if __name__ == "__main__":
    main()
