import pytest

from soar.model.catalog import Catalog, Effect
from soar.playbook.graph import ROOT, Link, Node, NodeKind, build_graph, walk_edges, walk_nodes, write_graph
from tests.support.examples import EXAMPLES, load_catalog, parse, read_example

EVERY_KIND = """\
name: Every kind
on:
  alert: {source: [a, b]}
  manual: {by: role:analyst}
  call: {}
  schedule: {cron: "0 7 * * *"}
  event: {type: run.failed}
steps:
  - {id: first, uses: virustotal.url_report, with: {url: a}, on_failure: continue}
  - {id: second, needs: [], set: {a: 1, b: 2}}
  - {id: third, needs: [first], wait: 5m}
  - id: group
    if: 1 == 1
    approve: {by: [role:a, role:b], quorum: 2, on_deny: [{id: told, fail: no}]}
    steps: [{id: inner, approve: role:a}]
  - {id: split, parallel: {left: [{id: l1, wait: {until: now()}}], right: [{id: r1, stop: {status: denied}}]}}
  - {id: pick, choose: [{when: "true", steps: [{id: c1, uses: playbook.other}]}], else: [{id: e1, fail: no}]}
  - {id: asked, ask: {to: role:analyst, question: Why?, fields: {a: {}}}}
  - {id: event, wait: {for: {event: run.failed}, timeout: 1h}}
  - id: hold
    foreach: {in: "[1]", as: it}
    uses: defender.isolate_machine
    with: {host: a}
    undo: auto
    expires: 4h
    on_failure: [{id: handler, uses: not.there}]
on_failure: [{id: broken, fail: no}]
finally: [{id: last, fail: no}]
"""


@pytest.fixture
def root(catalog: Catalog) -> Node:
    return build_graph(parse(EVERY_KIND), catalog)


@pytest.fixture
def nodes(root: Node) -> dict[str, Node]:
    return {node.label: node for node in walk_nodes(root)}


def list_links(root: Node) -> set[tuple[str, str, Link, str]]:
    labels = {node.path: node.label for node in walk_nodes(root)}
    return {(labels[edge.source], labels[edge.target], edge.link, edge.label) for edge in walk_edges(root)}


def test_every_step_is_a_node_with_its_kind(nodes: dict[str, Node]) -> None:
    assert {label: node.kind for label, node in nodes.items()} == {
        "Every kind": NodeKind.PLAYBOOK,
        "first": NodeKind.ACTION,
        "second": NodeKind.SET,
        "third": NodeKind.WAIT,
        "group": NodeKind.GROUP,
        "inner": NodeKind.GATE,
        "told": NodeKind.FAIL,
        "split": NodeKind.PARALLEL,
        "l1": NodeKind.WAIT,
        "r1": NodeKind.STOP,
        "pick": NodeKind.CHOOSE,
        "c1": NodeKind.CALL,
        "e1": NodeKind.FAIL,
        "asked": NodeKind.ASK,
        "event": NodeKind.WAIT,
        "hold": NodeKind.ACTION,
        "handler": NodeKind.ACTION,
        "broken": NodeKind.FAIL,
        "last": NodeKind.FAIL,
    }


def test_a_node_says_what_it_does(nodes: dict[str, Node]) -> None:
    assert nodes["first"].effect is Effect.READ
    assert nodes["first"].goes_on
    assert (nodes["hold"].effect, nodes["hold"].undo, nodes["hold"].expires) == (Effect.DESTRUCTIVE, "auto", "4h")
    assert nodes["hold"].foreach == "it in [1]"
    assert nodes["handler"].effect is None
    assert [nodes[name].detail for name in ("second", "third", "l1", "r1", "c1", "asked", "event")] == [
        "set a, b",
        "wait 5m",
        "wait until now()",
        "stop: denied",
        "playbook.other",
        "ask role:analyst",
        "wait for run.failed, at most 1h",
    ]
    assert nodes["Every kind"].detail.split(" · ") == [
        "alert from a, b",
        "schedule 0 7 * * * UTC",
        "by hand of role:analyst",
        "call of another playbook",
        "event run.failed",
    ]


def test_a_gate_says_who_and_how_many_and_for_how_long(nodes: dict[str, Node]) -> None:
    gate = nodes["group"].gate
    assert gate is not None
    assert (gate.by, gate.quorum, gate.timeout, gate.condition) == (("role:a", "role:b"), "2", "30m", "")
    assert not gate.goes_on


def test_edges_say_what_follows_what_and_why(root: Node) -> None:
    assert list_links(root) == {
        ("Every kind", "first", Link.ORDER, ""),
        ("Every kind", "second", Link.ORDER, ""),
        ("first", "third", Link.NEEDS, ""),
        ("second", "group", Link.ORDER, ""),
        ("third", "group", Link.ORDER, ""),
        ("group", "inner", Link.INSIDE, ""),
        ("group", "told", Link.DENIED, "if denied"),
        ("group", "split", Link.ORDER, ""),
        ("split", "l1", Link.BRANCH, "left"),
        ("split", "r1", Link.BRANCH, "right"),
        ("split", "pick", Link.ORDER, ""),
        ("pick", "c1", Link.BRANCH, "when true"),
        ("pick", "e1", Link.BRANCH, "else"),
        ("pick", "asked", Link.ORDER, ""),
        ("asked", "event", Link.ORDER, ""),
        ("event", "hold", Link.ORDER, ""),
        ("hold", "handler", Link.FAILED, "if it fails"),
        ("Every kind", "broken", Link.FAILED, "when a step has failed"),
        ("Every kind", "last", Link.FINALLY, "in any case, last"),
    }


def test_as_data_it_has_each_node_once_and_edges_between_them(root: Node) -> None:
    document = write_graph(root)
    paths = [node["path"] for node in document["nodes"]]
    assert len(paths) == len(set(paths)) == len(list(walk_nodes(root)))
    assert paths[0] == ROOT
    assert {edge[end] for edge in document["edges"] for end in ("source", "target")} <= set(paths)
    assert document["nodes"][1]["effect"] == "read"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_step_of_a_finished_playbook_is_reached(file: object) -> None:
    root = build_graph(read_example(file), load_catalog())
    reached = {edge.target for edge in walk_edges(root)}
    assert reached == {node.path for node in walk_nodes(root)} - {ROOT}


def test_what_could_move_a_cursor_is_taken_out(catalog: Catalog) -> None:
    root = build_graph(
        parse('name: "a\\u202eb\\nc"\non: {manual: {}}\nsteps: [{name: "x\\u200b", stop: {}}]\n'), catalog
    )
    assert [node.label for node in walk_nodes(root)] == ["a\ufffdb c", "x\ufffd"]
