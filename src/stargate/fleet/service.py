"""The requests of a service: first come, first served, by however many replicas there are.

Exact for any arrivals and service times. Requests are worked through only when the set of replicas
changes, or at the end, so that millions of them cost the event loop nothing.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from stargate.fleet.scenario import Service
from stargate.units import HOUR_S


@dataclass(slots=True)
class ServiceQueue:
    """A service under way. `idle_at` is a heap of (when it is free, replica)."""

    arrivals: Iterator[tuple[float, float]]
    idle_at: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    backlog: deque[tuple[float, float]] = field(default_factory=deque[tuple[float, float]])
    arrived_s: list[float] = field(default_factory=list[float])
    started_s: list[float] = field(default_factory=list[float])
    ended_s: list[float] = field(default_factory=list[float])
    pools: list[int] = field(default_factory=list[int])
    pool_of: dict[str, int] = field(default_factory=dict[str, int])
    by: dict[str, int] = field(default_factory=dict[str, int])
    n_restarted: int = 0
    _next: tuple[float, float] = (math.inf, 0.0)

    @classmethod
    def of(cls, service: Service, rng: np.random.Generator, horizon_s: float) -> ServiceQueue:
        """No replica yet; the first request waits to come."""
        queue = cls(_requests(service, rng, horizon_s))
        queue._next = next(queue.arrivals, (math.inf, 0.0))
        return queue

    def add(self, replica: str, pool: int, now_s: float) -> None:
        """A replica is there from now on."""
        self.advance(now_s)
        self.pool_of[replica] = pool
        heapq.heappush(self.idle_at, (now_s, replica))

    def first_to_go(self, now_s: float) -> tuple[str, float]:
        """Take out the replica that is idle first, and when it is."""
        self.advance(now_s)
        free_s, replica = heapq.heappop(self.idle_at)
        return replica, max(now_s, free_s)

    def lose(self, replica: str, now_s: float) -> None:
        """A replica fails; the request that it was serving starts anew, before all others."""
        self.advance(now_s)
        self.idle_at = [(max(at_s, now_s), it) for at_s, it in self.idle_at if it != replica]
        heapq.heapify(self.idle_at)
        row = self.by.get(replica)
        if row is not None and self.ended_s[row] > now_s:
            self.backlog.appendleft((self.arrived_s[row], self.ended_s[row] - self.started_s[row]))
            self.ended_s[row] = now_s
            self.arrived_s[row] = math.nan
            self.n_restarted += 1

    def advance(self, until_s: float) -> None:
        """Work through everything that happens before `until_s`."""
        idle_at, backlog = self.idle_at, self.backlog
        while True:
            came_s = self._next[0]
            soon_s = idle_at[0][0] if backlog and idle_at else math.inf
            if min(came_s, soon_s) >= until_s:
                return
            if soon_s <= came_s:
                self._serve(*backlog.popleft(), soon_s)
                continue
            needs_s = self._next[1]
            self._next = next(self.arrivals, (math.inf, 0.0))
            if idle_at and idle_at[0][0] <= came_s:
                self._serve(came_s, needs_s, came_s)
            else:
                backlog.append((came_s, needs_s))

    def _serve(self, came_s: float, needs_s: float, now_s: float) -> None:
        """The replica that is idle first takes a request."""
        idle_s, replica = self.idle_at[0]
        start_s = max(idle_s, now_s)
        end_s = start_s + needs_s
        heapq.heapreplace(self.idle_at, (end_s, replica))
        self.by[replica] = len(self.arrived_s)
        self.arrived_s.append(came_s)
        self.started_s.append(start_s)
        self.ended_s.append(end_s)
        self.pools.append(self.pool_of[replica])


def _requests(
    service: Service, rng: np.random.Generator, horizon_s: float
) -> Iterator[tuple[float, float]]:
    """(arrival, time that it takes): Poisson within each hour, drawn an hour at a time."""
    for hour in range(math.ceil(horizon_s / HOUR_S)):
        start_s = hour * HOUR_S
        n = rng.poisson(service.rate_per_s(start_s) * HOUR_S)
        came = np.sort(rng.random(n)) * HOUR_S + start_s
        needs = service_times_s(service, rng, n)
        for came_s, needs_s in zip(came.tolist(), needs.tolist(), strict=True):
            if came_s < horizon_s:
                yield came_s, needs_s


def service_times_s(service: Service, rng: np.random.Generator, n: int) -> np.ndarray:
    """Gamma distributed times of mean s and variation c: shape 1 / c^2, scale s c^2."""
    if service.variation == 0.0:
        return np.full(n, service.service_s)
    squared = service.variation**2
    return rng.gamma(1.0 / squared, service.service_s * squared, n)
