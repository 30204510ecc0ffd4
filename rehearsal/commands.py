"""The subcommands that rehearsal adds to `ngx-voice`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def register(cli: typer.Typer) -> None:
    """Add our subcommands."""
    cli.command()(demo)
    cli.command()(rehearse)


def demo(
    caller: Annotated[
        Path | None, typer.Option(help="A mono recording to play as the caller, in place of the three calls.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for recordings, pictures and the page.")] = Path("demo"),
) -> None:
    """Hear NGX Voice answer phone calls: the real server, the real wire, no account."""
    from rehearsal.demo.performance import DemoError, perform

    try:
        succeeded = asyncio.run(perform(out_dir=out, recording=caller))
    except DemoError as error:
        typer.echo(f"ngx-voice: {error}", err=True)
        raise typer.Exit(1) from None
    if not succeeded:
        raise typer.Exit(1)


def rehearse(
    scenario: Annotated[
        list[str] | None, typer.Option(help="A scenario by name or file; repeatable. Default: all but the load runs.")
    ] = None,
    profile: Annotated[str, typer.Option(help="Latencies of the stand-in vendors.")] = "constant",
    calls: Annotated[int, typer.Option(min=1, max=1000, help="Calls held at once.")] = 10,
    duration: Annotated[
        float | None, typer.Option(min=1.0, help="Seconds to go on making calls; default: each call once.")
    ] = None,
    peer: Annotated[str, typer.Option(help="'plain' rings the plain pipecat bot too and prints the ratios.")] = "",
    server: Annotated[str, typer.Option(help="Ring this running server's origin; needs TWILIO_AUTH_TOKEN.")] = "",
    seed: Annotated[int, typer.Option(help="Of every choice; equal seeds give equal calls.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for report.json and report.png.")] = Path("rehearsal-report"),
    pin: Annotated[bool, typer.Option(help="Server on one core, callers and stand-ins on another.")] = True,
    niceness: Annotated[
        int,
        typer.Option(min=-20, max=19, help="Of all processes of the run; below 0 where others compete (root only)."),
    ] = 0,
    require: Annotated[
        list[str] | None, typer.Option(help="A bound, like answer.p95<=0.6 or ratio:yield.p95<=0.8; repeatable.")
    ] = None,
) -> None:
    """Let simulated callers ring a server, and measure what they hear."""
    from rehearsal.rehearse.command import UsageError, read_options, run

    try:
        options = read_options(
            scenarios=tuple(scenario or ()),
            profile=profile,
            calls=calls,
            duration=duration,
            peer=peer,
            server=server,
            seed=seed,
            pin=pin,
            niceness=niceness,
            require=tuple(require or ()),
        )
    except UsageError as error:
        typer.echo(f"ngx-voice: {error}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(run(options, out=out))
