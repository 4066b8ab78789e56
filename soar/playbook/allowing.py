"""Calls held against what connections and credentials are for."""

from collections.abc import Mapping

from soar.access.allowances import Allowances
from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.playbook.node import Spot
from soar.playbook.references import ReferenceKind, find_references
from soar.playbook.report import Report


def check_allowances(
    playbook: Playbook, spots: Mapping[str, Spot], catalog: Catalog, allowances: Allowances, report: Report
) -> None:
    """Note down each use of a connection or a credential that is kept for other playbooks."""
    for reference in find_references(playbook, catalog.find_action):
        is_credential = reference.kind is ReferenceKind.CREDENTIAL
        reason = allowances.explain_no(
            playbook.id,
            playbook.team,
            connections=(reference.connection,) if reference.connection else (),
            credentials=(reference.name,) if is_credential else (),
        )
        spot = spots.get(reference.path)
        if reason is not None and spot is not None:
            hint = "use another one, or have it allowed where connections are set up"
            report.add("P311", (spot.line, spot.column), spot.path, reason, hint)
