"""What people write, read and checked: YAML to a `Playbook`, or to a list of findings that say what to do."""

from soar.playbook.annotation import render_annotation
from soar.playbook.canon import format_document
from soar.playbook.check import check_playbook, validate_text
from soar.playbook.document import read_document
from soar.playbook.finding import CODES, Finding, Severity, has_errors, render_text
from soar.playbook.load import Loaded, list_files, load_file, read_file
from soar.playbook.node import Entry, Mapping, Node, Scalar, Sequence, Spot, Style, join_path, print_path, walk_spots
from soar.playbook.parse import digest_text, parse_playbook
from soar.playbook.sarif import write_sarif

__all__ = [
    "CODES",
    "Entry",
    "Finding",
    "Loaded",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "Severity",
    "Spot",
    "Style",
    "check_playbook",
    "digest_text",
    "format_document",
    "has_errors",
    "join_path",
    "list_files",
    "load_file",
    "parse_playbook",
    "print_path",
    "read_document",
    "read_file",
    "render_annotation",
    "render_text",
    "validate_text",
    "walk_spots",
    "write_sarif",
]
