from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from stargate.cli import COMMANDS, main

HEAVY = ["numpy", "scipy", "pydantic", "yaml", "plotly", "rich", "hypothesis", "pint"]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["nonsense"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import sys
from stargate.cli import main
try:
    main({arguments!r})
except SystemExit:
    pass
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def listed() -> list[str]:
    return main.list_commands(click.Context(main))


@pytest.mark.parametrize("name", listed())
def test_a_command_is_described_as_the_list_of_commands_has_it(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert command.help
    assert COMMANDS[name].endswith(".")


@pytest.mark.parametrize("name", listed())
def test_a_command_that_offers_json_says_so_alike(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    flags = [param for param in command.params if "--json" in param.opts]
    assert all(isinstance(flag, click.Option) and flag.is_flag for flag in flags)


def test_an_unknown_command_is_none() -> None:
    assert main.get_command(click.Context(main), "exits") is None


@pytest.mark.parametrize(
    ("typed", "told"), [("plna", "did you mean plan"), ("xyzzy", "known: plan")]
)
def test_an_unknown_command_is_told_the_near_ones(typed: str, told: str) -> None:
    result = CliRunner().invoke(main, [typed])
    assert result.exit_code == 2
    assert told in result.stderr
