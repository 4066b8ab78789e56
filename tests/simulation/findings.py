"""What people say became of a call of which nobody knew, told to a simulated world."""

from soar.model.audit import Actor
from soar.model.errors import NotFoundError
from soar.model.run import Finding
from soar.model.values import JsonValue
from soar.playbook import parse_playbook
from soar.runtime.settlement import Settlement, Settlements
from soar.store import Unit
from tests.simulation.service import SimulatedWorld

_CAROL = Actor(kind="user", id="u_carol", name="carol", via="web")


async def say(world: SimulatedWorld, run: str, step: str, finding: Finding, output: JsonValue = None) -> None:
    """Say what a call did.

    Raises:
        ConflictError: nobody is asked any more, or it would need an approval that cannot be asked for.
        UnavailableError: the store takes nothing now.
    """
    settlements = Settlements(
        find_playbook=lambda unit, found: parse_playbook(
            _find_text(unit, found.revision), playbook_id=found.playbook, file=f"{found.playbook}.yaml"
        )[0],
        read_output=lambda _, given: given,
        ids=world.ids,
    )
    wanted = Settlement(step=step, finding=finding, reason="as a seed wants it", output=output)
    at = world.clock.now()

    def settle(unit: Unit) -> None:
        found = unit.runs.get(run)
        if found is not None:
            settlements.settle(unit, found, wanted, actor=_CAROL, at=at)

    await world.write(settle)


def _find_text(unit: Unit, revision: str) -> str:
    found = unit.revisions.get(revision)
    if found is None:
        raise NotFoundError(f"no revision {revision}")
    return found.text
