"""A backtest set up from what was typed: the site, its database, the revisions and the window."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from soar.app.clock import SystemClock
from soar.app.connections import simulate_all
from soar.app.settings import Settings
from soar.app.site import Site, read_site
from soar.cli.moments import read_moment
from soar.cli.output import advancing
from soar.cli.site import find_settings
from soar.model.errors import InputError, NotFoundError
from soar.model.playbook import Playbook, Revision
from soar.model.values import as_value
from soar.playbook import Finding, Severity, digest_text, render_text
from soar.rehearsal import stage
from soar.rehearsal.assumptions import Assumptions
from soar.rehearsal.backtest import Backtest, Backtested, Trial, Window
from soar.rehearsal.passage import Candidate, Products
from soar.store.archive import Archive, open_archive

_LIVE = "live"
_DIGEST = "sha256:"
_SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was typed."""

    playbook: str
    since: str
    until: str
    against: str | None
    assumptions: Assumptions
    limit: int | None
    config: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A backtest with what it was made from.

    Attributes:
        against: None if there is nothing to compare with.
    """

    candidate: Playbook
    against: Playbook | None
    window: Window
    assumptions: Assumptions
    backtested: Backtested


def run_backtest(order: Order) -> Forecast:
    """Take the stored alerts through the revisions.

    Raises:
        NotFoundError: there is no such file, database or revision.
        InputError: a playbook has errors, a moment is none, or the site's own files do not fit.
    """
    settings = find_settings(order.config)
    site = read_site(settings)
    window = _read_window(order)
    candidate = _load_file(_find_path(order.playbook, settings), site)
    with open_archive(settings.database.url) as archive:
        against = _load_other(order.against, candidate.playbook.id, archive, site) if order.against else None
        backtest = Backtest(
            archive,
            settings.workspace,
            order.assumptions,
            _make_trial(candidate, site, order.assumptions),
            _make_trial(against, site, order.assumptions) if against else None,
        )
        with advancing("backtesting", backtest.count(window)) as advance:
            backtested = backtest.run(window, advance)
    return Forecast(
        candidate=candidate.playbook,
        against=against.playbook if against else None,
        window=window,
        assumptions=order.assumptions,
        backtested=backtested,
    )


def _make_trial(candidate: Candidate, site: Site, assumptions: Assumptions) -> Trial:
    config = {name: as_value(value) for name, value in site.settings.config.items()}
    products = Products(connectors=site.connectors, connections={**simulate_all(site.catalog), **site.connections})
    lent = stage.Site(catalog=site.catalog, policy=site.policy, config=config)
    return Trial(candidate, lent, products, assumptions.decide)


def _read_window(order: Order) -> Window:
    now = SystemClock().now()
    since, until = read_moment("--since", order.since, now), read_moment("--until", order.until, now)
    if since >= until:
        raise InputError(f"--since {order.since} is not before --until {order.until}", code="window")
    return Window(since=since, until=until, limit=order.limit)


def _find_path(name: str, settings: Settings) -> Path:
    """Return what a name means: a path that is there, else a playbook of the site."""
    path = Path(name)
    found = path if path.exists() or path.suffix else settings.paths.playbooks / f"{name}{_SUFFIX}"
    if not found.is_file():
        raise NotFoundError(f"there is no {found}", hint="name a playbook's file or its id")
    return found


def _load_file(path: Path, site: Site) -> Candidate:
    loaded = site.checker.check_file(path)
    return _accept(loaded.playbook, loaded.text, loaded.findings, str(path))


def _load_other(name: str, playbook: str, archive: Archive, site: Site) -> Candidate:
    """Return the revision to compare with."""
    if name != _LIVE and not name.startswith(_DIGEST):
        return _load_file(_find_path(name, site.settings), site)
    revision = _find_live(playbook, archive, site.settings) if name == _LIVE else _find_digest(name, archive, site)
    checked, findings = site.checker.check(revision.playbook, revision.text, f"{revision.playbook}{_SUFFIX}")
    return _accept(checked, revision.text, findings, f"{revision.playbook}@{revision.digest}")


def _find_digest(digest: str, archive: Archive, site: Site) -> Revision:
    found = archive.read(site.settings.workspace, lambda unit: unit.revisions.get(digest))
    if found is None:
        raise NotFoundError(f"no revision {digest} is stored", hint="`soar run show RUN --json` names that of a run")
    return found


def _find_live(playbook: str, archive: Archive, settings: Settings) -> Revision:
    """Return the revision that serves: the site's own file if it has served, else what came last.

    A file that has not served was changed since, or is a bad one; what served before it serves on.
    """
    file = settings.paths.playbooks / f"{playbook}{_SUFFIX}"
    digest = digest_text(file.read_text("utf-8", errors="replace")) if file.is_file() else ""
    found = archive.read(
        settings.workspace, lambda unit: unit.revisions.get(digest) or unit.revisions.find_latest(playbook)
    )
    if found is None:
        hint = f"call the file as the playbook that serves, ID{_SUFFIX}, or compare with a file"
        raise NotFoundError(f"no revision of {playbook} has served here", hint=hint)
    return found


def _accept(playbook: Playbook | None, text: str, findings: Iterable[Finding], name: str) -> Candidate:
    if playbook is not None:
        return Candidate(playbook, text)
    errors = [render_text(finding) for finding in findings if finding.severity is Severity.ERROR]
    raise InputError("\n".join((f"{name} has errors", *errors)), code="playbook.invalid")
