"""How a record splits its step over accelerators, and the choices it leaves open.

tp, pp, cp, dp and the batch must multiply out. Micro-batch, interleaving and recomputation that a
record does not state become a list of candidates; the scoreboard takes the fastest that fits in
memory, as a search would, and says so.
"""

from __future__ import annotations

import re
from itertools import product
from math import prod

from stargate.perf.machine import Machine
from stargate.perf.records.fields import (
    Row,
    Sharding,
    UnusableRecordError,
    container_of,
    precision_of,
    recompute_of,
    sharding_of,
)
from stargate.perf.strategy import RECOMPUTE
from stargate.spec.model import Transformer
from stargate.spec.workload import (
    LowRankAdapters,
    Precision,
    Recompute,
    Strategy,
    TrainingWorkload,
)

MICRO_BATCHES = (1, 2, 4, 8, 16)
TENSOR, FEW_STAGES = (1, 2, 4, 8), 16  # where no layout is stated
STAGES = (1, 2, 4, 6, 8, 12, 16, 24, 32)
CHUNKS_MAX = 12
BATCH_AGREEMENT = 1.02  # batches in tokens are rounded now and then
# Performance recipes of Megatron-Bridge for mixtures of experts in MXFP8, captured whole as graphs,
# multiply attention in 8 bit too (`fp8_dot_product_attention`).
EIGHT_BIT_ATTENTION_SINCE = (2026, 6)
BALANCED = re.compile(r"force-balanced", re.I)  # the router deals tokens evenly, as in benchmarks
CAPACITY = re.compile(r"capacity (?:factor )?(\d+(?:\.\d+)?)", re.I)
DROPS = re.compile(r"token[- ]?drop|dropped tokens", re.I)
USUAL_CAPACITY = 1.25  # of MaxText's benchmark configurations and GShard's successors
SEQUENCE_PARALLEL = {
    **dict.fromkeys(("", "not stated", "unknown"), None),
    **dict.fromkeys(("yes", "true", "1"), True),
    **dict.fromkeys(("no", "false", "0"), False),
}
OVERLAPS_TP: tuple[tuple[str, bool], ...] = (
    (r"vanilla tp", False),
    (r"tp-comm-overlap on|async ?tp|\+ (tp|pp|dp) overlap", True),
    (r"\+ efficient operators|\+ misc|\+ lamb", True),
    (r"^megascale;", True),
)


def workload_of(row: Row, model: Transformer) -> TrainingWorkload:
    """Sequence length, batch and precision of a row.

    Under bf16 Megatron-LM accumulates and reduces gradients in fp32, because it must; under fp16
    they stay as they are (its arguments.py, accumulate_allreduce_grads_in_fp32).
    """
    precision, pure = precision_of(row)
    kind = row.text("kind") or "pretrain"
    if kind not in ("pretrain", "sft", "lora"):
        raise UnusableRecordError(f"{kind[:40]!r} is not a kind of training that is modelled")
    return TrainingWorkload(
        model=model,
        seq_len=row.needed("seq_len"),
        global_batch=global_batch(row),
        precision=precision,
        gradients="bf16" if pure or precision == "fp16" else "fp32",
        master_weights=not pure,
        lora=_adapters(row) if kind == "lora" else None,
        attention_precision="fp8" if _narrow_attention(row, model, precision) else "16-bit",
        expert_imbalance=1.0 if BALANCED.search(row.text("notes")) else None,
        expert_capacity=_capacity(row) if model.moe else None,
    )


def _capacity(row: Row) -> float | None:
    """The capacity factor of experts: stated, usual where tokens are dropped, else none."""
    notes = row.text("notes")
    stated = CAPACITY.search(notes)
    if stated and float(stated[1]) > 0:
        return float(stated[1])
    if not DROPS.search(notes):
        return None
    row.assume(f"capacity of experts not stated: {USUAL_CAPACITY}")
    return USUAL_CAPACITY


def _narrow_attention(row: Row, model: Transformer, precision: Precision) -> bool:
    container = container_of(row)
    recent = container is not None and container >= EIGHT_BIT_ATTENTION_SINCE
    return recent and model.moe is not None and precision == "mxfp8"


