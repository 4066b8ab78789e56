"""Builds the browser's pages into wheel and source distribution, so that whoever installs them needs no Node."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = Path("soar", "api", "static")
OLDEST_NODE = (20, 19)  # what Vite asks for
SHIPPED = ("config", "connectors", "examples", "playbooks")


class PagesHook(BuildHookInterface):
    """Runs before a distribution is packed; an editable install is left alone and serves the folder as it is."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages, and map the folders that are shipped beside the code."""
        if version == "editable":
            return
        root = Path(self.root)
        self.app.display_info(build_pages(root))
        for folder in SHIPPED:
            if self.target_name == "wheel" and (root / folder).is_dir():
                build_data["force_include"][str(root / folder)] = f"soar/_bundled/{folder}"


def build_pages(root: Path) -> str:
    """Build `web/` into the package that serves it, where that is possible, and say what was done.

    Raises:
        subprocess.CalledProcessError: npm failed; what it said stands on standard error.
    """
    web = root / "web"
    if not (web / "package.json").is_file():
        return "pages: none, there is no web/ here"
    npm = shutil.which("npm")
    if npm is None or not _has_node():
        return (
            f"pages: not built, Node {'.'.join(map(str, OLDEST_NODE))} or newer is needed; the API works without them"
        )
    subprocess.run([npm, "ci", "--silent"], cwd=web, check=True)  # noqa: S603 -- a fixed command
    command = [npm, "run", "--silent", "build", "--", "--outDir", str(root / PAGES), "--emptyOutDir"]
    subprocess.run(command, cwd=web, check=True)  # noqa: S603 -- a fixed command
    return f"pages: built into {PAGES}"


def _has_node() -> bool:
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)  # noqa: S607 -- the one npm uses
    found = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_NODE


if __name__ == "__main__":
    try:
        print(build_pages(Path(__file__).parent))  # noqa: T201 -- the one line that make shows
    except subprocess.CalledProcessError as error:
        sys.exit(f"pages: {error}")
