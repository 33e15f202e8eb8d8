"""A workload with the machine it is meant for and, if it is known, the way to split it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Discriminator, Field, Tag

from stargate.errors import SpecError
from stargate.spec.base import ClusterName, ModelName, ShortForm
from stargate.spec.model import Count, Transformer
from stargate.spec.workload import Strategy, TrainingWorkload


def _model_written_as(value: object) -> str:
    return "<name>" if isinstance(value, str) else "<architecture>"


def _read_strategy(value: object) -> object:
    """The short form `tp=8,pp=8,mb=1` as a strategy; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return Strategy.from_text(value)
    except SpecError as error:
        first = error.problems[0]
        where = first.path.removeprefix("strategy").lstrip(".")
        message = f"{where}: {first.message}" if where else first.message
        mend = first.mend or "write it like tp=8,pp=8,vp=3,mb=1"
        raise ValueError(f"{message}; {mend}") from None


class TrainingJob(TrainingWorkload):
    """Training on (a part of) a cluster."""

    model: Annotated[
        Annotated[ModelName, Tag("<name>")] | Annotated[Transformer, Tag("<architecture>")],
        Discriminator(_model_written_as),
    ] = Field(description="a name of `models` or of the catalogue, or an architecture")
    cluster: ClusterName | None = None
    accelerators: Count | None = Field(
        default=None, description="how many of the cluster's; all when left out"
    )
    strategy: (
        Annotated[Strategy, BeforeValidator(_read_strategy), ShortForm("tp=8,pp=8,vp=3,mb=1")]
        | None
    ) = Field(default=None, description="searched when left out; short form: tp=8,pp=8,vp=3,mb=1")
