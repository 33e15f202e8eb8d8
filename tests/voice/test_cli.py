"""`stargate voice` where nothing is set up: it says what is missing, and nothing leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stargate.cli import main


def run(tmp_path: Path, *arguments: str) -> Result:
    place = ["voice", "--home", str(tmp_path / "home"), "--assets", str(tmp_path / "assets")]
    return CliRunner().invoke(main, [*place, *arguments])


def test_setup_says_which_level_is_ready_and_what_each_other_one_lacks(tmp_path: Path) -> None:
    result = run(tmp_path, "setup", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert report["schema_version"] == 1
    assert report["level"] in ("tone", "blend", "tuned_eq")
    lacking = {level["name"]: level["missing"] for level in report["levels"]}
    assert lacking["tone"] == []
    assert {entry["name"] for entry in report["safeguards"]} >= {"watermark", "consent"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("speak", "ada", "Hello.", "-o", "{}/clip.wav"),
        ("consent", "Ada", "reading"),
        ("survival",),
    ],
)
def test_without_weights_the_packages_that_carry_them_are_named(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    result = run(tmp_path, *(argument.format(tmp_path) for argument in arguments))
    assert result.exit_code == 2
    assert "resemble-perth 1.0.1 (pip)" in result.stderr
    assert not (tmp_path / "clip.wav").exists()


def test_an_unknown_ending_is_bad_usage(tmp_path: Path) -> None:
    result = run(tmp_path, "speak", "ada", "Hello.", "-o", str(tmp_path / "clip.txt"))
    assert result.exit_code == 2
    assert "wav, flac, mp3" in result.stderr


def test_a_folder_that_is_not_there_is_bad_usage_before_anything_is_said(tmp_path: Path) -> None:
    result = run(tmp_path, "speak", "ada", "Hello.", "-o", str(tmp_path / "none" / "clip.wav"))
    assert result.exit_code == 2
    assert "no folder" in result.stderr


def test_a_new_home_holds_no_voice(tmp_path: Path) -> None:
    result = run(tmp_path, "voices", "--json")
    assert (result.exit_code, json.loads(result.stdout)["voices"]) == (0, [])


@pytest.mark.parametrize(
    "command",
    [("enroll", "ada", "cons_1"), ("consent", "--answer", "cons_1"), ("forbid", "x"), ("detect",)],
)
def test_a_malformed_file_is_refused_with_one_line_and_stands_in_the_audit(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    pytest.importorskip("cryptography", reason="needs the extra [voice]: cryptography")
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound at all" * 9)
    result = run(tmp_path, *command, str(broken))
    assert result.exit_code == 1
    assert "no format that can be read" in result.stderr
    (entry,) = json.loads(run(tmp_path, "audit", "--json").stdout)["entries"]
    detail = json.loads(entry["detail"])
    assert (entry["event"], entry["subject"]) == ("refused", "broken.wav")
    assert detail["rule"] == "recording_unreadable"
    assert run(tmp_path, "audit", "--verify").exit_code == 0
