"""The command line `ngx-voice`: its own subcommands, and those that the entry-point group `ngx_voice.commands` adds.

What a subcommand needs is imported when it runs, so that `--help` answers at once.
Exit status: 0 done, 1 failed or a bad item, 2 wrong usage.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Final, TypeVar, cast

import typer

T = TypeVar("T")

GROUP: Final = "ngx_voice.commands"
"""Entry points that add subcommands: functions `register(app: typer.Typer) -> None`."""

_EXTRAS: Final = {"rehearsal": "pip install 'ngx-voice[rehearsal]'"}
"""Distribution extras by the entry point that needs them."""


def main() -> None:
    """Run the command line."""
    build_cli()()


def build_cli() -> typer.Typer:
    """The whole command line, with every subcommand that can be imported."""
    cli = typer.Typer(
        name="ngx-voice",
        help="A phone sales agent that anyone can run on their own.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    # With a callback typer keeps subcommands even where there is only one.
    cli.callback()(_root)
    cli.command()(serve)
    cli.command()(doctor)
    playbook = typer.Typer(help="The playbook: what is sold and how.", no_args_is_help=True)
    playbook.callback()(_root)
    playbook.command("check")(check_playbook)
    cli.add_typer(playbook, name="playbook")
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        _register(cli, point)
    return cli


def serve() -> None:
    """Answer the phone: serve Twilio's webhooks and Media Streams until told to stop."""
    with failures_in_a_line():
        from bot.logs import configure_logs
        from bot.settings import load_settings

        settings = load_settings()
        configure_logs(level=settings.ngx_log_level, form=settings.ngx_log_format, secrets=settings.secrets())
        from telephony.serve import serve as serve_calls

        _run(serve_calls(settings, say=typer.echo))


def doctor() -> None:
    """Show what is configured, test each part with a real request, and name the fix for what fails."""
    with failures_in_a_line():
        from bot.logs import configure_logs
        from bot.settings import load_settings

        settings = load_settings()
        # The report says what failed; libraries' own words would only stand in its way.
        configure_logs(level="CRITICAL", form="text", secrets=settings.secrets())
        from telephony.doctor import examine, print_report

        findings = _run(examine(settings))
        print_report(findings)
        if not all(finding.ok for finding in findings):
            raise typer.Exit(1)


def check_playbook(
    path: Annotated[str, typer.Argument(help="A playbook's folder, or the name of one that comes with us.")],
) -> None:
    """Check a playbook: print every finding, exit with 1 where there is one."""
    from bot.playbook import PlaybookError, load_playbook

    try:
        playbook = load_playbook(path)
    except PlaybookError as error:
        typer.echo(str(error))
        raise typer.Exit(1) from None
    typer.echo(
        f"{playbook.name}: {', '.join(playbook.languages)}, {len(playbook.tiers)} tiers, version {playbook.version}"
    )


@contextmanager
def failures_in_a_line() -> Generator[None]:
    """Turn the failures that a person can mend into lines on standard error and exit status 1."""
    try:
        yield
    except Exception as error:
        lines = _lines_for_people(error)
        if lines is None:
            raise
        for line in lines:
            typer.echo(f"ngx-voice: {line}", err=True)
        raise typer.Exit(1) from None


def _lines_for_people(error: Exception) -> list[str] | None:
    """What a person can do about an error that says so itself; None for a fault of ours.

    The rooms that raise them are imported only now that something failed: some take seconds.
    """
    from bot.playbook import PlaybookError
    from bot.settings import SettingsError
    from bot.stores.errors import StoreUnavailable

    while isinstance(error, ExceptionGroup):
        causes = cast("ExceptionGroup[Exception]", error).exceptions
        if len(causes) != 1:
            return None
        error = causes[0]
    if isinstance(error, (SettingsError, PlaybookError, StoreUnavailable, OSError)):
        return str(error).splitlines()
    if isinstance(error, (typer.Exit, typer.Abort)):
        return None

    from bot.stores.records.engine import DatabaseAddressError
    from pipelines.provider import ProviderError
    from telephony.serve import RefusedToServe
    from telephony.server import BindError

    for_people = (DatabaseAddressError, ProviderError, RefusedToServe, BindError)
    return str(error).splitlines() if isinstance(error, for_people) else None


def _register(cli: typer.Typer, point: EntryPoint) -> None:
    """Add an entry point's subcommands; one that cannot be imported is named in a line and left out."""
    try:
        register = point.load()
    except ImportError as error:
        hint = f": {_EXTRAS[point.name]}" if point.name in _EXTRAS else ""
        typer.echo(f"the {point.name} commands are left out, {error.name or error} is not installed{hint}", err=True)
        return
    register(cli)


def _run(work: Coroutine[Any, Any, T]) -> T:
    import uvloop

    return uvloop.run(work)


def _root() -> None:
    """Keeps subcommands subcommands."""
