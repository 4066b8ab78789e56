"""Pictures in the documents are what the commands draw."""

from soar.playbook.graph import build_graph
from soar.playbook.svg import draw_svg
from tests.support.examples import load_catalog, read_example
from tests.support.repository import ROOT


def test_the_picture_of_a_playbook_is_what_the_command_draws() -> None:
    shown = (ROOT / "docs" / "images" / "phishing-triage.svg").read_text("utf-8")
    drawn = draw_svg(build_graph(read_example(ROOT / "playbooks" / "phishing-triage.yaml"), load_catalog()))
    assert shown == drawn, "soar playbook graph phishing-triage --format svg --output docs/images/phishing-triage.svg"
