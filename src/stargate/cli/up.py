"""`stargate up`: start a machine of several sites on this host, or what is missing of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.machine_home import home_at, home_option
from stargate.cli.outputs import answer, json_option, log
from stargate.control.policy import POLICIES

if TYPE_CHECKING:
    from stargate.live.home import LiveHome
    from stargate.live.machine import Machine


@click.command("up")
@click.argument("file", required=False, type=click.Path())
@click.option("--sites", metavar="SITE[:NODES],...", help="Instead of FILE: abilene:2,atlanta.")
@click.option(
    "--cores",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Of each node; more than the host has in all are shared by time.",
)
@click.option(
    "--policy",
    type=click.Choice(tuple(POLICIES)),
    default="easy",
    show_default=True,
    help="In which order jobs start; `priority` sends lower ones away.",
)
@home_option
@json_option
def command(
    file: str | None,
    sites: str | None,
    cores: int,
    policy: str,
    home: Path | None,
    as_json: bool,
) -> None:
    """Start a machine of several sites on this host: a Ray node for each node, and a controller.

    The sites are those of FILE's network, one node each, or of --sites. Again, without either, it
    starts what is missing of the machine in the home: jobs go on where their checkpoints are.
    """
    from stargate.live.upkeep import controller_pid, up

    place = home_at(home)
    machine = _machine(place, file, sites, cores, policy)
    up(place, machine, log)
    content: dict[str, object] = {
        "home": str(place.directory),
        "controller_pid": controller_pid(place),
        "nodes": [
            {"name": machine.node_name(i), "site": site, "cores": machine.cores}
            for i, site in enumerate(machine.sites)
        ],
    }
    names = ", ".join(machine.node_name(i) for i in range(len(machine.sites)))
    answer(content, as_json, f"up in {place.directory}: {names}, {machine.cores} cores each")


def _machine(
    home: LiveHome, file: str | None, sites: str | None, cores: int, policy: str
) -> Machine:
    from stargate.live.machine import Machine, of_network, of_text

    if file is not None and sites is not None:
        raise click.UsageError("give FILE or --sites, not both")
    if sites is not None:
        return of_text(sites, cores, policy)
    if file is not None:
        from stargate.cli.specification import load_specification

        network = load_specification(file).network
        if network is None:
            raise click.UsageError(f"{file} has no network; name the sites with --sites")
        return of_network(network, cores, policy)
    if not home.machine.exists():
        raise click.UsageError(f"no machine in {home.directory} yet; give FILE or --sites")
    return Machine.read(home.machine)
