"""How often a large machine fails, how often to checkpoint, and what share of its time counts.

Failures are taken as independent and evenly spread in time, times a `correlation` that states how
much worse a real machine of that size is. Do not scale linearly without it: 98,000 accelerators
were seen to fail 3.4e-5 times an hour each, 16,384 of them 1.97e-5 (arXiv 2602.00277; Llama 3,
arXiv 2407.21783, table 5). Not covered: partial failures, spare nodes, asynchronous checkpoints
that only slow the step down.
"""

from __future__ import annotations

import numpy as np


def mean_time_between_failures_s(
    failures_per_accelerator_s: float, accelerators: float, correlation: float = 1.0
) -> float:
    """MTBF of a machine that stops when any accelerator does: 1 / (rate x n x correlation)."""
    rate = failures_per_accelerator_s * accelerators * correlation
    return float("inf") if rate == 0 else 1.0 / rate


def young_interval_s(checkpoint_s: float, mtbf_s: float) -> float:
    """Best time between checkpoints: sqrt(2 x checkpoint x MTBF).

    Source: Young, CACM 17 (1974) 530. First order: holds while checkpoint << MTBF.
    """
    return float(np.sqrt(2.0 * checkpoint_s * mtbf_s))


def daly_interval_s(checkpoint_s: float, mtbf_s: float) -> float:
    """Best compute time between checkpoints, to a higher order, and MTBF if checkpoints are longer.

    sqrt(2 d M) (1 + sqrt(d / 2M) / 3 + d / 18M) - d  for d < 2M, else M.
    Source: Daly, Future Generation Computer Systems 22 (2006) 303, equation 37.
    """
    if not np.isfinite(mtbf_s):
        return float("inf")
    if checkpoint_s >= 2.0 * mtbf_s:
        return mtbf_s
    ratio = checkpoint_s / (2.0 * mtbf_s)
    return float(
        np.sqrt(2.0 * checkpoint_s * mtbf_s) * (1 + np.sqrt(ratio) / 3 + ratio / 9) - checkpoint_s
    )


def goodput(
    interval_s: float, checkpoint_s: float, detect_s: float, restart_s: float, mtbf_s: float
) -> float:
    """Share of the time that a synchronous run makes progress.

    1 - T_s / C - (C / 2 + T_detect + T_restart) / MTBF, with T_s the time of a checkpoint and C
    the time between two: what checkpoints take, half an interval lost at each failure, and the
    way back. First order in 1 / MTBF (Young 1974); never below 0, where the run makes no progress.
    """
    if not np.isfinite(interval_s):
        return 1.0
    lost = checkpoint_s / interval_s + (interval_s / 2 + detect_s + restart_s) / mtbf_s
    return max(0.0, 1.0 - lost)
