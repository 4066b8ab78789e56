"""A look at the hand-outs from outside."""

from soar.store import Unit


def count_handouts(unit: Unit) -> int:
    """Return how many runs are handed out, held or not."""
    return int(unit._connection.exec_driver_sql("SELECT count(*) FROM handouts").scalar_one())
