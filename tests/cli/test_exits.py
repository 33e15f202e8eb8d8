"""Every documented exit code, and the one shape of errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from stargate.cli import main
from stargate.cli.exits import Exit, guarded
from stargate.errors import InfeasibleError, Problem, SpecError, UnitError

GOOD = str(Path(__file__).parents[1] / "spec" / "bad" / "base.yaml")
BAD = str(Path(__file__).parents[1] / "spec" / "bad" / "bare_number.yaml")


def outcome(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def outcome_of(error: BaseException, *arguments: str) -> int:
    """The exit code of a command that ends with `error`."""

    @click.command()
    @click.option("--json", is_flag=True, expose_value=False)
    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        guarded(command.main, list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["check", GOOD], ["check", "--help"], ["schema"]]
)
def test_what_is_done_exits_with_0(arguments: list[str]) -> None:
    assert outcome(*arguments) == 0


def test_an_answer_of_no_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome_of(InfeasibleError("no strategy fits the memory")) == 1
    assert capsys.readouterr().err == "error: no strategy fits the memory\n"


def test_a_command_may_answer_no_by_its_own_exit() -> None:
    assert outcome_of(click.exceptions.Exit(1)) == 1


@pytest.mark.parametrize(
    "arguments",
    [["check", BAD], ["check", "nowhere.yaml"], ["frobnicate"], ["check"], ["check", "--what"], []],
)
def test_bad_usage_and_bad_specifications_exit_with_2(arguments: list[str]) -> None:
    assert outcome(*arguments) == 2


def test_bad_quantities_exit_with_2() -> None:
    assert outcome_of(UnitError("power needs a unit")) == 2


def test_a_bug_of_ours_exits_with_3_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STARGATE_DEBUG", raising=False)
    assert outcome_of(ZeroDivisionError("division by zero")) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "internal error: ZeroDivisionError: division by zero; please report it" in said


def test_a_traceback_appears_only_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARGATE_DEBUG", "1")
    assert outcome_of(ZeroDivisionError("division by zero")) == 3
    assert "Traceback" in capsys.readouterr().err


def test_a_failing_disk_exits_with_3_and_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome_of(OSError(28, "No space left on device")) == 3
    assert "internal error" not in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_exits_with_130(error: BaseException) -> None:
    assert outcome_of(error) == 130


def test_the_codes_are_those_documented() -> None:
    assert {code.name: code.value for code in Exit} == {
        "YES": 0,
        "NO": 1,
        "BAD_INPUT": 2,
        "FAILED": 3,
        "INTERRUPTED": 130,
    }


@pytest.mark.parametrize(
    ("error", "n_errors"),
    [
        (SpecError([Problem("one", file="a", line=2), Problem("two", file="a", line=1)]), 2),
        (InfeasibleError("nothing fits"), 1),
        (ZeroDivisionError("division by zero"), 1),
        (click.UsageError("no such option"), 1),
    ],
)
def test_with_json_every_error_is_one_object_of_one_shape(
    error: Exception, n_errors: int, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome_of(error, "--json")
    output = capsys.readouterr()
    report = json.loads(output.out)
    assert output.err == ""
    assert (report["schema_version"], report["ok"], len(report["errors"])) == (1, False, n_errors)
    for told in report["errors"]:
        assert sorted(told) == ["column", "file", "line", "mend", "message", "path"]
        assert told["message"]


def test_every_problem_is_one_line_on_stderr_in_file_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    problems = [Problem("late", file="a", line=9, column=1), Problem("early", file="a", line=1)]
    outcome_of(SpecError(problems))
    assert capsys.readouterr().err == "error: a:1: early\nerror: a:9:1: late\n"


def test_a_reader_that_leaves_causes_no_traceback() -> None:
    code = "import sys; from stargate.cli import main; sys.exit(main(['schema']))"
    run = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.readline()
    run.stdout.close()
    said = run.stderr.read()
    run.stderr.close()
    run.wait()
    assert said == ""


def test_the_installed_command_exits_as_the_function_does() -> None:
    environment = {**os.environ, "STARGATE_DEBUG": ""}
    command = [sys.executable, "-c", "from stargate.cli import main; main()", "check", BAD]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 2
    assert "it_power: power needs a unit" in run.stderr
    assert "Traceback" not in run.stderr
