"""`stargate simulate FILE`: what happens in months of operation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.again import same_again
from stargate.cli.exits import Exit
from stargate.cli.outputs import json_option, report_option
from stargate.cli.specification import load_specification, overrides_option
from stargate.control.policy import POLICIES
from stargate.errors import Problem, SpecError

if TYPE_CHECKING:
    from stargate.fleet.scenario import Task
    from stargate.spec.document import Document


@click.command("simulate")
@click.argument("file", required=False, type=click.Path())
@overrides_option
@click.option(
    "--trace",
    type=click.Path(path_type=Path),
    help="Run recorded jobs instead of the file's: SWF, the Philly table, or openb pods.",
)
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead of FILE: play the event log of a live machine again, decision by decision.",
)
@click.option("--cluster", help="Where a trace runs; the first of the file when left out.")
@click.option("--policy", type=click.Choice(tuple(POLICIES)), help="The file's when left out.")
@click.option("--seed", type=click.IntRange(0), help="Of all draws; the file's when left out.")
@json_option
@report_option
def command(
    file: str | None,
    overrides: tuple[str, ...],
    trace: Path | None,
    replay: Path | None,
    cluster: str | None,
    policy: str | None,
    seed: int | None,
    as_json: bool,
    output: Path | None,
) -> int:
    """Say what months of operation bring: queues, failures, goodput, energy, cost and carbon.

    Simulates the part `fleet` of FILE on its network, event by event: jobs that train or learn
    voices, services that speak, nodes that fail and are repaired. The same file, seed and version
    give the same trace. Exits with 1 if a job was refused because it can never run.

    With --replay no time is simulated: what happened on a live machine (`stargate jobs --log`) is
    told to the scheduler again, which exits with 1 if it would now decide otherwise anywhere.
    """
    if replay is not None:
        if file is not None or trace is not None:
            raise click.UsageError("--replay takes the place of FILE and --trace; give one")
        from stargate.cli.replay import replayed

        return replayed(replay, as_json)
    if file is None:
        raise click.UsageError("give FILE, or --replay with the event log of a live machine")
    if cluster is not None and trace is None:
        raise click.UsageError("--cluster says where a --trace runs; give one, or leave it out")
    from stargate.fleet.account import run
    from stargate.fleet.build import scenario_of

    document = load_specification(file, overrides)
    tasks = _recorded(document, trace, cluster) if trace else None
    scenario, chosen = scenario_of(document, seed=seed, policy=policy, tasks=tasks)
    result = run(scenario, chosen)
    if as_json:
        from stargate.cli.fleet_object import fleet_object

        click.echo(json.dumps(fleet_object(result), indent=2, allow_nan=False))
    else:
        from stargate.view.fleet_terminal import print_fleet

        print_fleet(result)
    if output is not None:
        from stargate.view.fleet_report import fleet_report

        fleet_report(result, output, command_line=same_again("output", "as_json"))
        click.echo(f"report: {output}", err=as_json)
    return Exit.NO if result.refused else Exit.YES


def _recorded(document: Document, trace: Path, name: str | None) -> tuple[Task, ...]:
    """The jobs of a trace, for one cluster of the document."""
    from stargate.catalog import accelerator, node
    from stargate.fleet.build import slots_of
    from stargate.fleet.traces import read_trace

    sites = document.network.sites if document.network else ()
    found = {each.id: each for site in sites for each in site.clusters}
    chosen = found.get(name) if name else next(iter(found.values()), None)
    if chosen is None:
        message = f"no cluster {name!r}" if name else "the file has no cluster"
        mend = f"known: {', '.join(found)}" if found else "add one under network.sites"
        raise SpecError([Problem(message, "network", mend=mend)])
    part = accelerator(chosen.accelerator)
    read = read_trace(trace, chosen.id, slots_of(chosen, node(chosen.node or part.node_id)))
    for why, n in read.skipped.items():
        if n:
            click.echo(f"{n:,} rows left out: {why}", err=True)
    return read.tasks
