"""One layout of a model's layers on a machine, and the numbers that every term needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stargate.perf.columns import Array, Column
from stargate.perf.machine import Machine
from stargate.perf.shape import ModelShape, WorkShape
from stargate.perf.strategy import StrategyTable

ACTIVATION_BYTES = 2.0  # residual stream, activations between layers


@dataclass(frozen=True, slots=True)
class Case:
    """`tokens` are those of a micro-batch on one rank, one entry a row of the table."""

    shape: ModelShape
    work: WorkShape
    machine: Machine
    table: StrategyTable
    tokens: Array

    @classmethod
    def of(cls, shape: ModelShape, work: WorkShape, machine: Machine, table: StrategyTable) -> Case:
        """The case of each row: b s / cp tokens on a rank."""
        return cls(shape, work, machine, table, table.micro_batch * work.seq_len / table.cp)

    @property
    def expert_imbalance(self) -> Column:
        """Tokens of the busiest expert rank over the mean: stated, or that of the software."""
        stated, capacity = (np.asarray(x) for x in (self.work.expert_imbalance, self.capacity))
        usual = np.where(stated > 0, stated, self.machine.coefficients.expert_imbalance)
        return np.where(capacity > 0, capacity, usual)

    @property
    def capacity(self) -> Column:
        """Tokens that each expert takes over the mean; 0 where none are dropped."""
        return self.work.expert_capacity
