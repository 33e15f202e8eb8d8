"""What is ordered: a command, what it needs, and what to do when it ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from stargate.control.job import Checkpoints, Job


@dataclass(frozen=True, slots=True)
class Order:
    """A command in `members` equal processes that start, stop and fail together.

    `retries` is how often it is started again after it failed by itself; what a failing machine
    cuts short is started again without counting. A service is started again whenever it ends.
    A URL in `health` is asked of a service; one that stops answering is started again.
    `checkpoint_every_s` tells the scheduler how much work a restart loses at the most.
    """

    name: str
    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    members: int = 1
    cores: int = 1
    memory_bytes: float = 0.0
    sites: tuple[str, ...] = ()
    tenant: str = "local"
    priority: int = 0
    retries: int = 0
    service: bool = False
    health: str = ""
    expected_s: float | None = None
    checkpoint_every_s: float | None = None
    grace_s: float = 10.0

    def written(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**asdict(self), "argv": list(self.argv), "sites": list(self.sites)}

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Order:
        """What `written` wrote."""
        values = dict(content)
        values["argv"], values["sites"] = tuple(content["argv"]), tuple(content["sites"])
        return cls(**values)

    def job(self, job_id: str) -> Job:
        """As the scheduler sees it."""
        marks = Checkpoints(self.checkpoint_every_s) if self.checkpoint_every_s else Checkpoints()
        endless = self.service or self.expected_s is None
        return Job(
            id=job_id,
            workers=self.members,
            slots=self.cores,
            expected_s=math.inf if endless else float(self.expected_s or 0.0),
            tenant=self.tenant,
            priority=self.priority,
            memory_bytes=self.memory_bytes,
            sites=self.sites,
            kind="service" if self.service else "batch",
            checkpoints=marks,
        )
