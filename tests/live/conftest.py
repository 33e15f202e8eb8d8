"""An executor on a made-up clock: it runs what it is told to, and fails when the test says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from stargate.live.controller import Controller
from stargate.live.executor import Began, Ended, NodeDown, NodeUp, Report, Run
from stargate.live.machine import Machine
from stargate.live.order import Order
from stargate.store.jobs import JobBook

MACHINE = Machine(("abilene", "abilene", "atlanta"), cores=2, memory_bytes=2**30)


class ControllerDiedError(Exception):
    """The controller's process is gone, in the middle of something."""


class FakeExecutor:
    """A command is two words: how long it takes, in s, and its exit code."""

    def __init__(self, machine: Machine = MACHINE) -> None:
        self.machine = machine
        self.now_s = 0.0
        self.down: set[int] = set()
        self.runs: dict[Run, tuple[Order, float]] = {}
        self.told: list[Report] = []
        self.once: set[Run] = set()
        self.die_in: int | None = None

    def start(self, run: Run, order: Order) -> None:
        self.may_die()
        assert run not in self.once, "an attempt is started once"
        assert run.job not in {other.job for other in self.runs}, "one attempt at a time"
        self.once.add(run)
        if self.down & set(run.nodes):
            self.told.append(Ended(run, (None,) * len(run.nodes), "not prepared"))
            return
        self.runs[run] = (order, self.now_s + float(order.argv[0]))
        assert all(self.held(node) <= self.machine.cores for node in range(len(self.machine.sites)))
        self.told.append(Began(run))

    def adopt(self, run: Run, order: Order) -> None:
        del order
        if run not in self.runs and not any(
            isinstance(r, Ended) and r.run == run for r in self.told
        ):
            self.told.append(Ended(run, (None,) * len(run.nodes), "gone"))

    def stop(self, run: Run) -> None:
        self.may_die()
        self._end(run, -15)

    def reports(self, timeout_s: float) -> Sequence[Report]:
        del timeout_s
        for run, (order, end_s) in list(self.runs.items()):
            if end_s <= self.now_s:
                self._end(run, int(order.argv[1]))
        nodes = range(len(self.machine.sites))
        told, self.told = self.told, []
        return [*(NodeDown(n) if n in self.down else NodeUp(n) for n in nodes), *told]

    def fail_node(self, node: int) -> None:
        self.down.add(node)
        for run in [run for run in self.runs if node in run.nodes]:
            self._end(run, None)

    def lose(self, run: Run) -> None:
        self._end(run, None)

    def held(self, node: int) -> int:
        return sum(order.cores * run.nodes.count(node) for run, (order, _) in self.runs.items())

    def may_die(self) -> None:
        if self.die_in is not None:
            self.die_in -= 1
            if self.die_in < 0:
                self.die_in = None
                raise ControllerDiedError

    def _end(self, run: Run, code: int | None) -> None:
        if self.runs.pop(run, None):
            self.told.append(Ended(run, (code,) * len(run.nodes), "" if code == 0 else str(code)))


class MortalBook(JobBook):
    """A book whose writer may die before or after a write."""

    def __init__(self, file: Path, executor: FakeExecutor) -> None:
        super().__init__(file)
        self.executor = executor

    def write(self, rows, answers=()) -> None:  # type: ignore[no-untyped-def]
        self.executor.may_die()
        super().write(rows, answers)
        self.executor.may_die()


class World:
    """A book, a fake machine, and a controller that is resumed when it dies."""

    def __init__(self, file: Path, machine: Machine = MACHINE) -> None:
        self.executor = FakeExecutor(machine)
        self.machine = machine
        self.book = MortalBook(file, self.executor)
        self.controller: Controller | None = None
        self.n_deaths = 0

    def submit(self, argv: str = "5 0", **wishes: object) -> str:
        order = Order("job", tuple(argv.split()), "/", **wishes)  # type: ignore[arg-type]
        return self.book.submit("job", order.written(), self.executor.now_s)

    def cancel(self, job: str) -> None:
        self.book.ask("cancel", job, self.executor.now_s)

    def step(self) -> None:
        """One step of the controller, who is replaced if it dies of it."""
        try:
            self.controller = self.controller or Controller(
                self.book, self.machine, self.executor, lambda: self.executor.now_s
            )
            self.controller.step()
        except ControllerDiedError:
            self.controller, self.n_deaths = None, self.n_deaths + 1

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.step()
            self.executor.now_s += 1.0
        self.step()


@pytest.fixture
def new_world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], World]:
    return lambda: World(tmp_path_factory.mktemp("machine") / "jobs.db")


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    return new_world()
