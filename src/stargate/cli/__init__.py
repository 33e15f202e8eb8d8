"""The command line: `stargate COMMAND`. Nothing heavy is imported before a command needs it.

The result goes to stdout, progress and logs to stderr. Exit codes: 0 done, or yes; 1 the answer
is no; 2 bad usage or a bad specification; 3 the run failed; 130 interrupted.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import click
from typing_extensions import override

from stargate import __version__
from stargate.cli.exits import guarded

# Each command is `command` in the module of its name; the text is what `--help` shows for it.
COMMANDS = {
    "plan": "When each phase of a programme is on line, what it costs, whether its gate opens.",
    "compare": "What one plan changes against another, on the same random numbers.",
    "export": "Write a plan as tables, JSON, Parquet or MS Project XML.",
    "import-plan": "Read a schedule of MS Project or Primavera.",
    "predict": "How fast a model trains on a machine, and how to split it.",
    "simulate": "What months of operation bring: queues, failures, goodput, energy.",
    "validate": "Score the models against published measurements and totals.",
    "calibrate": "Fit the performance model to measured step times.",
    "up": "Start a machine of several sites on this host.",
    "submit": "Have a command run on the machine, or a voice workload of a file.",
    "jobs": "List what was submitted, and what became of it.",
    "logs": "Print what a job printed.",
    "cancel": "End a job, whether it waits or runs.",
    "down": "Stop the machine; its jobs go on when it is up again.",
    "voice": "Speak in a person's voice, with their consent, in clips that can be told from real.",
    "catalog": "Show the sourced facts that everything rests on.",
    "check": "Find every fault of a specification.",
    "schema": "Print the JSON Schema of specifications, for editors.",
}


def _module(name: str) -> str:
    return f"{__name__}.{name.replace('-', '_')}"


class LazyGroup(click.Group):
    """A group whose commands are imported when they run, and described without that."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands whose module is installed."""
        return [name for name in COMMANDS if importlib.util.find_spec(_module(name))]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(_module(cmd_name)).command
        assert isinstance(command, click.Command)
        return command

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; an unknown one is told the near ones."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            near = get_close_matches(args[0], known)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    @override
    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and turn every outcome into its exit code.

        The matrices here are small: a second BLAS thread would wait for longer than it helps.
        """
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        run: Callable[..., Any] = super().main
        return guarded(run, *args, **kwargs)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stargate", message="%(prog)s %(version)s")
def main() -> None:
    """Plan, predict, simulate and run AI supercomputers that span a network of data centres.

    Exit codes: 0 done, or yes; 1 the answer is no; 2 bad usage or a bad specification; 3 the run
    failed; 130 interrupted. With --json, one object goes to stdout, errors included.
    """