def global_batch(row: Row) -> int:
    """Sequences per step: stated, or from tokens, or from micro-batches; statements must agree."""
    seq_len, tokens = row.needed("seq_len"), row.count("global_batch_tokens")
    from_tokens = tokens // seq_len if tokens is not None else None
    parts = row.number("micro_batch"), row.count("grad_accum"), row.count("dp")
    from_parts = None if None in parts else round(prod(part or 1 for part in parts))
    stated = row.count("global_batch_seqs")
    known = [batch for batch in (stated, from_tokens, from_parts) if batch]
    if not known:
        raise UnusableRecordError("the global batch is not stated")
    if max(known) > BATCH_AGREEMENT * min(known):
        told = " and ".join(str(batch) for batch in dict.fromkeys(known))
        raise UnusableRecordError(f"the record's batches contradict each other: {told} sequences")
    return known[0]


def _adapters(row: Row) -> LowRankAdapters:
    row.assume("LoRA of rank 16 on the attention projections")
    return LowRankAdapters(rank=16, targets="attention")


def strategies_of(
    row: Row, machine: Machine, model: Transformer, workload: TrainingWorkload
) -> tuple[Strategy, ...]:
    """The strategy that a row states, once for every choice that it leaves open."""
    found: list[Strategy] = []
    faults: list[UnusableRecordError] = []
    for tp, pp in _splits(row, machine, model):
        try:
            found += _strategies_with(tp, pp, row, machine, model, workload)
        except UnusableRecordError as fault:
            faults.append(fault)
    if not found:
        raise (
            faults[0]
            if faults
            else UnusableRecordError("impossible layout: no pipeline divides it")
        )
    if len(found) > 1:
        row.assume("of what is not stated, the fastest choice that fits")
    return tuple(found)


def _splits(row: Row, machine: Machine, model: Transformer) -> tuple[tuple[int, int], ...]:
    """Tensor and pipeline parallelism: as stated, else all that divide model and machine.

    Where no layout is stated at all, tp is one that a scale-up domain and the heads allow; on a
    torus weights are sharded over the slice, without a pipeline.
    """
    tp = row.count("tp")
    if not _no_layout(row):
        return tuple((tp or 1, p) for p in _pipelines(row, machine, model, tp or 1))
    row.assume("no parallel layout is stated")
    most = machine.network.scaleup_domain
    free = [t for t in TENSOR if t <= most and model.heads % t == 0]
    if _on_torus(machine):
        return tuple((t, 1) for t in free if machine.count % t == 0)
    return tuple(
        (t, p) for t in free for p in _pipelines(row, machine, model, t) if p <= FEW_STAGES
    )


def _no_layout(row: Row) -> bool:
    return all(row.count(name) is None for name in ("tp", "pp", "dp"))


def _on_torus(machine: Machine) -> bool:
    return machine.accelerator.scaleup_topology.startswith("torus")


