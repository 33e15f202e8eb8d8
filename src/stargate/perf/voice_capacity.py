"""What voices take of machines: processors, memory and energy for so many learnt and so much said.

Learning is a batch: workers keep busy over the day, and what comes in the busiest hour waits.
Speaking is a service: replicas are so many that few requests wait in the busiest hour. Costs are
measured processor time (facts `voice_*` of the catalogue), so that they hold for cores like those
measured; a faster core needs proportionally less. Left out: network, storage, detection.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stargate import catalog
from stargate.catalog import Fact
from stargate.spec.voice import VoiceWorkload

DAY_S = 86_400.0
HOUR_S = 3_600.0
FACTS = (
    *("voice_enrolment_time", "voice_enrolment_memory"),
    *("voice_speech_cost", "voice_replica_memory", "cpu_core_power"),
)


@dataclass(frozen=True, slots=True)
class VoiceCapacity:
    """What a voice workload takes. A worker or a replica is one process on one core.

    `waiting` is the share of requests in the busiest hour that wait, `wait_s` their mean wait over
    all requests; `backlog_s` how long an enrolment waits at the end of the busiest hour.
    `power_w` is what all cores draw when busy, `energy_per_day_j` what the work of a day takes.
    """

    workers: int
    replicas: int
    memory_bytes: float
    power_w: float
    energy_per_day_j: float
    waiting: float
    wait_s: float
    backlog_s: float
    facts: tuple[Fact, ...]

    @property
    def cores(self) -> int:
        """One for each worker and each replica."""
        return self.workers + self.replicas


def voice_capacity(workload: VoiceWorkload) -> VoiceCapacity:
    """What a workload takes."""
    facts = {name: catalog.fact(name) for name in FACTS}
    learn_s, memory_bytes, cost, replica_bytes, core_w = (facts[name].value for name in FACTS)
    learning = workload.enrolments_per_s * learn_s
    speaking = workload.spoken_per_day_s / DAY_S * cost
    workers = math.ceil(learning / workload.utilisation)
    busiest = speaking * workload.peak_factor
    replicas = servers_for(busiest, workload.waiting)
    waiting = erlang_c(replicas, busiest)
    service_s = workload.utterance_s * cost
    return VoiceCapacity(
        workers=workers,
        replicas=replicas,
        memory_bytes=workers * memory_bytes + replicas * replica_bytes,
        power_w=(workers + replicas) * core_w,
        energy_per_day_j=(learning + speaking) * DAY_S * core_w,
        waiting=waiting,
        wait_s=mean_wait_s(replicas, busiest, service_s),
        backlog_s=backlog_s(learning * workload.peak_factor, workers),
        facts=tuple(facts.values()),
    )


def erlang_c(n_servers: int, load: float) -> float:
    """The share of requests that wait: Erlang's second formula, for M/M/c.

    C = B / (1 - a/n (1 - B)), with B the first formula by B_k = a B_(k-1) / (k + a B_(k-1)),
    B_0 = 1; a is the load in erlangs (busy servers on the mean), n the servers. A. K. Erlang,
    Solution of some problems in the theory of probabilities of significance in automatic telephone
    exchanges, 1917. Holds for a < n; everyone waits otherwise. Random arrivals, exponential times.
    """
    if load <= 0:
        return 0.0
    if load >= n_servers:
        return 1.0
    blocked = 1.0
    for k in range(1, n_servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked / (1 - load / n_servers * (1 - blocked))


def servers_for(load: float, waiting: float) -> int:
    """The fewest servers at which no larger share of requests waits; none for no load."""
    if load <= 0:
        return 0
    n_servers = math.floor(load) + 1
    while erlang_c(n_servers, load) > waiting:
        n_servers += 1
    return n_servers


def mean_wait_s(n_servers: int, load: float, service_s: float) -> float:
    """W = C s / (n - a) over all requests (M/M/c), with s the time that one takes, in s."""
    return erlang_c(n_servers, load) * service_s / (n_servers - load) if load > 0 else 0.0


def backlog_s(load: float, n_workers: int) -> float:
    """How long what came last in the busiest hour waits: (a/n - 1) hours, if above zero.

    `load` is the busiest hour's work in busy workers; fluid, so right for many short jobs.
    """
    return max(0.0, load / n_workers - 1) * HOUR_S if n_workers else 0.0
