"""How many replicas a service holds: hour by hour as many as its load asks for."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace

from stargate.control.admission import replicas_for, scale
from stargate.control.state import cancel
from stargate.fleet.scenario import Service, Task
from stargate.fleet.under_way import Event, Simulation, come
from stargate.units import HOUR_S


def scale_services(it: Simulation, subject: int, attempt: int) -> None:
    """A new hour: as many replicas of each service as its load asks for."""
    del subject, attempt
    for service in it.scenario.services:
        held = it.replicas[service.id]
        rate = service.rate_per_s(it.now_s)
        wanted = replicas_for(rate, service.service_s, service.waiting, service.replicas_max)
        change = scale(len(held), wanted)
        for _ in range(change):
            if not _grow(it, service):
                break
        for _ in range(-change):
            _shrink(it, service)
    heapq.heappush(it.events, (it.now_s + HOUR_S, Event.SCALE, 0, 0))


def _grow(it: Simulation, service: Service) -> bool:
    """One replica more, unless it is refused."""
    name = f"{service.id}/{len(it.number)}"
    if not come(it, Task(it.now_s, replace(service.replica, id=name), math.inf)):
        return False
    it.replicas[service.id].append(name)
    it.serves[name] = service.id
    return True


def _shrink(it: Simulation, service: Service) -> None:
    """Let a replica go: one that still waits to start, or the one that is idle first."""
    held, queue = it.replicas[service.id], it.queues[service.id]
    waits = next((name for name in reversed(held) if name not in it.state.running), None)
    if waits is not None:
        held.remove(waits)
        del it.serves[waits]
        cancel(it.state, waits, it.now_s)
        it.ledger.withdraw(it.number[waits], it.now_s)
        return
    name, idle_s = queue.first_to_go(it.now_s)
    held.remove(name)
    del it.serves[name]
    entry = (idle_s, int(Event.RELEASE), it.number[name], it.attempt[name])
    heapq.heappush(it.events, entry)
