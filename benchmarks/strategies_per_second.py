"""Strategies evaluated per second of CPU on one core, ours and, given a checkout, Calculon's.

    python benchmarks/strategies_per_second.py [--calculon FOLDER]

GPT-3 175B on A100, each model with every term that it knows. CPU time, so that other work on
the machine does not count. Calculon (github.com/calculon-ai/calculon, Apache-2.0) is run from the
folder given; nothing of it is part of this repository.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from stargate import catalog
from stargate.perf.machine import Machine
from stargate.perf.search import search
from stargate.perf.space import strategy_space
from stargate.perf.step import evaluate
from stargate.spec.workload import TrainingWorkload

ROWS = 1_000_000
CALCULON_RUNS = 300
REPEATS = 3
# model, accelerator, how many of them, tokens of a sequence, sequences of a step
SEARCHES = (
    ("gpt3-175b", "a100-sxm-80", 1024, 2048, 1536),
    ("llama-3.1-405b", "h100-sxm", 16_384, 8192, 2048),
    ("deepseek-v3", "h100-sxm", 2048, 4096, 15_360),
)


def cpu_s(run: Callable[[], object]) -> float:
    """Seconds of CPU that one call takes, the best of a few: what other work disturbs least."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def ours() -> float:
    """Strategies per second over a table of a million, drawn from the whole space."""
    model = catalog.model("gpt3-175b")
    machine = Machine.of("a100-sxm-80", 1024)
    workload = TrainingWorkload(model="gpt3-175b", seq_len=2048, global_batch=1536)
    space = strategy_space(model, workload, 1024, tp_max=8)
    rows = np.random.default_rng(1).integers(0, len(space), ROWS)
    table = space.take(rows)
    evaluate(model, machine, workload, table.take(slice(0, 1000)))
    return ROWS / cpu_s(lambda: evaluate(model, machine, workload, table))


def whole_search(
    model: str, accelerator: str, count: int, seq_len: int, global_batch: int
) -> tuple[float, int]:
    """CPU seconds of one complete search, from laying out the space to the answer, and its rows."""
    workload = TrainingWorkload(model=model, seq_len=seq_len, global_batch=global_batch)
    shape, machine = catalog.model(model), Machine.of(accelerator, count)
    start = time.process_time()
    evaluated = search(shape, machine, workload).n_evaluated
    return time.process_time() - start, evaluated


def calculon(folder: Path) -> float:
    """Executions per second of Calculon's own model of GPT-3 175B on its own A100 system."""
    for unused in ("pandas", "psutil"):  # imported by its command line, not needed by its model
        if importlib.util.find_spec(unused) is None:
            sys.modules[unused] = ModuleType(unused)
    sys.path.insert(0, str(folder))
    system_type = importlib.import_module("calculon.system").System
    llm = importlib.import_module("calculon.llm.llm").Llm

    def read(*path: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(folder.joinpath(*path).read_text(encoding="utf-8"))
        return content

    application = llm.Application(read("models", "gpt3-175B.json"))
    stated = read("validation", "seqsel", "tab5", "gpt3-175B_full.json")
    system = system_type(read("systems", "a100_80g.json"))
    silent = logging.getLogger("calculon")
    silent.addHandler(logging.NullHandler())

    def run() -> None:
        for _ in range(CALCULON_RUNS):
            model = llm(application, silent)
            model.compile(system, llm.Execution.from_json(dict(stated)))
            model.run(system)

    return CALCULON_RUNS / cpu_s(run)


def main() -> None:
    """Print the rates and, with Calculon, their ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calculon", type=Path, help="folder of a checkout of Calculon")
    folder = parser.parse_args().calculon
    rate = ours()
    print(f"stargate   {rate:>12,.0f} strategies/s")
    if folder:
        other = calculon(folder)
        print(f"calculon   {other:>12,.0f} strategies/s")
        print(f"ratio      {rate / other:>12,.0f}")
    for model, accelerator, count, seq_len, global_batch in SEARCHES:
        seconds, evaluated = whole_search(model, accelerator, count, seq_len, global_batch)
        what = f"all {evaluated:,} strategies of {model} on {count:,} {accelerator}"
        print(f"search     {seconds:>12.2f} s CPU for {what}")


if __name__ == "__main__":
    main()
