"""`stargate voice capacity`: what so many voices and so much speech take of machines."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import json_option
from stargate.cli.specification import load_specification, overrides_option
from stargate.errors import Problem, SpecError

if TYPE_CHECKING:
    from stargate.perf.voice_capacity import VoiceCapacity
    from stargate.spec.voice import VoiceWorkload


@click.command("capacity")
@click.argument("file", type=click.Path())
@overrides_option
@click.option("--workload", help="Which voice workload of FILE; its only one when left out.")
@json_option
def capacity(file: str, overrides: tuple[str, ...], workload: str | None, as_json: bool) -> None:
    """Say what a workload of `kind: voice` takes: processors, memory, power, and who waits."""
    from stargate.perf.voice_capacity import voice_capacity

    found = load_specification(file, overrides).voice_workloads
    name, asked = chosen(found, workload)
    result = voice_capacity(asked)
    if as_json:
        shown = {"workload": name, "cores": result.cores, **asdict(result)}
        click.echo(json.dumps({"schema_version": 1, **shown}, indent=2))
    else:
        click.echo(_text(result, asked))


def chosen(found: dict[str, VoiceWorkload], name: str | None) -> tuple[str, VoiceWorkload]:
    """The workload of that name, or the only one; `SpecError` if there is no such one."""
    if name is None and len(found) == 1:
        return next(iter(found.items()))
    if name in found:
        return name, found[name]
    message = f"no voice workload {name!r}" if name else f"the file holds {len(found)} of them"
    mend = (
        f"name one with --workload: {', '.join(found)}"
        if found
        else ("write workloads: {voices: {kind: voice, enrolments: 200/day, spoken_per_day: 40 h}}")
    )
    raise SpecError([Problem(message, "workloads", mend=mend)])


def _text(result: VoiceCapacity, asked: VoiceWorkload) -> str:
    from stargate.perf.voice_capacity import DAY_S

    a_day = asked.enrolments_per_s * DAY_S
    lines = [
        f"{_count(result.cores, 'core')}, {result.memory_bytes / 1e9:.1f} GB of memory, "
        f"{result.power_w:,.0f} W when all are busy; "
        f"{result.energy_per_day_j / 3.6e6:,.2f} kWh a day",
        f"learn: {_count(result.workers, 'worker')} for {a_day:,.0f} voices a day; "
        f"in the busiest hour they come to wait {_time(result.backlog_s)}",
        f"speak: {_count(result.replicas, 'replica')} for {asked.spoken_per_day_s / 3600:,.1f} h a "
        f"day; in the busiest hour {result.waiting:.1%} of requests wait, "
        f"{_time(result.wait_s)} on the mean of all",
        "rests on:",
    ]
    rows = [
        f"  {fact.text}".ljust(12) + f"{fact.what} ({fact.confidence})" for fact in result.facts
    ]
    return "\n".join([*lines, *rows])


def _time(time_s: float) -> str:
    return f"{time_s / 60:.0f} min" if time_s >= 120 else f"{time_s:.2g} s"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
