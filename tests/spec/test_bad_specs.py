"""Every file in `bad/` lays one fault upon `bad/base.yaml`; `bad/expected.txt` holds what is said.

After a deliberate change of wording, run this file as a script to write the expectations anew,
and read the difference.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from stargate.cli import main
from stargate.cli.specification import load_specification
from stargate.errors import SpecError

BAD = Path(__file__).parent / "bad"
KINDS = sorted(path.stem for path in BAD.glob("*.yaml") if path.stem != "base")


def complaints(kind: str) -> list[str]:
    """What is said about a bad file, with file names as seen from its folder.

    Of several suggestions only the first is kept: the others change as the catalogue grows.
    """
    with pytest.raises(SpecError) as caught:
        load_specification(str(BAD / f"{kind}.yaml"))
    said = [str(problem).replace(f"{BAD}/", "") for problem in caught.value.problems]
    return [re.sub(r"(did you mean [^,?]+)[^?]*\?", r"\1?", complaint) for complaint in said]


def expected() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in (BAD / "expected.txt").read_text().splitlines():
        kind, _, complaint = line.partition(" | ")
        found[kind].append(complaint)
    return found


def test_the_base_is_sound() -> None:
    assert load_specification(str(BAD / "base.yaml")).name == "a small sound one"


def test_expectations_and_files_are_the_same_kinds() -> None:
    assert sorted(expected()) == KINDS
    assert len(KINDS) >= 45


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_specification_is_told_with_place_and_mend(kind: str) -> None:
    assert complaints(kind) == expected()[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_specification_exits_with_2(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", str(BAD / f"{kind}.yaml"), "--json"])
    output = capsys.readouterr()
    report = json.loads(output.out)
    assert ended.value.code == 2
    assert output.err == ""
    assert report["ok"] is False
    for error in report["errors"]:
        assert error["file"].endswith(".yaml")
        assert error["line"] >= 1
        assert error["column"] >= 1
        assert error["message"]
        assert error["mend"]


if __name__ == "__main__":
    lines = [f"{kind} | {complaint}" for kind in KINDS for complaint in complaints(kind)]
    (BAD / "expected.txt").write_text("\n".join(lines) + "\n")
