"""The physical coefficients of an accelerator family under a generation of software.

About two dozen numbers, none of a model or a record: achievable fractions, fixed costs, overlap,
spread. Their priors live in `catalog/data/coefficients/*.yaml` with their sources; a generation
states only what it changes. A calibration, the file that `stargate calibrate` writes, moves them to
what records of measured steps say; `catalog/data/calibration.yaml` is the one that ships.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import numpy as np
import yaml

from stargate.errors import CatalogError
from stargate.perf.columns import Array

SHIPPED = "calibration.yaml"


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Fractions are of catalogued figures; `*_overlap` is the share hidden where it could be."""

    gemm_fraction: float  # rate of large 16-bit products in training over the best measured
    gemm_fraction_8bit: float
    gemm_fraction_4bit: float
    row_scaled_fraction: float  # rate of 8-bit products with a scale a row over one a tensor
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
    collective_slowdown: float  # collectives in a step over a benchmark's, within a domain
    network_slowdown: float  # the same of collectives that leave the scale-up domain
    expert_dedup: float  # share of a token's copies to one other domain that are sent only once
    power_exponent: float  # compute rate over watts per peak FLOP/s, against the reference part
    expert_imbalance: float  # busiest expert rank over the mean
    fused_experts: (
        float  # 1: one kernel for a rank's experts, activation and casts in it; 0: a loop
    )
    straggler_sigma: float  # relative spread of a rank's step time
    interval_sigma: float  # relative spread of measured over predicted, on a source not fitted to
    interval_sigma_seen: float  # the same on other rows of a source that was fitted to
    experts_sigma: float  # what a mixture of experts adds to `interval_sigma`, in quadrature
    experts_sigma_seen: float  # the same to `interval_sigma_seen`

    def to_vector(self) -> Array:
        """The coefficients in the order of the fields."""
        return np.array(astuple(self), np.float64)

    @classmethod
    def from_vector(cls, vector: Array) -> Self:
        """Coefficients from a vector in the order of the fields."""
        return cls(*(float(value) for value in vector))


# What a software generation does or does not do: false unless its file says so.
TRAITS = (
    *("unfused_attention", "reduces_16_bit", "plain_pipeline"),
    *("separate_accumulation", "separate_loss"),
)


@dataclass(frozen=True, slots=True)
class Generation:
    """A software generation: its coefficients, traits and sources, and whether it was said."""

    family: str
    name: str
    coefficients: Coefficients
    unfused_attention: bool
    reduces_16_bit: bool  # gradients cross the network in 16 bit, whatever they are summed in
    plain_pipeline: bool  # its pipeline never interleaves: one chunk a stage
    separate_accumulation: bool  # a pass of its own adds each weight gradient to the fp32 sum
    separate_loss: bool  # the loss is an operator after another, not one
    sources: Mapping[str, str]
    assumed: bool  # nobody stated the generation


def generation(
    family: str, software: str | None = None, calibration: Path | None = None
) -> Generation:
    """The coefficients of `software` on an accelerator family; its usual one when None.

    `calibration` takes the place of the calibration that ships.
    """
    before = prior(family, software)
    fitted = _calibration(calibration)["coefficients"].get(family, {}).get(before.name, {})
    named = calibration.name if calibration else SHIPPED
    sources = {
        name: f"fitted to measured steps ({named}); prior {getattr(before.coefficients, name):g}, "
        f"{before.sources[name]}"
        for name in fitted
    }
    return replace(
        before,
        coefficients=replace(before.coefficients, **fitted),
        sources={**before.sources, **sources},
    )


def prior(family: str, software: str | None = None) -> Generation:
    """As `generation`, before any record has been looked at."""
    document = _document(family)
    name = software or str(document["default"])
    known = document["software"]
    if name not in known:
        listed = ", ".join(sorted(known))
        raise CatalogError(f"no software generation {name!r} on {family}; known: {listed}")
    stated = document["coefficients"] | known[name].get("coefficients", {})
    return Generation(
        family,
        name,
        Coefficients(**{f.name: float(stated[f.name]["value"]) for f in fields(Coefficients)}),
        sources={key: str(entry["source"]) for key, entry in stated.items()},
        assumed=software is None,
        **{trait: bool(known[name].get(trait, False)) for trait in TRAITS},
    )


def family_prior(family: str) -> Coefficients:
    """The priors of a family under no software in particular: what its benchmarks say."""
    stated = _document(family)["coefficients"]
    return Coefficients(*(float(stated[field.name]["value"]) for field in fields(Coefficients)))


def calibrated_sources(calibration: Path | None = None) -> frozenset[str]:
    """Families of records that a calibration was fitted to."""
    return frozenset(_calibration(calibration).get("records", {}).get("families", {}))


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


@cache
def _calibration(file: Path | None) -> dict[str, Any]:
    """A calibration file, checked: known coefficients, plain numbers."""
    path = file or files("stargate.catalog") / "data" / SHIPPED
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogError(f"{path}: no calibration can be read: {error}") from None
    if not isinstance(content, dict) or content.get("calibration") != 1:
        raise CatalogError(f"{path}: no calibration; `stargate calibrate -o FILE` writes one")
    known = {field.name for field in fields(Coefficients)}
    for family, generations_of in content["coefficients"].items():
        for software, values in generations_of.items():
            for name, value in values.items():
                if name not in known or not isinstance(value, (int, float)):
                    place = f"coefficients.{family}.{software}.{name}"
                    raise CatalogError(f"{path}: {place}: {value!r} is no known coefficient")
    return content
