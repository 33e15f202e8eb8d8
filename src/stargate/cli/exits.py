"""Every outcome has an exit code, and every error the same shape in text and in JSON.

With `--json` on the command line an error is one object on stdout:
`{"schema_version": 1, "ok": false, "errors": [{file, line, column, path, message, mend}, ...]}`.
A traceback appears only if the environment sets STARGATE_DEBUG.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from enum import IntEnum
from typing import Any

import click

from stargate.errors import InfeasibleError, Problem, SpecError, StargateError


class Exit(IntEnum):
    """What the exit code says."""

    YES = 0
    NO = 1
    BAD_INPUT = 2
    FAILED = 3
    INTERRUPTED = 130


def guarded(run: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`run` a click group; no error leaves it as a traceback.

    In standalone mode (the real command line) the process exits; otherwise the result returns
    and click's own errors pass through, as callers within Python expect.
    """
    if not kwargs.pop("standalone_mode", True):
        return run(*args, standalone_mode=False, **kwargs)
    arguments = list(kwargs.get("args") or (args[0] if args else None) or sys.argv[1:])
    sys.exit(_outcome(run, "--json" in arguments, args, kwargs))


def _outcome(
    run: Callable[..., Any], as_json: bool, args: Sequence[Any], kwargs: dict[str, Any]
) -> int:
    """Run and say which exit code it comes to; errors are reported on the way."""
    try:
        result = run(*args, standalone_mode=False, **kwargs)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        _report_usage(error, as_json)
        return Exit.BAD_INPUT
    except StargateError as error:
        _report(_problems(error), as_json)
        return Exit.NO if isinstance(error, InfeasibleError) else Exit.BAD_INPUT
    except BrokenPipeError:
        _silence_stdout()
        return Exit.FAILED
    except Exception as error:
        _report_failure(error, as_json)
        return Exit.FAILED
    return result if isinstance(result, int) else Exit.YES


def _problems(error: StargateError) -> Sequence[Problem]:
    return error.problems if isinstance(error, SpecError) else [Problem(str(error))]


def _report_usage(error: click.ClickException, as_json: bool) -> None:
    if as_json:
        _report([Problem(error.format_message())], as_json)
    else:
        error.show()


def _report_failure(error: Exception, as_json: bool) -> None:
    """What no user can mend: a failing disk, or a bug of ours."""
    if os.environ.get("STARGATE_DEBUG"):
        traceback.print_exc()
    if isinstance(error, OSError):
        message, mend = str(error), ""
    else:
        message = f"internal error: {type(error).__name__}: {error}"
        mend = "please report it, with the output of a run with STARGATE_DEBUG=1"
    _report([Problem(message, mend=mend)], as_json)


def _report(problems: Sequence[Problem], as_json: bool) -> None:
    if as_json:
        errors = [asdict(problem) for problem in problems]
        click.echo(json.dumps({"schema_version": 1, "ok": False, "errors": errors}, indent=2))
    else:
        for problem in problems:
            click.echo(f"error: {problem}", err=True)


def _silence_stdout() -> None:
    """The reader of our output has gone; keep the interpreter from complaining at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
