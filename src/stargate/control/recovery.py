"""What becomes of a job that was cut short: what it keeps, and when it may try again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stargate.control.job import Job


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how soon a failed job is started again.

    The wait doubles with each failure in a row, `backoff_s` x 2^(n - 1), up to `backoff_s_max`.
    """

    n_max: int | None = None
    backoff_s: float = 0.0
    backoff_s_max: float = 3_600.0

    def wait_s(self, n_failures: int) -> float:
        """Pause before the start that follows the n-th failure."""
        if self.backoff_s <= 0 or n_failures < 1:
            return 0.0
        doublings = min(n_failures - 1, 64)
        return min(self.backoff_s_max, self.backoff_s * 2.0**doublings)

    def allows(self, n_failures: int) -> bool:
        """Whether a job that failed so often is started once more."""
        return self.n_max is None or n_failures <= self.n_max


AT_ONCE = Retry()


def kept_after_failure_s(job: Job, ran_s: float, resumed: bool) -> float:
    """Work kept of a run of `ran_s` that was cut short: what the last checkpoint holds, in s."""
    return job.checkpoints.kept_s(ran_s, resumed)


def kept_on_request_s(job: Job, ran_s: float, resumed: bool) -> float:
    """Work kept where the job was asked to stop, and had time for a checkpoint of its own, in s.

    A job without checkpoints starts from the beginning. Of the run the pauses for checkpoints and
    the restart are no work: in each interval + cost seconds, `interval_s` of work is done.
    """
    marks = job.checkpoints
    if not math.isfinite(marks.interval_s):
        return 0.0
    working_s = max(0.0, ran_s - (marks.restart_s if resumed else 0.0))
    rounds, rest_s = divmod(working_s, marks.interval_s + marks.cost_s)
    return rounds * marks.interval_s + min(rest_s, marks.interval_s)
