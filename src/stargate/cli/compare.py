"""`stargate compare A B`: what B changes, future by future, on the same random numbers."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import json_option, report_option
from stargate.cli.specification import load_specification, overrides_option, planned

if TYPE_CHECKING:
    from stargate.programme.compare import Comparison
    from stargate.programme.result import PlanResult
    from stargate.spec.document import Document


@click.command("compare")
@click.argument("a", type=click.Path())
@click.argument("b", type=click.Path(), required=False)
@overrides_option
@click.option("--samples", type=click.IntRange(1, 2_000_000), help="How many futures; A's number.")
@click.option("--seed", type=click.IntRange(0), help="Of the draws; A's if left out.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Forecast both with what was known on that day.",
)
@json_option
@report_option
def command(
    a: str,
    b: str | None,
    overrides: tuple[str, ...],
    samples: int | None,
    seed: int | None,
    as_of: datetime | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Compare two plans on the same random numbers: dates, costs, odds and gates.

    Differences are B less A in one and the same future, with the 95 % interval of their mean.
    Overrides (-s) change B; with one file, B is that file under the overrides.
    """
    from stargate.programme.compare import compare

    if b is None and not overrides:
        raise click.UsageError("nothing to compare A with; name a second file, or change A with -s")

    def planner(document: Document, n: int, chosen_seed: int) -> PlanResult:
        return planned(document, n, chosen_seed, as_of)

    first, second = load_specification(a), load_specification(b or a, overrides)
    found = compare(first, second, planner, samples=samples, seed=seed)
    labels = _labels(a, b, overrides)
    if as_json:
        from stargate.cli.comparison_object import comparison_object

        click.echo(json.dumps(comparison_object(found, labels), indent=2, allow_nan=False))
    else:
        from stargate.view.comparison_text import print_comparison

        print_comparison(found, labels)
    if output is not None:
        _write(found, labels, output)
        click.echo(f"report: {output}", err=as_json)


def _labels(a: str, b: str | None, overrides: tuple[str, ...]) -> tuple[str, str]:
    """What the two are called: their files, or for one file what was changed."""
    changed = " ".join(f"-s {text}" for text in overrides)
    if b is None:
        return Path(a).stem, changed
    return Path(a).stem, " ".join(filter(None, (Path(b).stem, changed)))


def _write(found: Comparison, labels: tuple[str, str], output: Path) -> None:
    from stargate.view.comparison_report import comparison_page

    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(comparison_page(found, labels), encoding="utf-8")
