"""No input makes a traceback: it is a document, or a SpecError that tells of every fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stargate.cli.specification import load_specification
from stargate.errors import SpecError

BASE = (Path(__file__).parent / "bad" / "base.yaml").read_text()
LINES = BASE.splitlines()
SCALARS = sorted({word.strip(",{}[]") for line in LINES for word in line.split(" ")} - {""})
ODD = """
null|~|-1|1e999|0x1F|010|[]|{}|''|true|2028-13-01|\x85|<value>|<architecture>|{<value>: 1}|[key]
""".strip().split("|")

thorough = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "spec.yaml"


def is_told_or_loads(file: Path, overrides: tuple[str, ...] = ()) -> None:
    try:
        load_specification(str(file), overrides)
    except SpecError as error:
        told = [problem.message for problem in error.problems]
    else:
        return
    assert told
    assert all(told)


@thorough
@given(text=st.text(max_size=200))
@example(text="a: &a [*a]")
@example(text="[" * 5000)
@example(text="{a: " * 500)
@example(text="- " * 5000)
@example(text="? " * 500)
@example(text="stargate: 1\nextends: .")
@example(text='stargate: 1\nextends: "\\0"')
@example(text="stargate: 1\nextends: " + "x" * 300)
@example(text="stargate: 1\nextends: spec.yaml")
@example(text="models: {a: {layers: 1" + "0" * 299 + "}}")
def test_no_text_makes_a_traceback(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="replace")
    is_told_or_loads(file)


@thorough
@given(content=st.binary(max_size=200))
@example(content=b"\xff\xfes\x00")
@example(content=b"stargate: 1\n\x00")
def test_no_bytes_make_a_traceback(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    is_told_or_loads(file)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """The sound specification with a few lines lost, doubled, moved or given other words."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["lose", "double", "move", "word", "indent", "cut"])):
            case "lose":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
            case "indent":
                lines[at] = "  " + lines[at]
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case _:
                lines[at] = _other_word(draw, lines[at])
    return "\n".join(lines) + "\n"


def _other_word(draw: st.DrawFn, line: str) -> str:
    words = [word for word in SCALARS if word in line]
    if not words:
        return line
    other = draw(st.sampled_from(SCALARS) | st.sampled_from(ODD) | st.text(max_size=8))
    return line.replace(draw(st.sampled_from(words)), other, 1)


@settings(thorough, max_examples=400)
@given(text=mutations())
def test_no_mutation_of_a_sound_specification_makes_a_traceback(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="replace")
    is_told_or_loads(file)


PATHS = ["network.sites.0.pue", "network.sites.west.it_power", "programme.phases.P1", "models", ""]


@thorough
@given(
    path=st.sampled_from(PATHS) | st.text(max_size=30),
    value=st.sampled_from([*SCALARS, *ODD]) | st.text(max_size=30),
)
@example(path=".".join("a" * 5000), value="1")
@example(path="name", value="[" * 5000)
@example(path="<value>", value="1")
@example(path="models.tiny.<architecture>", value="{layers: 1}")
@example(path="name\udcff", value="one")
@example(path="name", value="one\udcff")
def test_no_override_makes_a_traceback(file: Path, path: str, value: str) -> None:
    file.write_text(BASE)
    is_told_or_loads(file, (f"{path}={value}",))
