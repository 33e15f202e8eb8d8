"""The page on JSON names every key that the commands print, with the shape that it has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from stargate.cli import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "json.md"
PREDICT = (
    *("--model", "llama-3.1-8b", "--accelerator", "h100-sxm", "--count", "16"),
    *("--seq-len", "8192", "--global-batch", "64"),
)
CASES = {
    "plan": (
        ("plan", str(ROOT / "examples/startup-100mw.yaml"), "--samples", "200"),
        ("plan", str(ROOT / "examples/stargate.yaml"), "--samples", "200", "--as-of", "2025-01-01"),
    ),
    "compare": (
        (
            *("compare", str(ROOT / "examples/startup-100mw.yaml"), "--samples", "200"),
            *("-s", "programme.gates.round.retries=1"),
        ),
    ),
    "predict": (("predict", *PREDICT),),
    "simulate": (
        (
            *("simulate", str(ROOT / "examples/campus-month.yaml")),
            *("-s", "fleet.horizon=2 days"),
        ),
    ),
    "validate training": (("validate", "training", "--family", "korthikanti"),),
    "validate programme": (("validate", "programme"),),
    "check": (("check", str(ROOT / "examples/stargate.yaml")),),
    "catalog": (("catalog", "h100-sxm"),),
    "Errors": (("catalog", "unobtainium"),),
}
SHAPES = {
    "dates": {"p10", "p50", "p80", "p90"},
    "numbers": {"p10", "p50", "p80", "p90", "mean"},
    "fact": {
        *("id", "what", "value", "unit", "text", "source", "confidence"),
        *("year", "low", "high", "note"),
    },
    "series": {"id", "label", "unit", "date", "p10", "p50", "p90", "mean"},
    "returns": {
        *("net_present_value_usd", "probability_npv_positive", "irr_per_year"),
        *("probability_no_irr", "probability_several_irr", "payback", "peak_funding_usd"),
    },
    "candidate": {
        *("strategy", "step_time_s", "interval_s", "mfu", "hfu"),
        *("memory_bytes", "memory", "breakdown_s"),
    },
}
ROW = re.compile(r"^\| (`.*?`) \| ([^|]*) \|", re.MULTILINE)


def documented(title: str) -> dict[str, str]:
    """The keys of a section and the shape of each."""
    page = PAGE.read_text(encoding="utf-8")
    section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return {
        key: row[2].strip()
        for row in ROW.finditer(section)
        for key in re.findall("`(.*?)`", row[1])
    }


def walk(value: object, shapes: dict[str, str], path: str) -> Iterator[str]:
    """What is wrong with a value: keys that no row names, or others than its shape has."""
    shape = shapes.get(path, "") if path else "object"
    named = next((SHAPES[name] for name in SHAPES if shape.endswith(name)), None)
    if isinstance(value, list):
        for item in value:
            yield from walk(item, shapes, path if named else f"{path}[]")
    elif isinstance(value, dict) and named is not None:
        if set(value) != named:
            yield f"{path} is no {shape}: {sorted(set(value) ^ named)}"
    elif isinstance(value, dict) and "map" not in shape:
        for key, item in value.items():
            inner = f"{path}.{key}" if path else key
            if inner not in shapes and f"`{key}`" not in shape:
                yield f"{inner} is not in the page"
            elif "map" not in shapes.get(inner, "") and f"`{key}`" not in shape:
                yield from walk(item, shapes, inner)


@pytest.mark.parametrize("title", CASES)
def test_every_key_that_is_printed_stands_in_the_page(title: str) -> None:
    shapes = documented(title)
    for arguments in CASES[title]:
        printed = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)
        assert sorted(set(walk(printed, shapes, ""))) == []


def test_an_unknown_key_is_noticed() -> None:
    shapes = {"a": "number", "b": "list of dates", "c": "map"}
    good = {"a": 1, "b": [{"p10": 1, "p50": 1, "p80": 1, "p90": 1}], "c": {"x": {"y": 1}}}
    assert list(walk(good, shapes, "")) == []
    assert list(walk({**good, "d": 2}, shapes, "")) == ["d is not in the page"]
    assert list(walk({"b": [{"p10": 1}]}, shapes, "")) != []
