"""The expression language of playbooks: a subset of CEL that ends always, touches nothing and says why.

Text becomes a `Program` once and is evaluated against a `Scope` many times. Nothing in here waits, reads a clock or
reaches an attribute of data.
"""

from soar.expr.check import Reference
from soar.expr.durations import parse_duration, print_duration
from soar.expr.errors import EvaluationError, ExpressionError, FuelError, MissingError, SyntaxFaultError
from soar.expr.faults import FaultKind, TypeFault
from soar.expr.frame import Scope
from soar.expr.functions import BUILTINS
from soar.expr.kinds import StaticType
from soar.expr.labels import Label
from soar.expr.plain import to_plain
from soar.expr.program import Program, compile_expression
from soar.expr.template import Template, parse_template
from soar.expr.trace import Trace, TraceEntry
from soar.expr.typecheck import examine, infer_type
from soar.expr.types import ALERT, Environment, Type, read_schema, read_type

__all__ = [
    "ALERT",
    "BUILTINS",
    "Environment",
    "EvaluationError",
    "ExpressionError",
    "FaultKind",
    "FuelError",
    "Label",
    "MissingError",
    "Program",
    "Reference",
    "Scope",
    "StaticType",
    "SyntaxFaultError",
    "Template",
    "Trace",
    "TraceEntry",
    "Type",
    "TypeFault",
    "compile_expression",
    "examine",
    "infer_type",
    "parse_duration",
    "parse_template",
    "print_duration",
    "read_schema",
    "read_type",
    "to_plain",
]
