from soar.model.catalog import Catalog
from soar.playbook.graph import build_graph
from soar.playbook.tree import draw_tree
from tests.support.examples import parse

TEXT = """\
name: A name
on: {manual: {}}
steps:
  - {name: Look, uses: virustotal.url_report, with: {url: a}}
  - {name: Look elsewhere, needs: [], uses: not.there}
  - name: Hold it
    if: 1 == 1
    uses: defender.isolate_machine
    with: {host: a}
    approve: {by: role:a, quorum: 2, if: 2 == 2, on_deny: [{name: Say no, uses: chat.dm, with: {user: a, text: b}}]}
    undo: auto
    expires: 4h
  - {id: end, needs: [], parallel: {left: [{stop: {}}]}}
finally: [{fail: over}]
"""


def test_a_tree_shows_order_effects_gates_and_handlers(catalog: Catalog) -> None:
    assert list(draw_tree(build_graph(parse(TEXT), catalog))) == [
        "A name",
        "starts: by hand",
        "├─ Look  virustotal.url_report  ○ read",
        "├─ Look elsewhere  not.there  ? not installed",
        "│     starts at once",
        "├─ Hold it  defender.isolate_machine  ● destructive",
        "│  │  waits for all above",
        "│  │  if 1 == 1",
        "│  │  approval by role:a, quorum 2, within 30m",
        "│  │  asked only if 2 == 2",
        "│  │  undo: auto, by itself after 4h",
        "│  └─ if denied:",
        "│     └─ Say no  chat.dm  ◐ write",
        "├─ end  at the same time",
        "│  │  starts at once",
        "│  └─ left:",
        "│     └─ stop: succeeded",
        "└─ in any case, last:",
        "   └─ fail",
    ]


def test_a_step_says_for_which_it_waits(catalog: Catalog) -> None:
    text = "name: A\non: {manual: {}}\nsteps: [{id: a, stop: {}}, {id: b, stop: {}}, {id: c, needs: [a], stop: {}}]\n"
    assert "      waits for a" in draw_tree(build_graph(parse(text), catalog))
