"""Every example of the documentation is run: it exits as it says and prints what is shown.

A page is one session in a folder that holds nothing but `examples/`. Of its fenced blocks

- `console`: lines that begin with `$ ` are run by bash, what follows is what they print. A line
  `…` stands for lines left out, and `…` at the end of a line for the rest of it. `$ echo $?` shows
  the exit code of the command before it, which is 0 where none is shown.
- `bash`: run as one script that must succeed.
- `python`: run in the page's one namespace; a `text` block right after it is what it prints.
- with a file's name behind the language (```` ```yaml plan.yaml ````): written to that file.
- right below a comment `<!-- not run: why -->`: passed over.

Numbers may differ by one per cent, as machines round differently. Run as a script to write the
shown outputs anew: `python tests/docs/test_examples.py [PAGE ...]`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
# What installs, what takes minutes, and what needs an extra with its weights.
NOT_RUN = ("make ", "git ", "pip ", "python3 -m venv", "stargate voice", "sha256sum")
FENCE = re.compile(
    r"(<!-- not run: [^\n]* -->\n)?^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
MONTH = re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b")
DRAWN = str.maketrans("", "", "█▏▎▍▌▋▊▉─")
TOLERANCE = 0.01
ALIKE = 0.7


@dataclass(frozen=True)
class Block:
    language: str
    file: str
    text: str
    start: int
    line: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, with where their text starts."""
    return [
        Block(m[2], m[3], m[4], m.start(4), page.count("\n", 0, m.start(2)) + 1)
        for m in FENCE.finditer(page)
        if not m[1]
    ]


@dataclass(frozen=True)
class Step:
    """Something that is run, and what is shown of its output (None: nothing is claimed)."""

    line: int
    command: str
    shown: str | None
    start: int = 0
    code: int = 0


def console_steps(block: Block) -> list[Step]:
    """The commands of a console block."""
    steps: list[Step] = []
    for part in re.finditer(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
        if part[1] == "echo $?":
            before = steps.pop()
            steps.append(
                Step(before.line, before.command, before.shown, before.start, int(part[2]))
            )
        else:
            line = block.line + 1 + block.text.count("\n", 0, part.start())
            steps.append(Step(line, part[1], part[2], block.start + part.start(2)))
    return steps


def run_shell(command: str, folder: Path) -> tuple[int, str]:
    """Exit code and all that is printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**env, "PATH": path, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout


def run_python(code: str, names: dict[str, object], folder: Path) -> tuple[int, str]:
    """What the code prints; an exception passes through."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.chdir(folder):
        exec(compile(code, "<documentation>", "exec"), names)
    return 0, printed.getvalue()


def played(page: Path, folder: Path) -> Iterator[tuple[Step, int, str]]:
    """Play a page as one session; every step with its exit code and what it printed."""
    (folder / "examples").symlink_to(ROOT / "examples")
    names: dict[str, object] = {"__name__": "documentation"}
    found = blocks(page.read_text(encoding="utf-8"))
    for block, after in zip_longest(found, found[1:]):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for step in console_steps(block):
                if not step.command.startswith(NOT_RUN):
                    yield (step, *run_shell(step.command, folder))
        elif block.language == "bash" and not block.text.startswith(NOT_RUN):
            yield (
                Step(block.line, block.text, None),
                *run_shell(f"set -e\n{block.text}", folder),
            )
        elif block.language == "python":
            claimed = after if after and after.language == "text" else None
            step = Step(
                block.line,
                block.text,
                claimed.text if claimed else None,
                claimed.start if claimed else 0,
            )
            yield (step, *run_python(block.text, names, folder))


def plain(line: str) -> str:
    """A line without bars and with single spaces."""
    return " ".join(line.translate(DRAWN).split())


def alike(shown: str, printed: str) -> bool:
    """Whether a shown line is the printed one, up to the rounding of its numbers."""
    shown, printed = plain(shown), plain(printed)
    if shown.endswith("…") and not printed.endswith("…"):
        return shape(printed).startswith(shape(shown.removesuffix("…").rstrip()))
    if NUMBER.sub("#", shown) != NUMBER.sub("#", printed):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=True)
    return all(near(one, other) for one, other in pairs)


def near(shown: str, printed: str) -> bool:
    """Within the tolerance, or one unit of the last digit that is shown."""
    digits = len(shown.partition(".")[2].partition("e")[0])
    one, other = float(shown.replace(",", "")), float(printed.replace(",", ""))
    return abs(one - other) <= max(TOLERANCE * abs(other), 1.001 * 10.0**-digits)