def _pipelines(row: Row, machine: Machine, model: Transformer, tp: int) -> tuple[int, ...]:
    """The stages: stated, else what dp leaves over, else all counts that divide the machine."""
    stated, cp, dp = row.count("pp"), row.count("cp") or 1, row.count("dp")
    if stated is not None:
        return (stated,)
    if dp is not None:
        return (max(machine.count // (tp * cp * dp), 1),)
    ranks = tp * cp
    return tuple(p for p in STAGES if p <= model.layers and machine.count % (ranks * p) == 0)


def _strategies_with(
    tp: int, pp: int, row: Row, machine: Machine, model: Transformer, workload: TrainingWorkload
) -> list[Strategy]:
    sizes = _sizes(row, tp, pp, machine, model, workload.global_batch)
    sharding, stated = sharding_of(row), recompute_of(row)
    if _no_layout(row) and _on_torus(machine):
        sharding = Sharding(3)
    shard = _shard(sharding.shard, sharding.zero, sizes, machine)
    micro_batches = _micro_batches(row, workload.global_batch, sizes["dp"])
    chunks = _chunks(pp, model.layers, row, plain=machine.software.plain_pipeline)
    # No policy keeps attention and recomputes a mixture of experts: its dispatch would run again.
    others = () if model.moe and stated.mode == "full" else stated.others
    modes = (stated.mode, *others) if stated.mode else RECOMPUTE
    named = [(m, ms) for m in modes for ms in (stated.modules if m == "selective" else ((),))]
    return [
        Strategy(
            **sizes,
            vp=vp,
            micro_batch=micro,
            zero=sharding.zero,
            shard=shard,
            recompute=mode,
            recompute_layers=_recompute_layers(stated.layers, mode, pp),
            recompute_modules=modules,
            sequence_parallel=_sequence_parallel(row, sizes["tp"]),
            tp_overlap=_first_overlap(row.text("notes")),
            schedule="zero-bubble" if "zero-bubble" in row.text("notes") else "1f1b",
        )
        for micro, vp, (mode, modules) in product(micro_batches, chunks, named)
    ]


def _sizes(
    row: Row, tp: int, pp: int, machine: Machine, model: Transformer, batch: int
) -> dict[str, int]:
    """tp, pp, cp, ep, dp that multiply to the accelerators and divide what they split."""
    cp, ep = row.count("cp") or 1, row.count("ep") or 1
    dp = row.count("dp") or machine.count // (tp * pp * cp)
    pieces = _pieces(row)
    if row.count("cp") is None and row.count("dp") is None and dp > batch and dp % batch == 0:
        pieces = dp // batch
    if pieces > 1 and cp == 1 and dp % pieces == 0:
        row.assume("a part of a sequence on each device: context parallel")
        cp, dp = pieces, dp // pieces
    if tp * pp * cp * dp != machine.count:
        raise UnusableRecordError(
            f"impossible layout: tp x pp x cp x dp is {tp * pp * cp * dp}, "
            f"not {machine.count} accelerators"
        )
    if pp > model.layers:
        raise UnusableRecordError(f"impossible layout: {pp} stages for {model.layers} layers")
    if model.heads % tp:
        raise UnusableRecordError(f"impossible layout: {model.heads} heads over tp={tp}")
    if ep > 1 and (model.moe is None or model.moe.experts % ep or (tp * cp * dp) % ep):
        raise UnusableRecordError(f"impossible layout: experts cannot be spread over ep={ep}")
    return {"tp": tp, "pp": pp, "cp": cp, "ep": ep, "dp": dp}


def _pieces(row: Row) -> int:
    """Devices that share one sequence, where the micro-batch is a fraction of one."""
    stated = row.number("micro_batch")
    return round(1 / stated) if stated is not None and 0.001 < stated < 1 else 1


def _shard(stated: int | None, zero: int, sizes: dict[str, int], machine: Machine) -> int | None:
    """Ranks of a shard group: stated, else within a TPU slice, else all replicas."""
    replicas = sizes["dp"] * sizes["cp"]
    if stated is not None:
        return min(stated, replicas)
    slices = machine.count > machine.network.scaleup_domain
    if zero == 3 and slices and _on_torus(machine):
        return max(min(machine.network.scaleup_domain // sizes["tp"], replicas), 1)
    return None


def _micro_batches(row: Row, batch: int, dp: int) -> tuple[int, ...]:
    """The micro-batch, or all those that divide a replica's share of the batch."""
    micro = 1 if _pieces(row) > 1 else row.count("micro_batch")
    if micro is not None:
        if batch % (dp * micro):
            raise UnusableRecordError(
                f"impossible layout: a batch of {batch} is no multiple of dp {dp} x "
                f"micro-batch {micro}"
            )
        return (micro,)
    if batch % dp:
        raise UnusableRecordError(f"impossible layout: a batch of {batch} over dp={dp}")
    return tuple(size for size in MICRO_BATCHES if (batch // dp) % size == 0)


def _chunks(pp: int, layers: int, row: Row, *, plain: bool) -> tuple[int, ...]:
    """Chunks a stage holds: stated, one where the software never interleaves, else all that fit."""
    stated = row.count("vp")
    if pp == 1:
        return (1,)
    if stated is not None:
        if stated * pp > layers + pp:
            raise UnusableRecordError(
                f"impossible layout: {stated} x {pp} chunks for {layers} layers"
            )
        return (stated,)
    if plain:
        row.assume("no interleaving: the software has none")
        return (1,)
    even = [v for v in range(1, CHUNKS_MAX + 1) if -(-layers // pp) % v == 0]
    return tuple(even) or (1,)


def _recompute_layers(layers: int | None, mode: Recompute, pp: int) -> int | None:
    return None if layers is None or mode != "full" else max(round(layers / pp), 1)


def _sequence_parallel(row: Row, tp: int) -> bool | None:
    text = row.text("seq_parallel").lower()
    if text not in SEQUENCE_PARALLEL:
        raise UnusableRecordError(f"seq_parallel {text[:40]!r} is not known: yes or no")
    return SEQUENCE_PARALLEL[text] if tp > 1 else None


def _first_overlap(notes: str) -> bool | None:
    return next((on for pattern, on in OVERLAPS_TP if re.search(pattern, notes, re.I)), None)
