"""Reads the fields of a record: numbers that must make sense, and texts that people wrote.

A field that cannot be used raises `UnusableRecordError` with the reason, nothing else; a text
with several spellings is matched by the tables below, in order. Whatever a rule fills in is noted
as an assumption.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, get_args

from stargate.spec.workload import Precision, Recompute, RecomputeModule

COUNT_MAX = 1e9
# What a bare "selective" means in a stack whose checkpointing is not Megatron's, by its source.
SELECTIVE_OF: tuple[tuple[str, tuple[RecomputeModule, ...]], ...] = (
    (r"torchtitan", ("alternate_products",)),
)
KEEPS_ATTENTION: tuple[tuple[RecomputeModule, ...], ...] = (("layernorm", "mlp"),)
KEEPS_PROJECTIONS: tuple[RecomputeModule, ...] = ("layernorm", "mlp", "core_attn", "out_proj")
MODULES: tuple[RecomputeModule, ...] = get_args(RecomputeModule)
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
Value = TypeVar("Value")


class UnusableRecordError(Exception):
    """Why a record cannot be scored; the text is shown to the reader of the scoreboard."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a record file; `assumptions` collects what the rules filled in."""

    values: Mapping[str, str]
    assumptions: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """The field without surrounding space; empty where it is missing."""
        value = self.values.get(name)
        return value.strip() if isinstance(value, str) else ""

    def number(self, name: str) -> float | None:
        """A positive finite number, or None where the field is empty."""
        text = self.text(name)
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            raise UnusableRecordError(f"{name} is {text[:40]!r}, not a number")
        value = float(text)
        if not math.isfinite(value) or value < 0:
            raise UnusableRecordError(f"{name} is {text[:40]}, not a positive number")
        return value or None

    def count(self, name: str) -> int | None:
        """A positive whole number (`2` or `2.0`), or None where the field is empty or 0."""
        value = self.number(name)
        if value is None:
            return None
        if value != int(value):
            raise UnusableRecordError(f"{name} is {self.text(name)}, not a whole number")
        if value > COUNT_MAX:
            raise UnusableRecordError(f"{name} is {self.text(name)[:40]}, beyond reason")
        return int(value)

    def needed(self, name: str, what: str = "") -> int:
        """A count that nothing can stand in for."""
        value = self.count(name)
        if value is None:
            raise UnusableRecordError(f"{what or name} is not stated")
        return value

    def assume(self, text: str) -> None:
        """Note what a rule filled in."""
        self.assumptions.append(text)


# A run with all of these used nothing of what Megatron brought in 2022.
FEATURES_OF_2022 = {"recompute": "full", "seq_parallel": "no", "optimizer_sharding": "none"}
CONTAINER = re.compile(r"(?:\b|ngc)(2\d)\.(\d\d)(?!\d)")
# When the results of each round of MLPerf Training were published (mlcommons.org, news).
ROUND = re.compile(r"training_results_v(\d\.\d)")
ROUNDS = {
    "3.0": (2023, 6),
    "3.1": (2023, 11),
    "4.0": (2024, 6),
    "4.1": (2024, 11),
    "5.0": (2025, 6),
    "5.1": (2025, 11),
}


def container_of(row: Row) -> tuple[int, int] | None:
    """Year and month of the NeMo container that the table or its source names."""
    found = CONTAINER.search(row.text("table")) or CONTAINER.search(row.text("source"))
    return (2000 + int(found[1]), int(found[2])) if found else None


def round_of(row: Row) -> tuple[int, int] | None:
    """Year and month of the MLPerf round that the source names."""
    found = ROUND.search(row.text("source"))
    return ROUNDS.get(found[1]) if found else None


def release_of(row: Row) -> tuple[int, int] | None:
    """Year and month of the container or MLPerf round that is named, else the end of the year.

    The year is that of publication. A run that recomputes everything, without sequence parallelism
    and without a sharded optimiser, used none of what Megatron brought in 2022: no later release.
    """
    named = container_of(row) or round_of(row)
    if named:
        return named
    year = row.count("year")
    if year is None:
        return None
    features = [row.text(name).lower() for name in FEATURES_OF_2022]
    return (
        min((year, 12), (2022, 12)) if features == list(FEATURES_OF_2022.values()) else (year, 12)
    )


def release_name(row: Row) -> str:
    """What tells releases of one source's software apart: "2025.09" where named, else the year."""
    named = container_of(row) or round_of(row)
    return f"{named[0]}.{named[1]:02}" if named else row.text("year")


def recalls(row: Row, attribute: str) -> bool:
    """Whether the notes say that an attribute is recalled: "recompute, vocabulary recalled"."""
    told = re.search(r"([^;]*)\brecalled\b", row.text("notes"))
    return told is not None and attribute in told[1]


def first_match(rules: Iterable[tuple[str, Value]], text: str) -> Value | None:
    """The value of the first pattern found in `text`, whatever its case."""
    return next((value for pattern, value in rules if re.search(pattern, text, re.I)), None)


PRECISIONS: tuple[tuple[str, Precision], ...] = (
    (r"mx-?fp8|fp8[- ]mx", "mxfp8"),
    (r"mx-?fp4", "mxfp4"),
    (r"fp8 or fp4", "nvfp4"),  # both recipes ship; whoever submits a time takes the faster
    (r"nv-?fp4|fp4", "nvfp4"),
    (r"fp8.*row|row.*fp8", "fp8-row"),
    (r"fp8.*block|block.*fp8", "fp8-block"),
    (r"fp8|float8", "fp8"),
    (r"int8 matmul", "int8"),
    (r"bf16|bfloat16", "bf16"),
    (r"fp16|float16|half", "fp16"),
    (r"fp32|float32|tf32", "fp32"),
)
UNCERTAIN = r"not stated|or fp4|int8|variant|check"


