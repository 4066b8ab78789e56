"""Every expression of a playbook, compiled and held against what is known where it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from soar.expr import (
    ExpressionError,
    FaultKind,
    Program,
    StaticType,
    Template,
    Type,
    TypeFault,
    compile_expression,
    examine,
    parse_template,
)
from soar.expr.limits import MAX_DEPTH
from soar.expr.types import DYN, STRING, kind_of_type
from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.playbook.constants import check_constants
from soar.playbook.names import Fault, Names
from soar.playbook.node import Scalar, Spot, ends_open, walk_spots
from soar.playbook.pinpoint import pinpoint
from soar.playbook.presence import Presence
from soar.playbook.queries import find_unquoted, is_composed
from soar.playbook.report import Report
from soar.playbook.sites import Site, SiteKind, list_sites
from soar.playbook.taint import Taint, judge_reason
from soar.playbook.types import Types
from soar.playbook.wants import Wants

_OPEN = "${{"
_SECRETS = "secrets"
_SIZED = frozenset({StaticType.LIST, StaticType.MAP, StaticType.STRING, StaticType.BYTES})
_CODES = {FaultKind.FIELD: "P209", FaultKind.CONDITION: "P204", FaultKind.MISMATCH: "P208"}
"""The other kinds of faults are judged by `Names` and `Presence`, who know what comes before what."""
_UNPRINTABLE = {
    StaticType.LIST: "write json(…), or .join(…) for a list",
    StaticType.MAP: "write json(…)",
    StaticType.BYTES: "write string(…)",
    StaticType.NULL: "write default(…, …)",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """A compiled expression and where its text begins in its scalar."""

    program: Program
    offset: int


@dataclass(frozen=True, slots=True)
class _Typed:
    """A compiled expression and the type of its value; `DYN` if there is something wrong with it."""

    found: _Found
    type: Type


def check_expressions(playbook: Playbook, spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    """Note down every expression that cannot be read, names what is not there, or does not fit where it stands."""
    checker = _Checker(playbook, catalog, report)
    for site in list_sites(playbook, spots):
        spot = spots.get(site.path)
        if spot is not None and not report.is_full:
            checker.check_site(site, spot)
    check_constants(playbook, spots, checker.wants, report)


class _Checker:
    def __init__(self, playbook: Playbook, catalog: Catalog, report: Report) -> None:
        self._names = Names(playbook, report)
        self._presence = Presence(playbook)
        self._types = Types(playbook, catalog)
        self.wants = Wants(playbook, catalog)
        self._taint = Taint(playbook)
        self._report = report

    def check_site(self, site: Site, spot: Spot) -> None:
        """Check all expressions of one value."""
        if site.kind is SiteKind.TEMPLATE:
            self._check_template(site, spot)
        elif isinstance(spot.node, Scalar) and isinstance(site.source, str):
            offset = spot.node.text.find(site.source)
            program = self._compile(site.source, offset, spot)
            if program is not None:
                typed = self._check_program(site, spot, _Found(program, offset))
                self._check_want(spot, typed.type)

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
        if not template.programs:
            return
        slots = [self._check_program(site, spot, found) for found in _list_found(template, text)]
        if template.is_whole:
            self._check_want(spot, slots[0].type)
        else:
            for slot in slots:
                self._check_printed(slot, spot)
            self._check_want(spot, STRING)
        self._check_hostile(site, spot, slots, text, is_whole=template.is_whole)

    def _check_printed(self, slot: _Typed, spot: Spot) -> None:
        """Hold an expression in the middle of text against what can be printed there."""
        kind = kind_of_type(slot.type)
        if kind in _UNPRINTABLE:
            source = slot.found.program.source
            message = f"{kind.describe()} has no place in the middle of text"
            self._place(Fault("P210", message, _UNPRINTABLE[kind], 0, len(source)), slot.found.offset, spot)

    def _check_want(self, spot: Spot, type_: Type) -> None:
        want = self.wants.find(spot.path)
        misfit = want and want.find_misfit(type_)
        if misfit:
            self._place(Fault("P211", misfit, None, is_at_key=True), 0, spot)

    def _check_hostile(self, site: Site, spot: Spot, slots: list[_Typed], text: str, *, is_whole: bool) -> None:
        """Warn of values that others choose where they do harm."""
        want = self.wants.find(spot.path)
        if want is not None and want.language is not None:
            for slot in slots:
                program = slot.found.program
                if not is_whole or is_composed(program) or self._taint.is_hostile(program, slot.type):
                    fault = find_unquoted(program, slot.type, want.language, is_whole=is_whole)
                    if fault is not None:
                        self._place(fault, slot.found.offset, spot)
        if site.path.endswith("approve/reason"):
            is_hostile = all(self._taint.is_hostile(slot.found.program, slot.type) for slot in slots)
            fault = judge_reason(text, [slot.found.program for slot in slots]) if is_hostile else None
            if fault is not None:
                self._place(fault, 0, spot)

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
        self._report.add(fault.code, place, spot.path, fault.message, fault.hint, fault.severity)

    def _check_program(self, site: Site, spot: Spot, found: _Found) -> _Typed:
        if self._report.is_full:
            return _Typed(found, DYN)
        program, offset = found.program, found.offset
        names = self._types.find_environment(site.path)
        type_: Type = DYN
        if not (faults := self._names.find_faults(program, site.context)):
            faults = self._presence.find_faults(program, site.context)
            type_, misfits = examine(program, names)
            faults.extend(self._translate_faults(misfits))
        if _SECRETS in program.roots and _SECRETS in site.context.roots:
            hint = "write it alone, as a value in `with:`: ${{ secrets.name }}"
            faults.append(Fault("P206", "a secret cannot be part of an expression or of a longer text", hint))
        if site.kind is SiteKind.CONDITION:
            faults.extend(_judge_condition(type_))
        for fault in faults:
            self._place(fault, offset, spot)
        return _Typed(found, type_)

    def _translate_faults(self, faults: list[TypeFault]) -> Iterator[Fault]:
        for fault in faults:
            if fault.kind in _CODES:
                hint = self._report.suggest(fault.name, fault.choices) or fault.advice
                yield Fault(_CODES[fault.kind], fault.message, hint, fault.position, fault.length)


def _list_found(template: Template, text: str) -> Iterator[_Found]:
    """Yield a text's expressions with their places."""
    cursor = 0
    for _, program in template.programs:
        cursor = text.find(program.source, text.find(_OPEN, cursor))
        yield _Found(program, cursor)
        cursor += len(program.source)


def _judge_condition(type_: Type) -> list[Fault]:
    result = kind_of_type(type_)
    if result in {StaticType.BOOL, StaticType.DYN}:
        return []
    hint = "did you mean `size(…) > 0`?" if result in _SIZED else "compare it with something, such as `… == …`"
    return [Fault("P204", f"{result.describe()} is no condition", hint, is_at_key=True)]
