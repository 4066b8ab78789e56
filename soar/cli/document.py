"""Playbooks that a command names: a file, one of the site's, or the one that serves."""

from dataclasses import dataclass
from pathlib import Path

from soar.app.site import read_site
from soar.cli.client import connect
from soar.cli.site import find_settings
from soar.model.catalog import Catalog
from soar.model.errors import InputError, NotFoundError
from soar.model.playbook import Playbook
from soar.playbook import Finding, Severity, load_file, parse_playbook
from soar.policy import Policy

_SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class Documents:
    """The playbooks within reach, and the connectors that they call.

    Attributes:
        folder: the site's folder of playbooks.
    """

    folder: Path
    catalog: Catalog
    policy: Policy

    @classmethod
    def of(cls, config: Path | None) -> "Documents":
        """Return the documents of a site.

        Args:
            config: the site's settings; None means the usual file, if it is there.

        Raises:
            InputError: the site's own files do not fit.
        """
        settings = find_settings(config)
        site = read_site(settings)
        return cls(settings.paths.playbooks, site.catalog, site.policy)

    def read(self, name: str) -> Playbook:
        """Return the playbook in a file, or the site's with this id; what the policy says of it does not matter.

        Raises:
            NotFoundError: there is no such file.
            InputError: it cannot be read.
        """
        file = self._find(name)
        loaded = load_file(file, catalog=self.catalog, policy=self.policy)
        if not loaded.text:
            raise _refuse(str(file), loaded.findings)
        return _parse(loaded.text, file.name.removesuffix(_SUFFIX), str(file))

    def read_live(self, name: str) -> Playbook:
        """Return the playbook that serves under the id that a file or an id stands for.

        Raises:
            SoarError: the server does not say.
        """
        playbook_id = self._find(name).name.removesuffix(_SUFFIX)
        return _parse(connect().get("playbooks", playbook_id).text("text"), playbook_id, f"{playbook_id} as it serves")

    def _find(self, name: str) -> Path:
        path = Path(name)
        file = path if path.is_file() or path.suffix else self.folder / f"{name}{_SUFFIX}"
        if not file.is_file():
            raise NotFoundError(f"there is no {file}", hint="name a file, or a playbook of the site by its id")
        return file


def _parse(text: str, playbook_id: str, file: str) -> Playbook:
    playbook, findings = parse_playbook(text, playbook_id=playbook_id, file=file)
    if playbook is None:
        raise _refuse(file, findings)
    return playbook


def _refuse(file: str, findings: list[Finding] | tuple[Finding, ...]) -> InputError:
    first = next(finding for finding in findings if finding.severity is Severity.ERROR)
    message = f"{file}:{first.line}:{first.column}: {first.code} {first.message}"
    return InputError(message, code="bad_playbook", hint=first.hint or "soar playbook validate shows every finding")
