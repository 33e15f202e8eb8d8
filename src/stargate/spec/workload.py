"""What a machine is asked to do: a training run, and the strategy that splits it.

A `Strategy` is how one step is laid over the accelerators; `Strategy.from_text("tp=8,pp=8,mb=1")`
reads the short form of the command line. Fields left at None are chosen by the model's search
or derived from the rest (dp from the accelerator count). Only shapes and choices stand here;
what they cost is computed in `perf`. Not covered: serving, activation offload to the host.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from stargate.errors import Problem, SpecError
from stargate.spec.base import SpecModel
from stargate.spec.model import Count, Transformer

Precision = Literal[
    "fp32", "bf16", "fp16", "int8", "fp8", "fp8-row", "fp8-block", "mxfp8", "nvfp4", "mxfp4"
]
Recompute = Literal["none", "selective", "full"]
RecomputeModule = Literal[
    "layernorm", "moe_act", "mla_up_proj", "mlp", "core_attn", "out_proj", "alternate_products"
]
Schedule = Literal["gpipe", "1f1b", "zero-bubble"]
Optimizer = Literal["adam", "lion", "sgd"]
AttentionKernel = Literal["flash", "unfused"]
AttentionPrecision = Literal["16-bit", "fp8"]

_SHORT = {"mb": "micro_batch", "sp": "sequence_parallel"}
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class LowRankAdapters(SpecModel):
    """LoRA fine-tuning (arXiv 2106.09685): base weights frozen, thin adapters trained."""

    rank: Count
    targets: Literal["attention", "all-linear"] = "all-linear"


class TrainingWorkload(SpecModel):
    """One training step's worth of work, repeated until `tokens` are seen."""

    kind: Literal["training"] = "training"
    model: str | Transformer = Field(description="a catalogue name, a name of `models`, or a shape")
    seq_len: Count
    global_batch: Count = Field(description="sequences per optimiser step, over all replicas")
    precision: Precision = Field(default="bf16", description="of the linear layers' inputs")
    gradients: Literal["fp32", "bf16"] = "fp32"
    master_weights: bool = Field(default=True, description="an fp32 copy besides bf16 weights")
    optimizer: Optimizer = "adam"
    lora: LowRankAdapters | None = None
    tokens: Annotated[float, Field(gt=0)] | None = None
    software: str | None = Field(
        default=None,
        description="generation of the software stack, such as megatron-2022; unknown widens "
        "the interval of a prediction",
    )
    attention_kernel: AttentionKernel | None = Field(
        default=None, description="that of the software generation when left out"
    )
    attention_precision: AttentionPrecision = Field(
        default="16-bit", description="of the products of scores and values in a flash kernel"
    )
    expert_imbalance: Annotated[float, Field(ge=1)] | None = Field(
        default=None,
        description="tokens of the busiest expert rank over the mean, 1 where routing is balanced "
        "by force; that of the software generation when left out",
    )
    expert_capacity: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="tokens that an expert takes over the mean: further ones are dropped, missing "
        "ones padded; none are dropped when left out",
    )


class Strategy(SpecModel):
    """How one training step is split over the accelerators: tp x cp x pp x dp of them.

    Experts are spread over `ep` ranks taken from dp x cp (Megatron's and DeepSpeed's folding),
    so ep does not multiply the count.
    """

    tp: Count = Field(default=1, description="tensor parallel")
    pp: Count = Field(default=1, description="pipeline stages")
    vp: Count = Field(default=1, description="model chunks a stage holds (interleaved schedule)")
    cp: Count = Field(default=1, description="context parallel")
    ep: Count = Field(default=1, description="expert parallel")
    dp: Count | None = Field(default=None, description="data parallel; what the count leaves over")
    micro_batch: Count = Field(default=1, description="sequences of a micro-batch")
    zero: Annotated[int, Field(ge=0, le=3)] = Field(
        default=1, description="0: replicate; shard 1: optimiser, 2: + gradients, 3: + weights"
    )
    shard: Count | None = Field(
        default=None, description="ranks a shard is spread over (HSDP); dp x cp when left out"
    )
    recompute: Recompute = "none"
    recompute_layers: Count | None = Field(
        default=None, description="layers of a stage that `full` recomputes; all when left out"
    )
    recompute_modules: tuple[RecomputeModule, ...] = Field(
        default=(), description="what `selective` recomputes; all that is cheap when left out"
    )
    sequence_parallel: bool | None = Field(default=None, description="true with tp when left out")
    tp_overlap: bool | None = Field(
        default=None, description="tensor-parallel traffic overlapped; as the software does"
    )
    schedule: Schedule = "1f1b"

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        if self.vp > 1 and self.pp == 1:
            raise ValueError(f"vp is {self.vp} without a pipeline; set vp=1, or pp above 1")
        if self.vp > 1 and self.schedule == "gpipe":
            raise ValueError("gpipe does not interleave; set vp=1, or schedule=1f1b")
        if self.sequence_parallel and self.tp == 1:
            raise ValueError("sequence parallelism needs tp above 1; leave sp out, or raise tp")
        if self.recompute_layers is not None and self.recompute != "full":
            raise ValueError("recompute_layers has no meaning here; set recompute=full")
        if self.recompute_modules and self.recompute != "selective":
            raise ValueError("recompute_modules has no meaning here; set recompute=selective")
        return self

    @property
    def shards_sequence(self) -> bool:
        """Whether norms and residuals are split over the tensor-parallel ranks."""
        return self.tp > 1 if self.sequence_parallel is None else self.sequence_parallel

    @classmethod
    def from_text(cls, text: str) -> Strategy:
        """`tp=8,pp=8,vp=3,mb=1` as a strategy; raises `SpecError` naming the part at fault."""
        values: dict[str, object] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            key, equals, value = (piece.strip() for piece in part.partition("="))
            name = _SHORT.get(key, key)
            if not equals or not value or name not in cls.model_fields:
                raise SpecError([_bad_part(part, sorted({*cls.model_fields} - {*_SHORT.values()}))])
            if name in values:
                raise SpecError([Problem(f"{key!r} is given twice", "strategy", mend="keep one")])
            values[name] = _value(name, value)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = [_problem(detail["loc"], detail["msg"]) for detail in error.errors()]
            raise SpecError(problems) from None


def _value(name: str, text: str) -> object:
    if name == "recompute_modules":
        return tuple(text.split("+"))
    flag = name in ("sequence_parallel", "tp_overlap")
    return _FLAGS.get(text.lower(), text) if flag else text


def _bad_part(part: str, names: list[str]) -> Problem:
    mend = f"write it like tp=8,pp=8,vp=3,mb=1; known: {', '.join([*_SHORT, *names])}"
    return Problem(f"cannot read {part!r}", "strategy", mend=mend)


def _problem(place: tuple[int | str, ...], message: str) -> Problem:
    path = ".".join(("strategy", *(str(step) for step in place)))
    said = message.removeprefix("Value error, ").replace("Input should be", "wants")
    return Problem(said.partition(", unable")[0], path)
