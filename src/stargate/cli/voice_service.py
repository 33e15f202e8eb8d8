"""`stargate voice key|serve|work`: answer over HTTP, and work enrolments off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import log
from stargate.cli.voice_place import Where

if TYPE_CHECKING:
    from stargate.voice.http.service import Page


@click.command()
@click.argument("role", type=click.Choice(["speaker", "owner"]))
@click.pass_obj
def key(where: Where, role: str) -> None:
    """Make a key for `serve`, of the tenant given before the command; it is shown this once."""
    click.echo(where.ring().issue(where.tenant, role))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8880, show_default=True, help="Port to listen on.")
@click.option("--engine", default="kokoro-tuned", show_default=True, help="That enrols.")
@click.option(
    "--requests-per-minute",
    "n_per_minute",
    default=120.0,
    show_default=True,
    help="Of one tenant, at the most.",
)
@click.option(
    "--replicas",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes that answer and speak.",
)
@click.option(
    "--workers",
    default="1",
    show_default=True,
    help="Processes that enrol (0: none here), or a Ray cluster: ray://host:10001, auto.",
)
@click.pass_obj
def serve(
    where: Where,
    host: str,
    port: int,
    engine: str,
    n_per_minute: float,
    replicas: int,
    workers: str,
) -> None:
    """Answer over HTTP in the shape of OpenAI's audio API, and serve the console."""
    from stargate.voice.http.serving import Settings
    from stargate.voice.http.serving import serve as run

    directory, assets = where.directory(), where.weights().directory
    settings = Settings(directory, assets, engine, n_per_minute, _console())
    console = f"http://{host}:{port}/console/"
    if where.ring().empty:  # the first start: the one who starts it is its owner
        console += f"#key={where.ring().issue(where.tenant, 'owner')}"
    log(f"console at {console}\nAPI at http://{host}:{port}/v1")
    run(settings, host, port, replicas, workers)


@click.command()
@click.option(
    "--workers",
    default="1",
    show_default=True,
    help="Processes of this machine, or a Ray cluster: ray://host:10001, auto.",
)
@click.option("--until-empty", is_flag=True, help="End when no enrolment waits or is under way.")
@click.pass_obj
def work(where: Where, workers: str, until_empty: bool) -> None:
    """Work enrolments off that wait in the home, until interrupted."""
    from stargate.voice.http.serving import work as run

    log("working; stop with Ctrl+C, nothing is lost")
    run(where.directory(), where.weights().directory, workers, until_empty)


def _console() -> dict[str, Page]:
    """The console's files, in the shape that the service hands out."""
    from stargate.view.voice_console import pages
    from stargate.voice.http.service import Page

    return {name: Page(media_type, data) for name, (media_type, data) in pages().items()}
