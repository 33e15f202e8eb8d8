"""A tuning that is stopped, or whose process is killed, comes to the same offset to the bit.

The network is a toy of eight styles with a gradient; `test_whole` does it with the real one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [voice]: torch")

from stargate.store.voices import Consent, VoiceStore  # noqa: E402
from stargate.voice.draft import NO_DRAFT, Draft, SealedDraft, draft_key  # noqa: E402
from stargate.voice.kokoro.tuning import COOLEST, Plan, learning_rate, tune  # noqa: E402

N_STYLE = 8
PLAN = Plan(n_steps=12)
AGREED = Consent("cons_1", "acme", "Ada", "en", "reading", "", "accepted", 1.0, 9.0)


class Toy:
    """A wave that follows the style; counts its calls."""

    def __init__(self) -> None:
        self.n_calls = 0

    def __call__(self, tokens: list[int], style: Any) -> tuple[Any, Any]:
        self.n_calls += 1
        wave = torch.sin(style * (1.0 + len(tokens))).cumsum(0)
        return wave, 100 + 10 * style


class ToyTarget:
    """Errors that are smooth, and of which one is drawn at random."""

    def similarity(self, wave: Any) -> Any:
        return torch.cos(wave - 1.0).mean()

    def pitch_error(self, pitch: Any) -> Any:
        return (pitch.log().mean() - 4.7) ** 2

    def spectrum_error(self, wave: Any) -> Any:
        return wave.abs().mean()

    def texture_distance(self, wave: Any, generator: Any) -> Any:
        return (wave * torch.randn(N_STYLE, generator=generator)).mean().abs()


@dataclass
class Shelf:
    """A draft in memory that can end a tuning after some steps."""

    state: bytes = b""
    stops_after: int = 10**6
    written: list[bytes] = field(default_factory=list)

    def read(self) -> bytes:
        return self.state

    def write(self, state: bytes) -> None:
        self.state = state
        self.written.append(state)
        if len(self.written) >= self.stops_after:
            raise KeyboardInterrupt


def tuned(draft: Draft, toy: Toy | None = None, plan: Plan = PLAN, label: str = "w") -> np.ndarray:
    sentences = [([0, 1, 0], np.full(N_STYLE, 0.3)), ([0, 1, 2, 0], np.full(N_STYLE, 0.1))]
    spread = np.linspace(0.1, 1.0, N_STYLE).astype(np.float32)
    network: Any = toy or Toy()
    target: Any = ToyTarget()
    return tune(network, target, sentences, spread, plan, draft=draft, label=label)


@pytest.mark.parametrize("stops_after", [1, 5, 12])
def test_one_that_was_stopped_goes_on_where_it_was(stops_after: int) -> None:
    shelf = Shelf(stops_after=stops_after)
    with pytest.raises(KeyboardInterrupt):
        tuned(shelf)
    toy = Toy()
    assert np.array_equal(tuned(Shelf(shelf.state), toy), tuned(NO_DRAFT))
    assert toy.n_calls == PLAN.n_steps - stops_after


def test_every_step_moves_the_offset_so_that_the_comparison_means_something() -> None:
    ends = [tuned(NO_DRAFT, plan=replace(PLAN, n_steps=n)) for n in (11, 12)]
    assert not np.array_equal(*ends)
    assert np.abs(ends[1]).max() > 0.01


def test_what_rests_on_other_weights_or_another_plan_begins_anew() -> None:
    shelf = Shelf(stops_after=5)
    with pytest.raises(KeyboardInterrupt):
        tuned(shelf)
    for plan, label in ((replace(PLAN, pull=0.2), "w"), (PLAN, "other weights")):
        toy = Toy()
        tuned(Shelf(shelf.state), toy, plan, label)
        assert toy.n_calls == PLAN.n_steps


def test_a_gradient_that_is_not_finite_moves_nothing_and_is_counted_as_a_step() -> None:
    class Broken(Toy):
        def __call__(self, tokens: list[int], style: Any) -> tuple[Any, Any]:
            wave, pitch = super().__call__(tokens, style)
            return wave * (float("nan") if self.n_calls <= 2 else 1.0), pitch

    whole, shelf = tuned(NO_DRAFT, Broken()), Shelf(stops_after=1)
    with pytest.raises(KeyboardInterrupt):
        tuned(shelf, Broken())
    rest = Broken()
    rest.n_calls = 1
    assert np.isfinite(whole).all()
    assert np.array_equal(tuned(Shelf(shelf.state), rest), whole)


def test_the_rate_falls_from_the_plans_to_the_coolest() -> None:
    rates = [learning_rate(step, PLAN) for step in range(PLAN.n_steps + 1)]
    assert rates[0] == PLAN.learning_rate
    assert rates[-1] == pytest.approx(COOLEST)
    assert rates == sorted(rates, reverse=True)


def sealed_draft(store: VoiceStore) -> SealedDraft:
    from stargate.voice.vault import FileVault

    vault = FileVault(store._database.file.with_name("keys"))
    key = draft_key("cons_1", "kokoro-tuned", np.zeros(9, np.float32))
    return SealedDraft(key, "cons_1", store.drafts, vault, lambda: 1.0)


@dataclass
class KillsAfter:
    """A draft whose process dies, as when memory runs out, once so many states were kept."""

    draft: SealedDraft
    n_left: int

    def read(self) -> bytes:
        return self.draft.read()

    def write(self, state: bytes) -> None:
        self.draft.write(state)
        self.n_left -= 1
        if not self.n_left:
            os.kill(os.getpid(), signal.SIGKILL)


def dies(file: Path) -> None:
    tuned(KillsAfter(sealed_draft(VoiceStore(file)), 7))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VoiceStore]:
    pytest.importorskip("cryptography", reason="needs the extra [voice]: cryptography")
    store = VoiceStore(tmp_path / "voices.db")
    store.add(AGREED)
    yield store
    store.close()


def test_one_whose_process_was_killed_goes_on_from_the_sealed_draft(
    store: VoiceStore, tmp_path: Path
) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=dies, args=(tmp_path / "voices.db",)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    draft, toy = sealed_draft(store), Toy()
    assert np.array_equal(tuned(draft, toy), tuned(NO_DRAFT))
    assert toy.n_calls == PLAN.n_steps - 7
    kept = store.drafts.read(draft.key)
    assert kept is not None
    assert b"offset" not in kept
    assert b"offset" in draft.read()
