"""A playbook held against itself, the installed connectors and the policy."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from soar.access.allowances import EVERYBODY, Allowances
from soar.model.alert import OWN_SOURCE
from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.playbook.actions import check_actions
from soar.playbook.allowing import check_allowances
from soar.playbook.document import read_document
from soar.playbook.expressions import check_expressions
from soar.playbook.finding import Finding, has_errors, sort_findings
from soar.playbook.gating import check_gating
from soar.playbook.lints import check_lints
from soar.playbook.node import Scalar, Spot, index_spots
from soar.playbook.order import check_order
from soar.playbook.parse import read_draft
from soar.playbook.report import Report, quote
from soar.playbook.unattended import check_unattended
from soar.playbook.undoing import check_undoing
from soar.playbook.verifying import check_verifying
from soar.playbook.weight import has_bearable_weight
from soar.policy import Policy

_SOURCE = re.compile(r"on/(?:[0-9]+/)?alert/source(?:/[0-9]+)?")

_ASKED = re.compile(r"(?:.*/)?(?:approve|by(?:/[0-9]+)?|to)")
_ROTA = re.compile(r"oncall:(.+)")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a site has set up besides connectors."""

    sources: Collection[str] | None
    allowances: Allowances
    rotas: Collection[str]


def check_playbook(
    playbook: Playbook,
    *,
    text: str,
    file: str,
    catalog: Catalog,
    policy: Policy,
    known_sources: Collection[str] | None = None,
    allowances: Allowances = EVERYBODY,
    known_rotas: Collection[str] = (),
) -> list[Finding]:
    """Check a playbook that `parse_playbook` has read.

    Args:
        playbook: as read.
        text: the document that it was read from.
        file: what the findings call it.
        catalog: the installed connectors.
        policy: what stands above every playbook.
        known_sources: ids of the sources that are set up; None leaves sources unchecked.
        allowances: which playbooks connections and credentials are for.
        known_rotas: names of the rotas by which people are on call; without any, `oncall:` is left unchecked.

    Returns:
        What is wrong or doubtful, in the order of the document.
    """
    root, _ = read_document(text, file)
    spots = {} if root is None else index_spots(root)
    report = Report(text, file)
    known = _Known(known_sources, allowances, known_rotas)
    return _check(playbook, text, spots, report, catalog, policy, known)


def validate_text(
    text: str,
    *,
    playbook_id: str,
    file: str,
    catalog: Catalog,
    policy: Policy,
    known_sources: Collection[str] | None = None,
    allowances: Allowances = EVERYBODY,
    known_rotas: Collection[str] = (),
) -> tuple[Playbook | None, list[Finding]]:
    """Read and check a playbook; all stages run, so that all findings come at once.

    Args:
        text: the YAML document.
        playbook_id: the file's name without `.yaml`.
        file: what the findings call it.
        catalog: the installed connectors.
        policy: what stands above every playbook.
        known_sources: ids of the sources that are set up; None leaves sources unchecked.
        allowances: which playbooks connections and credentials are for.
        known_rotas: names of the rotas by which people are on call; without any, `oncall:` is left unchecked.

    Returns:
        The playbook, or None if one of the findings is an error; and all findings in the order of the document.
    """
    draft = read_draft(text, playbook_id=playbook_id, file=file)
    findings = list(draft.findings)
    if draft.playbook is not None:
        report = Report(text, file)
        known = _Known(known_sources, allowances, known_rotas)
        checked = _check(draft.playbook, text, draft.spots, report, catalog, policy, known)
        findings = sort_findings((*findings, *checked))
    return None if has_errors(findings) else draft.playbook, findings


def _check(
    playbook: Playbook,
    text: str,
    spots: Mapping[str, Spot],
    report: Report,
    catalog: Catalog,
    policy: Policy,
    known: _Known,
) -> list[Finding]:
    check_order(playbook, spots, report)
    if not has_bearable_weight(playbook, text, spots, report):
        return sort_findings(report.findings)
    check_expressions(playbook, spots, catalog, report)
    check_unattended(playbook, spots, report)
    check_actions(playbook, spots, catalog, report)
    check_undoing(playbook, spots, report)
    check_verifying(playbook, spots, catalog, report)
    check_gating(playbook, spots, catalog, policy, report)
    check_lints(playbook, spots, catalog, report)
    check_allowances(playbook, spots, catalog, known.allowances, report)
    if known.rotas:
        _check_rotas(spots, known.rotas, report)
    if known.sources is not None:
        _check_sources(spots, known.sources, report)
    return sort_findings(report.findings)


def _check_rotas(spots: Mapping[str, Spot], known: Collection[str], report: Report) -> None:
    """Note down who is asked by a rota that there is not: nobody, then."""
    for path, spot in spots.items():
        found = _ROTA.fullmatch(str(spot.node.value)) if isinstance(spot.node, Scalar) else None
        if found is not None and _ASKED.fullmatch(path) and found[1] not in known:
            hint = report.suggest(found[1], known) or f"it has {', '.join(sorted(known))}"
            message = f"there is no rota {quote(found[1])}, so nobody is on call by it"
            report.add("P408", (spot.node.line, spot.node.column), spot.path, message, hint)


def _check_sources(spots: Mapping[str, Spot], known: Collection[str], report: Report) -> None:
    for path, spot in spots.items():
        name = spot.node.value if isinstance(spot.node, Scalar) else None
        if _SOURCE.fullmatch(path) and isinstance(name, str) and name not in (*known, OWN_SOURCE):
            hint = report.suggest(name, known) or "set the source up first"
            report.add("P308", (spot.node.line, spot.node.column), spot.path, f"there is no source {quote(name)}", hint)
