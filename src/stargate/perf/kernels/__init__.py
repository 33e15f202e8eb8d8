"""Measured kernels: matrix products, attention, expert blocks and collectives timed on their own.

table           columns of kernels that share a machine and a source
rows            CSV tables, recognised by their columns
aiconfigurator  the tables of NVIDIA's package, where it is installed
prediction      what the formulas of the step say of each kernel
scores          errors by table, accelerator and source
"""

from __future__ import annotations

from stargate.perf.kernels.prediction import benchmarked, predicted_s
from stargate.perf.kernels.rows import Skipped, is_kernels, load, shipped
from stargate.perf.kernels.scores import KernelScore, score
from stargate.perf.kernels.table import Kernels

__all__ = [
    "KernelScore",
    "Kernels",
    "Skipped",
    "benchmarked",
    "is_kernels",
    "load",
    "predicted_s",
    "score",
    "shipped",
]
