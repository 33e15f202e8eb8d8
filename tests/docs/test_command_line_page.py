"""The page on the command line names every command and option. Run as a script to renew its tables.

A section for a command that has none is added at the end, to be put in its place and worded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from stargate.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
HEAD = "| option | meaning |\n|---|---|\n"


def commands(group: click.Group, path: str = "stargate") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be typed, with its full name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


COMMANDS = dict(commands(main))


def usage(name: str, command: click.Command) -> str:
    """How the command is typed."""
    words = [name, *(p.make_metavar(click.Context(command)) for p in arguments(command))]
    if options(command):
        words.insert(1, "[OPTIONS]")
    if isinstance(command, click.Group):
        words.append("COMMAND ...")
    return " ".join(words)


def arguments(command: click.Command) -> list[click.Argument]:
    return [p for p in command.params if isinstance(p, click.Argument)]


def options(command: click.Command) -> list[click.Option]:
    return [p for p in command.params if isinstance(p, click.Option) and not p.hidden]


def values(option: click.Option) -> str:
    """What stands behind an option: nothing for a flag, its choices, or what kind of value."""
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return " " + "\\|".join(option.type.choices)
    return f" {option.metavar or option.type.name.upper().replace(' RANGE', '')}"


def row(option: click.Option) -> str:
    """An option with its other spellings and its meaning."""
    spelled = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    default = ""
    if option.show_default and option.default not in (None, False, ()):
        default = f" Default: {option.default}."
    taken = f" `{values(option).strip()}`" if values(option) else ""
    return f"| {spelled}{taken} | {option.help or ''}{default} |\n"


def table(name: str, command: click.Command) -> str:
    """What stands between the markers of a command."""
    rows = "".join(map(row, options(command)))
    return f"`{usage(name, command)}`\n" + (f"\n{HEAD}{rows}" if rows else "")


def marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->\n", re.DOTALL)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_the_page_with_all_of_its_options(name: str) -> None:
    found = marked(name).search(PAGE.read_text(encoding="utf-8"))
    assert found is not None, f"no section on {name}; run {Path(__file__).name} as a script"
    assert found[1] == table(name, COMMANDS[name])


def test_the_page_names_no_command_that_does_not_exist() -> None:
    named = re.findall(r"<!-- (stargate [^/]*?) -->", PAGE.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_means(name: str) -> None:
    assert [o.opts for o in options(COMMANDS[name]) if not o.help] == []


def section(name: str, command: click.Command) -> str:
    """A new section, in the words of `--help`."""
    text = (command.help or "").partition("\b")[0].strip()
    level = "#" * min(name.count(" ") + 1, 3)
    return f"\n{level} {name}\n{text}\n\n<!-- {name} -->\n<!-- /{name} -->\n"


def renew(page: str) -> str:
    for name, command in COMMANDS.items():
        if not marked(name).search(page):
            page += section(name, command)
        new = f"<!-- {name} -->\n{table(name, command)}<!-- /{name} -->\n"
        page = marked(name).sub(lambda _, new=new: new, page)
    return page


if __name__ == "__main__":
    PAGE.write_text(renew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
