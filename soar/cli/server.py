"""`soar demo`, `soar serve`, `soar worker`, `soar doctor`, `soar migrate`."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from soar.cli.exits import ExitCode
from soar.cli.options import Json, guide
from soar.cli.output import Line, count, show, show_json, waiting
from soar.cli.site import find_settings

if TYPE_CHECKING:
    from soar.app.checks.check import Check

commands = typer.Typer()

Config = Annotated[Path | None, typer.Option("--config", help="The settings; config/soar.yaml if it is there.")]
Listen = Annotated[str | None, typer.Option("--listen", help="host:port to listen on; port 0 takes a free one.")]

_DEMO_FOLDER = Path(".soar-demo")


@commands.command(
    help=guide(
        "Run the product here on simulated connections; nothing to set up, nothing real is touched.",
        "soar demo",
        "soar demo --listen 127.0.0.1:9000",
        f"rm -r {_DEMO_FOLDER} && soar demo",
    )
)
def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where its database and keys are kept.")] = _DEMO_FOLDER,
    listen: Listen = None,
) -> None:
    """Run the demo until it is stopped."""
    with _uncollected():
        from soar.app.demo import demo as run_demo  # noqa: PLC0415 -- loads the whole service; `--help` need not

        raise typer.Exit(run_demo(folder, listen))


@commands.command(
    help=guide(
        "Run the service until SIGTERM, then let what is under way finish.",
        "soar serve",
        "soar serve --config /etc/soar/soar.yaml",
        "SOAR_SERVER__LISTEN=127.0.0.1:9000 soar serve",
        "soar serve --no-worker",
    )
)
def serve(
    config: Config = None,
    listen: Listen = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Drive no runs; `soar worker` does.")] = False,
) -> None:
    """Run the service."""
    with _uncollected():
        from soar.app import lifecycle  # noqa: PLC0415 -- as for the demo

        raise typer.Exit(lifecycle.serve(find_settings(config, listen), has_worker=not no_worker))


@commands.command(
    help=guide(
        "Drive runs beside other processes on the same PostgreSQL database, until SIGTERM; serve nothing.",
        "soar worker",
        "soar worker --concurrency 50 --health 127.0.0.1:8601",
        "soar worker --config /etc/soar/soar.yaml",
    )
)
def worker(
    config: Config = None,
    concurrency: Annotated[int | None, typer.Option("--concurrency", help="How many runs it drives at once.")] = None,
    health: Annotated[
        str | None, typer.Option("--health", help="host:port where it answers /healthz and /readyz; nowhere without.")
    ] = None,
) -> None:
    """Run a worker."""
    from soar.app import lifecycle  # noqa: PLC0415 -- as for the demo

    raise typer.Exit(lifecycle.work(find_settings(config, concurrency=concurrency, health=health)))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare a start the garbage collector, as it makes much and drops little; once it serves, the service collects."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@commands.command(help=guide("Bring the database's schema up to date.", "soar migrate"))
def migrate(config: Config = None) -> None:
    """Change the schema, and nothing else."""
    from soar.app import lifecycle  # noqa: PLC0415 -- as for the demo

    raise typer.Exit(lifecycle.migrate(find_settings(config)))


@commands.command(
    help=guide(
        "Say what would keep this installation from being trusted; with what is bad, nothing starts.",
        "soar doctor",
        "soar doctor --config s.yaml",
        "soar doctor --json",
    )
)
def doctor(config: Config = None, is_json: Json = False) -> None:
    """Look at everything, without starting it."""
    from soar.app.doctor import doctor as examine  # noqa: PLC0415 -- as for the demo

    settings = find_settings(config)
    with waiting("looking around"):
        checks = examine(settings)
    if is_json:
        show_json([asdict(check) for check in checks])
    else:
        show(*_tell_checks(checks))
    if any(check.is_bad for check in checks):
        raise typer.Exit(ExitCode.FAILED)


def _tell_checks(checks: "Sequence[Check]") -> Iterator[Line]:
    width = max((len(check.name) for check in checks), default=0)
    for check in checks:
        sign, style = _choose_face(check)
        yield Line(f"{sign} {check.name:<{width}}  {check.message}", style)
        if check.hint and not check.is_good:
            yield Line(f"  {'':<{width}}  hint: {check.hint}")
    bad = sum(check.is_bad for check in checks)
    doubtful = sum(check.is_warning for check in checks)
    yield Line(f"{count(len(checks) - bad - doubtful, 'check')} good, {doubtful} to look at, {bad} bad")


def _choose_face(check: "Check") -> tuple[str, str]:
    if check.is_good:
        return "✔", "green"
    return ("!", "yellow") if check.is_warning else ("✖", "red")
