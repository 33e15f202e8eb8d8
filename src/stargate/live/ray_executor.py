"""Runs attempts as Ray actors: one for each member, on the node that was decided.

The actors are detached, so they go on while no controller lives, and are found again by name. A
gang is prepared first, all members or none, and let go when every actor answers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from stargate.live.cluster import NODE
from stargate.live.executor import Began, Ended, NodeDown, NodeUp, Report, Run
from stargate.live.home import LiveHome
from stargate.live.machine import Machine
from stargate.live.order import Order
from stargate.live.runner import THREADS, Runner, write_order

NAMESPACE = "stargate"
PREPARED_WITHIN_S = 60.0
LOOK_AT_NODES_EVERY_S = 0.5
LOST = "the worker or its node is gone"
NOT_PREPARED = "not every member could be brought up"


@dataclass(slots=True)
class _Gang:
    """An attempt under way. `waits` holds, for each member not there yet or not done, its ref."""

    run: Run
    order: Order
    actors: list[Any]
    deadline_s: float
    going: bool = False
    waits: dict[Any, int] = field(default_factory=dict[Any, int])
    whys: list[str] = field(default_factory=list[str])
    stopping: bool = False


class RayExecutor:
    """Carries out what the controller decides, on the cluster that this process has joined."""

    def __init__(self, home: LiveHome, machine: Machine) -> None:
        import ray

        self._ray, self._home, self._machine = ray, home, machine
        self._runner: Any = ray.remote(Runner)
        self._gangs: dict[Run, _Gang] = {}
        self._up: set[int] = set()
        self._looked_s = -LOOK_AT_NODES_EVERY_S
        self._first_look = True

    def start(self, run: Run, order: Order) -> None:
        """Bring up an actor for each member; they are let go by `reports` when all are there."""
        self._home.checkpoint(run.job).mkdir(parents=True, exist_ok=True)
        self._prepare(run, order, [self._actor(run, m, order) for m in range(len(run.nodes))])

    def adopt(self, run: Run, order: Order) -> None:
        """Find the actors of an attempt and let them go again, which those that run do not mind."""
        found = [self._found(_name(run, member)) for member in range(len(run.nodes))]
        self._prepare(run, order, found)
        if None in found:
            self._abandon(self._gangs[run], LOST)

    def stop(self, run: Run) -> None:
        """The wardens see the file; a gang that is not let go yet never will be."""
        gang = self._gangs.get(run)
        if gang is None:
            return
        gang.stopping = True
        for member in range(len(run.nodes)):
            self._home.member(run, member).stop.touch()
        if not gang.going:
            self._abandon(gang, "stopped before it began")

    def reports(self, timeout_s: float) -> Sequence[Report]:
        """Wait for the first ref of any gang; nodes come before the runs that fell with them."""
        refs = [ref for gang in self._gangs.values() for ref in gang.waits]
        began = [report for ref in self._done(refs, timeout_s) for report in self._ref_done(ref)]
        self._give_up_late_gangs()
        ended = [self._over(gang) for gang in list(self._gangs.values()) if not gang.waits]
        return [*self._nodes(bool(ended)), *began, *ended]

    def _prepare(self, run: Run, order: Order, actors: list[Any]) -> None:
        gang = _Gang(run, order, actors, _now_s() + PREPARED_WITHIN_S)
        there = [(actor, member) for member, actor in enumerate(actors) if actor is not None]
        gang.waits = {actor.ready.remote(): member for actor, member in there}
        self._gangs[run] = gang

    def _done(self, refs: list[Any], timeout_s: float) -> list[Any]:
        """The refs that have an answer; waits for the first."""
        if not refs:
            time.sleep(timeout_s)
            return []
        done, _ = self._ray.wait(refs, num_returns=len(refs), timeout=0)
        return done or self._ray.wait(refs, num_returns=1, timeout=timeout_s)[0]

    def _actor(self, run: Run, member: int, order: Order) -> Any:
        node = self._machine.node_name(run.nodes[member])
        options = {
            "name": _name(run, member),
            "namespace": NAMESPACE,
            "lifetime": "detached",
            "max_restarts": 0,
            "max_concurrency": THREADS,
            "num_cpus": order.cores,
            "label_selector": {NODE: node},
        }
        if order.memory_bytes:
            options["memory"] = int(order.memory_bytes)
        return self._runner.options(**options).remote()

    def _found(self, name: str) -> Any:
        try:
            return self._ray.get_actor(name, namespace=NAMESPACE)
        except ValueError:
            return None

    def _ref_done(self, ref: Any) -> Iterator[Report]:
        """A member is there, has ended, or is lost."""
        gang = next(gang for gang in self._gangs.values() if ref in gang.waits)
        member = gang.waits.pop(ref)
        lost = self._failed(ref)
        if gang.going:
            self._member_ended(gang, member)
        elif lost:
            self._abandon(gang, NOT_PREPARED)
        elif not gang.waits:
            gang.going = True
            for each in range(len(gang.actors)):
                self._let_go(gang, each)
            yield Began(gang.run)

    def _failed(self, ref: Any) -> bool:
        """Whether the actor died over a call."""
        try:
            self._ray.get(ref)
        except self._ray.exceptions.RayError:
            return True
        return False

    def _let_go(self, gang: _Gang, member: int) -> None:
        site = self._machine.sites[gang.run.nodes[member]]
        file = write_order(self._home, gang.run, member, gang.order, site)
        gang.waits[gang.actors[member].run.remote(str(file))] = member

    def _member_ended(self, gang: _Gang, member: int) -> None:
        """Who fails takes the others along."""
        code, why = self._exit(gang.run, member)
        if code != 0 and not gang.stopping:
            who = f"member {member}: " if len(gang.actors) > 1 else ""
            gang.whys.append(who + why)
            self.stop(gang.run)

    def _exit(self, run: Run, member: int) -> tuple[int | None, str]:
        """The exit code that a warden wrote, and why; None if it never got to."""
        file = self._home.member(run, member).exit
        if not file.exists():
            return None, LOST
        told = json.loads(file.read_text(encoding="utf-8"))
        return told["code"], told["why"]

    def _abandon(self, gang: _Gang, why: str) -> None:
        """Wait for nobody; the actors are taken away, and their wardens end what may run."""
        gang.waits.clear()
        gang.whys.append(why)

    def _give_up_late_gangs(self) -> None:
        for gang in self._gangs.values():
            if not gang.going and gang.waits and _now_s() > gang.deadline_s:
                self._abandon(gang, NOT_PREPARED)

    def _over(self, gang: _Gang) -> Ended:
        """Every member has ended: give the cores back."""
        for actor in gang.actors:
            if actor is not None:
                self._ray.kill(actor)
        del self._gangs[gang.run]
        codes = tuple(self._exit(gang.run, member)[0] for member in range(len(gang.actors)))
        return Ended(gang.run, codes, "; ".join(gang.whys))

    def _nodes(self, at_once: bool) -> Iterator[Report]:
        """Which nodes have gone or come since the last look."""
        if not at_once and _now_s() < self._looked_s + LOOK_AT_NODES_EVERY_S:
            return
        self._looked_s = _now_s()
        alive = {node["Labels"].get(NODE) for node in self._ray.nodes() if node["Alive"]}
        every = range(len(self._machine.sites))
        up = {node for node in every if self._machine.node_name(node) in alive}
        known = set(every) if self._first_look else self._up
        yield from map(NodeDown, sorted(known - up))
        yield from map(NodeUp, sorted(up if self._first_look else up - known))
        self._up, self._first_look = up, False


def _name(run: Run, member: int) -> str:
    return f"{run.job}/{run.attempt}/{member}"


def _now_s() -> float:
    return time.monotonic()
