"""The playbooks that runs are pinned to, parsed once."""

from soar.model.playbook import Playbook
from soar.model.run import Run
from soar.playbook import parse_playbook
from soar.store import Unit

_KEPT = 256


class Revisions:
    """Parsed revisions. A revision is named by the digest of its text, so what is remembered stays true."""

    def __init__(self) -> None:
        self._parsed: dict[tuple[str, str], Playbook] = {}

    def find(self, unit: Unit, run: Run) -> Playbook | None:
        """Return the playbook a run is pinned to; None if its text is gone or cannot be read any more."""
        key = (run.playbook, run.revision)
        known = self._parsed.get(key)
        if known is not None:
            return known
        revision = unit.revisions.get(run.revision)
        playbook = _parse(run.playbook, revision.text) if revision else None
        if playbook is not None:
            if len(self._parsed) >= _KEPT:
                self._parsed.clear()
            self._parsed[key] = playbook
        return playbook

    def name(self, unit: Unit, run: Run) -> str:
        """Return what people call a run's playbook."""
        playbook = self.find(unit, run)
        return playbook.name if playbook else run.playbook


def _parse(playbook_id: str, text: str) -> Playbook | None:
    return parse_playbook(text, playbook_id=playbook_id, file=f"{playbook_id}.yaml")[0]