def shape(line: str) -> str:
    """A line without its numbers and months, to find it again when they have changed."""
    return MONTH.sub("@", NUMBER.sub("#", plain(line)))


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def runs_of(shown: str) -> list[list[str]]:
    """The shown lines, cut where lines are left out."""
    runs: list[list[str]] = [[]]
    for line in lines_of(shown):
        if line.strip() == "…":
            runs.append([])
        else:
            runs[-1].append(line)
    return runs


def difference(shown: str, printed: str) -> str:
    """What is shown and not printed; empty if the output is the shown one."""
    rest, runs = lines_of(printed), runs_of(shown)
    for i, run in enumerate(runs):
        last = i == len(runs) - 1
        starts = [len(rest) - len(run)] if last and run else range(len(rest) - len(run) + 1)
        starts = [0] if i == 0 else starts
        at = next((s for s in starts if s >= 0 and matches(run, rest[s:])), None)
        if at is None:
            return "\n".join(run)
        rest = rest[at + len(run) :]
    return "\n".join(rest) if runs[-1] else ""


def matches(run: list[str], printed: list[str]) -> bool:
    return len(run) <= len(printed) and all(map(alike, run, printed))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_of_a_page_works_and_prints_what_is_shown(page: Path, tmp_path: Path) -> None:
    for step, code, printed in played(page, tmp_path):
        where = f"{page.relative_to(ROOT)}:{step.line}: {step.command}"
        assert code == step.code, f"{where}\nexits with {code}:\n{printed}"
        if step.shown is not None and step.shown.strip():
            missing = difference(step.shown, printed)
            assert not missing, f"{where}\nshown, not printed (or not shown):\n{missing}"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a 1.00 s\n", "a 1.005 s\n", True),
        ("a 1.00 s\n", "a 1.2 s\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nc\n", "a\nb\nc\nd\n", False),
        ("a\n…\n", "a\nb\n", True),
        ("a\n", "a\nb\n", False),
        ("b\n", "a\nb\n", False),
        ("a 17 b…\n", "a 18 b c d\n", True),
    ],
)
def test_what_is_left_out_is_said(shown: str, printed: str, same: bool) -> None:
    assert (not difference(shown, printed)) == same


def rewritten(shown: str, printed: str) -> str | None:
    """The shown output with what is printed now, cut where it was; None if no line is found."""
    rest, runs, out = [line.rstrip() for line in printed.splitlines()], runs_of(shown), list[str]()
    for i, run in enumerate(runs):
        places = [at for line in run if (at := found_again(line, rest)) is not None]
        if run and not places:
            return None
        first = 0 if i == 0 else min(places, default=0)
        last = len(rest) - 1 if i == len(runs) - 1 else max(places, default=-1)
        out += [*(["…"] if i else []), *(rest[first : last + 1] if run else [])]
        rest = rest[last + 1 :]
    return "\n".join(out).strip("\n") + "\n"


def found_again(line: str, printed: list[str]) -> int | None:
    """Where a shown line stands: of the same shape, or else the most alike."""
    key = shape(line).removesuffix("…").rstrip()
    for i, got in enumerate(printed):
        if shape(got) == key or (line.endswith("…") and shape(got).startswith(key)):
            return i
    ratios = [SequenceMatcher(None, key, shape(got)).ratio() for got in printed]
    best = max(ratios, default=0.0)
    return ratios.index(best) if best > ALIKE else None


def refresh(page: Path) -> None:
    """Write the outputs of a page anew, and name those that must be done by hand."""
    text = page.read_text(encoding="utf-8")
    edits: list[tuple[int, str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for step, code, printed in played(page, Path(folder)):
            where = f"{page.relative_to(ROOT)}:{step.line}: {step.command.splitlines()[0]}"
            if code != step.code:
                print(f"{where}\n  exits with {code}, not {step.code}\n{printed}")  # noqa: T201
            if step.shown is None or not difference(step.shown, printed):
                continue
            new = rewritten(step.shown, printed)
            if new is None:
                print(f"{where}\n  by hand:\n{printed}")  # noqa: T201
            else:
                edits.append((step.start, step.shown, new))
    for start, old, new in reversed(edits):
        text = text[:start] + new + text[start + len(old) :]
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for chosen in [Path(name).resolve() for name in sys.argv[1:]] or PAGES:
        refresh(chosen)
