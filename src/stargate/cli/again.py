"""The command line that gives the same report."""

from __future__ import annotations

import shlex

import click


def same_again(*left_out: str) -> str:
    """What was typed, without the parameters that only say where and how to write it."""
    context = click.get_current_context()
    words = [f"stargate {context.command.name}"]
    for parameter in context.command.params:
        name, value = parameter.name or "", context.params.get(parameter.name or "")
        if name in left_out or value in (None, False, ()):
            continue
        if value == parameter.get_default(context):
            continue
        option = parameter.opts[-1] if isinstance(parameter, click.Option) else ""
        for one in value if isinstance(value, tuple) else (value,):
            words += filter(None, (option, "" if one is True else shlex.quote(str(one))))
    return " ".join(words)
