"""The page on Python states the doors as the code has them. Run as a script to write them anew."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"
DOORS = {
    "stargate.spec.loader": ("load_document",),
    "stargate.programme.plan": ("plan",),
    "stargate.perf.question": ("question_of",),
    "stargate.perf.search": ("search", "predict", "describe"),
    "stargate.perf.step": ("evaluate",),
    "stargate.perf.space": ("strategy_space",),
    "stargate.perf.collectives": (
        *("all_reduce_time_s", "all_gather_time_s", "reduce_scatter_time_s"),
        *("all_to_all_time_s", "point_to_point_time_s", "broadcast_time_s"),
    ),
    "stargate.perf.scoreboard": ("score",),
    "stargate.perf.records": ("open_records", "load"),
    "stargate.catalog": (
        *("accelerator", "node", "node_of", "link", "fabric", "model", "known_model"),
        *("reference_class", "fact", "table", "search", "find_item"),
    ),
    "stargate.view.plan_report": ("plan_report",),
    "stargate.view.prediction_report": ("prediction_report",),
    "stargate.units": ("parse", "format_quantity"),
}


def entry(function: Callable[..., object]) -> str:
    """A function's signature and the first line of its docstring."""
    bare = inspect.unwrap(function)
    signature = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(bare)))
    first = (inspect.getdoc(bare) or "").partition("\n")[0]
    text = f"{bare.__name__}{signature}"
    return f"```\n{wrapped(text)}\n```\n{first}\n"


def wrapped(text: str) -> str:
    """One parameter a line where the signature is long."""
    if len(text) <= 100:
        return text
    head, _, rest = text.partition("(")
    inner, _, result = rest.rpartition(")")
    parts = re.split(r", (?![^\[(]*[\])])", inner)
    return f"{head}(\n" + "".join(f"    {part},\n" for part in parts) + f"){result}"


def section(module: str) -> str:
    names = DOORS[module]
    functions = [getattr(importlib.import_module(module), name) for name in names]
    return f"<!-- {module} -->\n" + "\n".join(map(entry, functions)) + f"<!-- /{module} -->\n"


def marked(module: str) -> re.Pattern[str]:
    return re.compile(rf"<!-- {re.escape(module)} -->\n.*?<!-- /{re.escape(module)} -->\n", re.S)


@pytest.mark.parametrize("module", DOORS)
def test_the_page_states_the_doors_of_a_module(module: str) -> None:
    found = marked(module).search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    assert found[0] == section(module)


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    for module in DOORS:
        page = marked(module).sub(lambda _, module=module: section(module), page)
    PAGE.write_text(page, encoding="utf-8")
