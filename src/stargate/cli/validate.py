"""`stargate validate SUITE`: what the models say, against what was measured or published."""

from __future__ import annotations

import importlib

import click
from typing_extensions import override

# The module of each suite, whose `command` runs it, and what `--help` says of it.
SUITES = {
    "training": ("validate_training", "Step times of training against measured records."),
    "training-vtrain": ("validate_training", "The same against 973 small A100 runs (vTrain)."),
    "kernels": ("validate_kernels", "Products, attention and collectives timed on their own."),
    "fleet": ("validate_fleet", "The simulator against theory and published curves."),
    "programme": ("validate_programme", "Hindcast of site timelines, and published totals."),
}


class SuiteGroup(click.Group):
    """A group whose suites are imported when they run, and described without that."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every suite."""
        return list(SUITES)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The suite's command, imported now."""
        if cmd_name not in SUITES:
            return None
        module = importlib.import_module(f"stargate.cli.{SUITES[cmd_name][0]}")
        assert isinstance(module.command, click.Command)
        return module.command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the suites without importing them."""
        with formatter.section("Suites"):
            formatter.write_dl([(name, text) for name, (_, text) in SUITES.items()])


@click.group("validate", cls=SuiteGroup)
def command() -> None:
    """Score the models against published measurements and totals."""
