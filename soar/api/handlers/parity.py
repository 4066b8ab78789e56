"""What a playbook would have done in shadow, held against what was done."""

from datetime import timedelta

from soar.api.call import Call
from soar.api.schemas.parity import ParityQuery, ParityView, list_shown_runs, view_parity
from soar.rehearsal.parity import compare, observe
from soar.store import Unit

_MOST = 5_000  # runs that are read, and writes


async def show_parity(call: Call, query: ParityQuery) -> ParityView:
    """Show where a playbook's shadow runs agree with what was done meanwhile, and where only one of them acted."""
    playbook, since = call.part("id"), call.at - timedelta(hours=query.hours)

    def show(unit: Unit) -> ParityView:
        observed = observe(unit, playbook, call.services.catalog, since, _MOST)
        parity = compare(observed.shadow, observed.made, timedelta(hours=query.window_hours))
        found = [unit.runs.get(run) for run in list_shown_runs(parity)]
        return view_parity(playbook, observed, parity, {run.id: run for run in found if run is not None})

    return await call.read(show)