def _is_submission(row: Row) -> bool:
    """Whether a row is a pre-training run submitted to MLPerf; adapters leave more open."""
    pretrains = row.text("kind") in ("", "pretrain")
    return row.text("family").startswith("mlperf") and pretrains


def precision_of(row: Row) -> tuple[Precision, bool]:
    """Precision of the linear layers, and whether weights are kept in 16 bit alone ("pure")."""
    text = row.text("precision")
    if not text and _is_submission(row):
        row.assume("precision not stated: 8 bit, as submissions to MLPerf since 2022")
        text = "fp8"
    if not text:
        raise UnusableRecordError("precision is not stated")
    found = first_match(PRECISIONS, text)
    if found is None:
        raise UnusableRecordError(f"precision {text[:40]!r} is not known")
    if re.search(UNCERTAIN, text, re.I):
        row.assume(f"precision {text!r} taken as {found}")
    return found, "pure" in text


@dataclass(frozen=True, slots=True)
class RecomputeChoice:
    """What a record says of recomputation; `offload` means that activations leave the device.

    `modules` has an entry for each set of modules that selective recomputation may name (empty: all
    that is cheap), `others` the modes that the record says were used as well.
    """

    mode: Recompute | None
    layers: int | None = None
    offload: bool = False
    modules: tuple[tuple[RecomputeModule, ...], ...] = ((),)
    others: tuple[Recompute, ...] = ()


RECOMPUTES: tuple[tuple[str, Recompute], ...] = (
    (r"^none", "none"),
    (r"qkv_proj_offloaded", "selective"),
    (r"^selective", "selective"),
    (r"^full", "full"),
    (r"^custom", "full"),
)


def recompute_of(row: Row) -> RecomputeChoice:
    """Recompute mode; None where the record does not say.

    Custom policies of TPU recipes keep a layer's input and, where memory allows, all of attention.
    """
    text = row.text("recompute")
    if not text or re.search(r"^not stated|^unknown", text, re.I):
        return RecomputeChoice(None)
    mode = first_match(RECOMPUTES, text)
    if mode is None:
        raise UnusableRecordError(f"recompute {text[:40]!r} is not known")
    if re.search(r"custom|offload|:|variant|inferred", text, re.I):
        row.assume(f"recompute {text!r} taken as {mode}")
    if "qkv_proj_offloaded" in text:
        return RecomputeChoice(mode, offload=True, modules=(KEEPS_PROJECTIONS,))
    layers = re.match(r"full for (\d+)", text)
    offload = bool(re.search(r"offload|custom", text, re.I))
    others: tuple[Recompute, ...] = ("none",) if re.search(r"^selective:.*none", text) else ()
    if text.startswith("custom"):
        return RecomputeChoice(mode, None, offload, KEEPS_ATTENTION, ("selective",))
    modules = _modules(text)
    if mode == "selective" and modules == ((),):
        modules = (first_match(SELECTIVE_OF, row.text("source")) or (),)
    return RecomputeChoice(mode, int(layers[1]) if layers else None, offload, modules, others)


def _modules(text: str) -> tuple[tuple[RecomputeModule, ...], ...]:
    """The sets of modules of `selective: a+b or c`; one empty set where none is named."""
    said = text.partition("selective:")[2]
    sets = [
        tuple(module for module in MODULES if module in re.split(r"[^a-z_]+", part))
        for part in re.split(r" or |/", said)
    ]
    return tuple(one for one in sets if one) or ((),)


@dataclass(frozen=True, slots=True)
class Sharding:
    """ZeRO stage, and the ranks that a shard is spread over where the record says."""

    zero: int
    shard: int | None = None


SHARDINGS: tuple[tuple[str, int], ...] = (
    (r"^full|params\+grads", 3),
    (r"opt\+grads|grads\+opt|zero2-like|zero-?2", 2),
    (r"zero-?3|fsdp|hsdp", 3),
    (r"zero-?1|zero \(stage 1/2|distributed optimi", 1),
    (r"^none|^no$|replicated|ddp", 0),
)


def sharding_of(row: Row) -> Sharding:
    """ZeRO stage from `fsdp_shard` and, where that is silent, from `optimizer_sharding`."""
    text = row.text("fsdp_shard")
    if re.fullmatch(r"\d+", text):
        return Sharding(3, max(int(text), 1))
    stated = text or row.text("optimizer_sharding")
    zero = first_match(SHARDINGS, stated)
    if zero is None:
        if stated:
            raise UnusableRecordError(f"sharding {stated[:40]!r} is not known")
        row.assume("sharding not stated: optimiser sharded (ZeRO 1)")
        return Sharding(1)
    group = re.search(r"(?:fsdp|shard\w*)\s+(\d+)\b", text)
    if group and int(group[1]) > 0:
        return Sharding(zero, int(group[1]))
    if re.search(r"hsdp", text, re.I):
        row.assume("hybrid sharding: a shard group is one node")
        return Sharding(zero, row.count("node_size") or 8)
    return Sharding(zero)
