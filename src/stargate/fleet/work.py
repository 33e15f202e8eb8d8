"""From the jobs of a document to tasks: gangs that train, voices that are learnt and spoken."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.control.job import NO_CHECKPOINTS, Checkpoints, Job, gang
from stargate.engine.streams import stream
from stargate.fleet.day import HOURS, day_profile
from stargate.fleet.scenario import Hardware, Service, Task
from stargate.perf.question import question_of
from stargate.perf.search import predict, search
from stargate.plant.reliability import daly_interval_s, mean_time_between_failures_s
from stargate.spec.document import Document
from stargate.spec.fleet import Fleet, FleetJob, Saving
from stargate.spec.job import TrainingJob
from stargate.spec.voice import VoiceWorkload
from stargate.units import DAY_S, HOUR_S

RESTART = "cold_recovery_16k"
LEARNING_S, LEARNING_BYTES = "voice_enrolment_time", "voice_enrolment_memory"
SPEECH_COST, SPEAKING_BYTES = "voice_speech_cost", "voice_replica_memory"

Value = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class JobMaker:
    """Makes the work of a document; draws what comes at random from streams of the jobs' names."""

    document: Document
    fleet: Fleet
    hardware: Sequence[Hardware]
    facts: Value
    seed: int

    def work(self) -> tuple[tuple[Task, ...], tuple[Service, ...]]:
        """All tasks, and the services that go on throughout."""
        tasks, services = list[Task](), list[Service]()
        for job in self.fleet.jobs:
            workload = self.document.workloads.get(job.workload or "")
            if isinstance(workload, VoiceWorkload):
                tasks += self._enrolments(job, workload)
                services += self._speaking(job, workload)
            else:
                tasks += self._gangs(job, workload)
        return tuple(tasks), tuple(services)

    def _gangs(self, job: FleetJob, workload: TrainingJob | None) -> Iterator[Task]:
        cluster = job.cluster if workload is None else workload.cluster
        hardware = next(each for each in self.hardware if each.pool.id == cluster)
        n = (job.accelerators if workload is None else workload.accelerators) or (
            hardware.pool.n_slots
        )
        step_s = math.nan if workload is None else self._step_s(job)
        work_s = job.duration_s or _training_s(workload, step_s)
        workers, slots = gang(n, hardware.pool.slots)
        marks = self._checkpoints(job.checkpoint, hardware, n)
        times = list(self._arrivals(job))
        for i, at_s in enumerate(times):
            name = job.id if len(times) == 1 else f"{job.id}-{i + 1}"
            yield Task(
                at_s,
                Job(
                    name,
                    workers,
                    slots,
                    expected_s=work_s * job.overestimate,
                    resource=hardware.pool.resource,
                    tenant=job.tenant or "",
                    priority=job.priority,
                    preemptible=job.preemptible,
                    checkpoints=marks,
                ),
                work_s,
                step_s,
            )

    def _step_s(self, job: FleetJob) -> float:
        """The time of a step, predicted, by the strategy stated or the best there is."""
        asked = question_of(self.document, job.workload)
        if asked.strategy is None:
            found = search(asked.model, asked.machine, asked.workload, n_alternatives=1)
        else:
            found = predict(asked.model, asked.machine, asked.workload, asked.strategy)
        return found.best.step_time_s

    def _checkpoints(self, said: Saving | None, hardware: Hardware, n: int) -> Checkpoints:
        """As stated; the best interval by Daly where none is."""
        if said is None:
            return NO_CHECKPOINTS
        restart_s = self.facts(RESTART) if said.restart_s is None else said.restart_s
        rate = hardware.failures_per_node_s / hardware.pool.slots
        mtbf_s = mean_time_between_failures_s(rate, n)
        every_s = said.every_s or daly_interval_s(said.cost_s, mtbf_s)
        return Checkpoints(every_s or math.inf, said.cost_s, restart_s)

    def _arrivals(self, job: FleetJob) -> Iterator[float]:
        """When the jobs come: once, like clockwork, or at random (Poisson)."""
        many = job.every_s is not None or job.rate_per_s is not None
        left = job.count if job.count is not None else math.inf if many else 1
        rng, at_s = stream(self.seed, "arrivals", job.id), job.at_s
        if job.rate_per_s is not None:
            at_s += float(rng.exponential(1.0 / job.rate_per_s))
        while left > 0 and at_s < self.fleet.horizon_s:
            yield at_s
            left -= 1
            gap = job.every_s or math.inf
            at_s += float(rng.exponential(1.0 / job.rate_per_s)) if job.rate_per_s else gap

    def _enrolments(self, job: FleetJob, voices: VoiceWorkload) -> Iterator[Task]:
        """A batch job of one core for each voice; random within each hour of the day."""
        work_s, memory_bytes = self.facts(LEARNING_S), self.facts(LEARNING_BYTES)
        profile, rng = day_profile(voices.peak_factor), stream(self.seed, "enrolments", job.id)
        if not voices.enrolments_per_s:
            return
        n = 0
        for hour in range(math.ceil(self.fleet.horizon_s / HOUR_S)):
            mean = voices.enrolments_per_s * HOUR_S * profile[hour % HOURS]
            for at_s in np.sort(rng.random(rng.poisson(mean))) * HOUR_S + hour * HOUR_S:
                n += 1
                learn = self._voice_job(job, f"{job.id}-voice-{n}", memory_bytes, work_s)
                yield Task(float(at_s), learn, work_s)

    def _speaking(self, job: FleetJob, voices: VoiceWorkload) -> Iterator[Service]:
        """Requests of exponential length (M/M/c), as `perf.voice_capacity` takes them."""
        if not voices.spoken_per_day_s:
            return
        mean = voices.spoken_per_day_s / DAY_S / voices.utterance_s
        most = sum(h.pool.n_slots for h in self.hardware if h.pool.resource == "core")
        yield Service(
            f"{job.id}-speak",
            self._voice_job(
                job, f"{job.id}-speak", self.facts(SPEAKING_BYTES), math.inf, "service"
            ),
            tuple(mean * share for share in day_profile(voices.peak_factor)),
            service_s=voices.utterance_s * self.facts(SPEECH_COST),
            waiting=voices.waiting,
            replicas_max=most,
        )

    def _voice_job(
        self, job: FleetJob, name: str, memory_bytes: float, work_s: float, kind: str = "batch"
    ) -> Job:
        """One process on one core; speaking goes before learning, and is not sent away."""
        speaks = kind == "service"
        return Job(
            name,
            expected_s=work_s,
            resource="core",
            tenant=job.tenant or "",
            priority=job.priority + speaks,
            memory_bytes=memory_bytes,
            sites=job.sites,
            kind="service" if speaks else "batch",
            preemptible=job.preemptible and not speaks,
        )


def _training_s(workload: TrainingJob | None, step_s: float) -> float:
    """Time to see all tokens: steps x time of a step."""
    assert workload is not None, "the document's checks let no such job pass"
    assert workload.tokens is not None, "the document's checks let no such job pass"
    steps = math.ceil(workload.tokens / (workload.global_batch * workload.seq_len))
    return steps * step_s
