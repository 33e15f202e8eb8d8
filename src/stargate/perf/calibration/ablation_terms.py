"""The physical terms that can be switched off, and what stands in their place.

A term is off where its coefficients are "none" in the priors of every generation, so that they are
not fitted either, or where every record's machine or model is replaced by a simpler one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from stargate.perf.calibration.samples import GenerationKey
from stargate.perf.coefficients import TRAITS, Coefficients, Generation, family_prior
from stargate.perf.machine import Machine
from stargate.perf.network import Network
from stargate.perf.records import Record

ONE_FOR_ALL = "any"  # the only generation of a family, where generations are switched off
ONE_TIER = 1 << 40  # a scale-up domain that holds every machine
ATTENTION = ("attention_fraction", "attention_backward", "attention_half_tokens")
OVERLAPS = ("tp_overlap", "cp_overlap", "ep_overlap", "p2p_overlap", "dp_overlap", "shard_overlap")


def _as_prior(_: GenerationKey, coefficients: Coefficients) -> Coefficients:
    return coefficients


def _as_record(record: Record) -> Record:
    return record


@dataclass(frozen=True, slots=True)
class Ablation:
    """A term to switch off: what changes in the priors of a generation, and in each record."""

    name: str
    prior: Callable[[GenerationKey, Coefficients], Coefficients] = _as_prior
    record: Callable[[Record], Record] = _as_record


def _without(name: str, **values: float) -> Ablation:
    """Coefficients that say "none" in every generation."""
    return Ablation(name, lambda _, coefficients: replace(coefficients, **values))


def _on(record: Record, machine: Machine) -> Record:
    return replace(record, machine=machine)


def _in(record: Record, network: Network) -> Record:
    return _on(record, replace(record.machine, network=network))


def _one_attention(key: GenerationKey, coefficients: Coefficients) -> Coefficients:
    """The attention of the family's benchmarks in place of that of the release."""
    usual = family_prior(key[0])
    return replace(coefficients, **{name: getattr(usual, name) for name in ATTENTION})


def _flash_attention(record: Record) -> Record:
    """No release writes the scores to memory."""
    software = replace(record.machine.software, unfused_attention=False)
    return _on(record, replace(record.machine, software=software))


def _one_software(record: Record) -> Record:
    """The family's usual software: no release does anything of its own."""
    said = record.machine.software
    software = Generation(
        said.family,
        ONE_FOR_ALL,
        said.coefficients,
        sources=said.sources,
        assumed=said.assumed,
        **dict.fromkeys(TRAITS, False),
    )
    return _on(record, replace(record.machine, software=software))


def _usual(key: GenerationKey, _: Coefficients) -> Coefficients:
    return family_prior(key[0])


def _one_tier(record: Record) -> Record:
    """Every message travels at the rate of the links within a domain."""
    network = replace(record.machine.network, scaleup_domain=ONE_TIER, oversubscription=())
    return _in(record, network)


def _no_latency(record: Record) -> Record:
    """Messages cost their bytes alone."""
    network = record.machine.network
    library = network.software
    bare = {"base_s": 0.0, "scaleup_step_s": 0.0, "scaleout_step_s": 0.0}
    software = replace(
        library,
        launch_s=0.0,
        per_peer_s=0.0,
        protocols=tuple(replace(protocol, **bare) for protocol in library.protocols),
        in_switch=library.in_switch
        and replace(library.in_switch, base_s=0.0, per_rank_s=0.0, scaleout_step_s=0.0),
    )
    return _in(record, replace(network, software=software, launch_s=0.0, fabric_step_s=0.0))


def _one_core(record: Record) -> Record:
    """Products are cut into tiles, but no wave of them leaves cores idle."""
    part = replace(record.machine.accelerator, n_cores=1)
    return _on(record, replace(record.machine, accelerator=part))


def _layers_alone(record: Record) -> Record:
    """No embedding, logits or loss."""
    return replace(record, model=record.model.model_copy(update={"vocabulary": 1}))


ABLATIONS: tuple[Ablation, ...] = (
    _without("launches of kernels", kernel_gap_s=0.0, kernel_issue_s=0.0),
    _without("fixed costs of micro-batch and step", micro_batch_s=0.0, step_s=0.0),
    _without("overlap: all traffic is exposed", **dict.fromkeys(OVERLAPS, 0.0)),
    _without("contention of hidden traffic", interference=0.0),
    _without("stragglers", straggler_sigma=0.0),
    Ablation("tiers: one network at the rate of a domain", record=_one_tier),
    Ablation("latency of messages", record=_no_latency),
    Ablation("waves of tiles", record=_one_core),
    _without("stores of products", store_exposed=0.0),
    _without("power limit", power_exponent=0.0),
    Ablation("attention kernels of each release", _one_attention, _flash_attention),
    Ablation("software: one generation a family", _usual, _one_software),
    Ablation("vocabulary: layers alone", record=_layers_alone),
    _without(
        "experts: as even and fast as dense layers", grouped_fraction=1.0, expert_imbalance=1.0
    ),
)
