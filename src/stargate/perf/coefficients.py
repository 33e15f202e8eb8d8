"""The physical coefficients of an accelerator family under a generation of software.

About two dozen numbers, none of a model or a record: achievable fractions, fixed costs, overlap,
spread. They live in `catalog/data/coefficients/*.yaml` with their sources; a generation states
only what it changes. `Coefficients` turns into a vector and back, so that a fit can vary them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Self

import numpy as np
import yaml

from stargate.errors import CatalogError
from stargate.perf.columns import Array


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Fractions are of catalogued figures; `*_overlap` is the share hidden where it could be."""

    gemm_fraction: float  # rate of large 16-bit products in training over the best measured
    gemm_fraction_8bit: float
    gemm_fraction_4bit: float
    store_exposed: float  # share of a product's output store that its arithmetic does not hide
    grouped_fraction: float  # rate of grouped (expert) products over single ones
    attention_fraction: float  # flash forward, heads of 128, long sequence, of the 16-bit peak
    attention_backward: float  # backward rate over forward rate
    attention_half_tokens: float  # sequence length at half of that rate
    memory_fraction: float  # of HBM bandwidth, in streaming operators
    fusion: float  # bytes moved over those of fully fused operators
    kernel_gap_s: float  # idle between dependent kernels
    kernel_issue_s: float  # host time to issue one kernel
    micro_batch_s: float  # fixed cost of one micro-batch
    step_s: float  # fixed cost of one step: data, norms, logging
    tp_overlap: float
    cp_overlap: float
    ep_overlap: float
    p2p_overlap: float
    dp_overlap: float
    shard_overlap: float  # fully sharded data parallel: prefetch behind compute
    interference: float  # slowdown of compute by the traffic it hides
    collective_slowdown: float  # collectives within a step over those of a benchmark
    expert_dedup: float  # share of a token's copies to one other domain that are sent only once
    expert_imbalance: float  # busiest expert rank over the mean
    straggler_sigma: float  # relative spread of a rank's step time
    interval_sigma: float  # relative spread of measured over predicted step time

    def to_vector(self) -> Array:
        """The coefficients in the order of the fields."""
        return np.array(astuple(self), np.float64)

    @classmethod
    def from_vector(cls, vector: Array) -> Self:
        """Coefficients from a vector in the order of the fields."""
        return cls(*(float(value) for value in vector))


@dataclass(frozen=True, slots=True)
class Generation:
    """A software generation: its coefficients, where they come from, and whether it was said."""

    family: str
    name: str
    coefficients: Coefficients
    unfused_attention: bool
    sources: Mapping[str, str]
    assumed: bool  # nobody stated the generation


def generation(family: str, software: str | None = None) -> Generation:
    """The coefficients of `software` on an accelerator family; its usual one when None."""
    document = _document(family)
    name = software or str(document["default"])
    generations = document["software"]
    if name not in generations:
        known = ", ".join(sorted(generations))
        raise CatalogError(f"no software generation {name!r} on {family}; known: {known}")
    stated = document["coefficients"] | generations[name].get("coefficients", {})
    return Generation(
        family,
        name,
        Coefficients(**{f.name: float(stated[f.name]["value"]) for f in fields(Coefficients)}),
        bool(generations[name].get("unfused_attention", False)),
        {key: str(entry["source"]) for key, entry in stated.items()},
        software is None,
    )


def families() -> tuple[str, ...]:
    """Accelerator families that coefficients exist for."""
    folder = files("stargate.catalog") / "data" / "coefficients"
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir()))


def generations(family: str) -> tuple[str, ...]:
    """Software generations that a family has coefficients for."""
    return tuple(_document(family)["software"])


@cache
def _document(family: str) -> dict[str, Any]:
    path = files("stargate.catalog") / "data" / "coefficients" / f"{family}.yaml"
    if not path.is_file():
        known = ", ".join(families())
        raise CatalogError(f"no coefficients for accelerator family {family!r}; known: {known}")
    return yaml.safe_load(path.read_text(encoding="utf-8"))
