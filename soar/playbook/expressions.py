"""Every expression of a playbook, compiled and held against what is known where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass

from soar.expr import ExpressionError, Program, StaticType, compile_expression, parse_template
from soar.expr.limits import MAX_DEPTH
from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.playbook.names import Fault, Names
from soar.playbook.node import Scalar, Spot, ends_open, walk_spots
from soar.playbook.pinpoint import pinpoint
from soar.playbook.presence import Presence
from soar.playbook.report import Report
from soar.playbook.shapes import Shapes
from soar.playbook.sites import Site, SiteKind, list_sites

_OPEN = "${{"
_SECRETS = "secrets"
_SIZED = frozenset({StaticType.LIST, StaticType.MAP, StaticType.STRING, StaticType.BYTES})


@dataclass(frozen=True, slots=True)
class _Found:
    """A compiled expression and where its text begins in its scalar."""

    program: Program
    offset: int


def check_expressions(playbook: Playbook, spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    """Note down every expression that cannot be read, names what is not there, or is no condition where one belongs."""
    checker = _Checker(playbook, catalog, report)
    for site in list_sites(playbook, spots):
        spot = spots.get(site.path)
        if spot is not None and not report.is_full:
            checker.check_site(site, spot)


class _Checker:
    def __init__(self, playbook: Playbook, catalog: Catalog, report: Report) -> None:
        self._names = Names(playbook, report)
        self._presence = Presence(playbook)
        self._shapes = Shapes(playbook, catalog, self._names.steps)
        self._report = report

    def check_site(self, site: Site, spot: Spot) -> None:
        """Check all expressions of one value."""
        if site.kind is SiteKind.TEMPLATE:
            self._check_template(site, spot)
        elif isinstance(spot.node, Scalar) and isinstance(site.source, str):
            offset = spot.node.text.find(site.source)
            program = self._compile(site.source, offset, spot)
            if program is not None:
                self._check_program(site, spot, _Found(program, offset))

    def _check_template(self, site: Site, root: Spot) -> None:
        for spot in (root, *walk_spots(root.node, root.path)):
            if self._report.is_full:
                return
            if len(spot.path) - len(root.path) > MAX_DEPTH:
                place = spot.line, spot.column
                self._report.add("P200", place, spot.path, f"a value holds no more than {MAX_DEPTH} levels")
                return
            key = spot.path[-1]
            if isinstance(key, str) and _OPEN in key:
                self._report.add("P200", (spot.line, spot.column), spot.path[:-1], "a key holds no expression")
            if isinstance(spot.node, Scalar) and isinstance(spot.node.value, str) and _OPEN in spot.node.value:
                self._check_text(site, spot, spot.node.value)

    def _check_text(self, site: Site, spot: Spot, text: str) -> None:
        try:
            template = parse_template(text)
        except ExpressionError as error:
            self._report_error(error, 0, spot)
            return
        if template.secrets and _SECRETS not in site.context.roots:
            hint = "name the secret where the action takes it, in `with:`"
            self._place(Fault("P206", "a secret stands only in `with:`", hint, is_at_key=True), 0, spot)
        cursor = 0
        for _, program in template.programs:
            cursor = text.find(program.source, text.find(_OPEN, cursor))
            self._check_program(site, spot, _Found(program, cursor))
            cursor += len(program.source)

    def _compile(self, source: str, offset: int, spot: Spot) -> Program | None:
        try:
            return compile_expression(source)
        except ExpressionError as error:
            self._report_error(error, offset, spot)
            return None

    def _report_error(self, error: ExpressionError, offset: int, spot: Spot) -> None:
        if isinstance(spot.node, Scalar) and spot.node.is_cut and ends_open(spot.node.text):
            return  # the document's own stage has said what is wrong
        fault = Fault("P200", error.message, error.hint, error.position, error.length)
        self._place(fault, offset, spot)

    def _place(self, fault: Fault, offset: int, spot: Spot) -> None:
        place = spot.line, spot.column
        if not fault.is_at_key and isinstance(spot.node, Scalar):
            place = pinpoint(spot.node, self._report.lines, offset + fault.position, fault.length)
        self._report.add(fault.code, place, spot.path, fault.message, fault.hint)

    def _check_program(self, site: Site, spot: Spot, found: _Found) -> None:
        program, offset = found.program, found.offset
        faults = self._names.find_faults(program, site.context)
        if not faults:
            faults = self._presence.find_faults(program, site.context)
        if _SECRETS in program.roots and _SECRETS in site.context.roots:
            hint = "write it alone, as a value in `with:`: ${{ secrets.name }}"
            faults.append(Fault("P206", "a secret cannot be part of an expression or of a longer text", hint))
        if site.kind is SiteKind.CONDITION:
            faults.extend(self._judge_condition(program))
        for fault in faults:
            self._place(fault, offset, spot)

    def _judge_condition(self, program: Program) -> list[Fault]:
        result = self._shapes.infer(program)
        if result in {StaticType.BOOL, StaticType.DYN}:
            return []
        hint = "did you mean `size(…) > 0`?" if result in _SIZED else "compare it with something, such as `… == …`"
        return [Fault("P204", f"{result.describe()} is no condition", hint, is_at_key=True)]
