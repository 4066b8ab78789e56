"""Which playbooks may use a connection or a credential, as whoever keeps it says."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from soar.access.scopes import fits_any
from soar.model.catalog import Allow


@dataclass(frozen=True, slots=True)
class Allowances:
    """What the site says of its connections and credentials, by name; what it says nothing of is for every playbook."""

    connections: Mapping[str, Allow] = field(default_factory=dict)
    credentials: Mapping[str, Allow] = field(default_factory=dict)

    def explain_no(
        self, playbook: str, team: str | None, *, connections: Collection[str], credentials: Collection[str]
    ) -> str | None:
        """Return why a playbook may not use these, in words; None if it may use them all.

        Args:
            playbook: its id.
            team: whose it is, if it is a team's.
            connections: by id.
            credentials: by name.
        """
        for word, names, said in (
            ("connection", connections, self.connections),
            ("credential", credentials, self.credentials),
        ):
            for name in sorted(names):
                allow = said.get(name)
                if allow is not None and not _admits(allow, playbook, team):
                    return f"the {word} `{name}` is not for the playbook `{playbook}`"
        return None


EVERYBODY = Allowances()
"""Nothing is kept for anybody."""


def _admits(allow: Allow, playbook: str, team: str | None) -> bool:
    return fits_any(allow.playbooks, playbook) or (team is not None and team in allow.teams)
