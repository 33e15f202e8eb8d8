"""One file: the machine, the models, the work, and the programme that builds it all."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from stargate.spec.base import CatalogModelName, Identifier, SpecModel
from stargate.spec.fleet import Fleet
from stargate.spec.job import TrainingJob
from stargate.spec.model import Transformer
from stargate.spec.network import Network
from stargate.spec.programme import Programme
from stargate.spec.voice import VoiceWorkload


class ModelReference(SpecModel):
    """An architecture taken from the catalogue by name: `{catalog: llama-3.1-405b}`."""

    catalog: CatalogModelName


def _model_written_as(value: object) -> str:
    held = "catalog" in value if isinstance(value, dict) else hasattr(value, "catalog")
    return "<catalog>" if held else "<architecture>"


Model = Annotated[
    Annotated[Transformer, Tag("<architecture>")] | Annotated[ModelReference, Tag("<catalog>")],
    Discriminator(_model_written_as),
]


def _workload_kind(value: object) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return "<voice>" if kind == "voice" else "<training>"


Workload = Annotated[
    Annotated[TrainingJob, Tag("<training>")] | Annotated[VoiceWorkload, Tag("<voice>")],
    Discriminator(_workload_kind),
]


class Document(SpecModel):
    """What a Stargate file says, checked and in SI units."""

    stargate: Literal[1] = Field(description="version of the file format")
    name: str = ""
    extends: str | None = Field(
        default=None, description="a file, beside this one, that this one builds on"
    )
    network: Network | None = None
    models: dict[Identifier, Model] = Field(default_factory=dict)
    workloads: dict[Identifier, Workload] = Field(default_factory=dict)
    programme: Programme | None = None
    fleet: Fleet | None = None

    @property
    def training_jobs(self) -> dict[str, TrainingJob]:
        """The workloads that train."""
        return {n: job for n, job in self.workloads.items() if isinstance(job, TrainingJob)}

    @property
    def voice_workloads(self) -> dict[str, VoiceWorkload]:
        """The workloads that learn voices and speak."""
        return {n: work for n, work in self.workloads.items() if isinstance(work, VoiceWorkload)}

    def canonical_json(self) -> str:
        """The content as one line of JSON: SI floats, keys sorted, nothing about its files.

        A part that came to the format later is left out where it is not used, so that a file
        keeps its fingerprint.
        """
        unused = {"fleet"} if self.fleet is None else set[str]()
        content = self.model_dump(mode="json", exclude={"extends", *unused})
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content; the same however it was spread over files and overrides."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()
