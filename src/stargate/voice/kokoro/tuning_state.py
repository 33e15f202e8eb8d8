"""How far a tuning is: enough to go on from, to the very numbers that it would have reached."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stargate.voice.kokoro.styles import Floats


@dataclass(frozen=True, slots=True)
class TuningState:
    """After `step` steps: the offset, and the moments of Adam after `n_updates` of them.

    Adam moves only where the gradient is finite, so there may be fewer updates than steps.
    """

    step: int
    offset: Floats
    n_updates: int
    mean: Floats
    square: Floats

    @staticmethod
    def begun(n_style: int) -> TuningState:
        """Before the first step."""
        nothing = np.zeros(n_style, np.float32)
        return TuningState(0, nothing, 0, nothing, nothing)

    @staticmethod
    def of(step: int, offset: Tensor, optimiser: torch.optim.Adam) -> TuningState:
        """After a step."""
        moments = optimiser.state[offset]
        if not moments:
            nothing = np.zeros(len(offset), np.float32)
            return TuningState(step, _array(offset), 0, nothing, nothing)
        mean, square = _array(moments["exp_avg"]), _array(moments["exp_avg_sq"])
        return TuningState(step, _array(offset), int(moments["step"]), mean, square)

    def resumed(self, learning_rate: float) -> tuple[Tensor, torch.optim.Adam]:
        """The offset, and an optimiser that goes on from here."""
        offset = torch.from_numpy(self.offset.copy()).requires_grad_()
        optimiser = torch.optim.Adam([offset], lr=learning_rate)
        if self.n_updates:
            moments = {
                "step": torch.tensor(float(self.n_updates)),
                "exp_avg": torch.from_numpy(self.mean.copy()),
                "exp_avg_sq": torch.from_numpy(self.square.copy()),
            }
            groups = optimiser.state_dict()["param_groups"]
            optimiser.load_state_dict({"state": {0: moments}, "param_groups": groups})
        return offset, optimiser

    def to_bytes(self, label: str) -> bytes:
        """The state as a file; `label` says what the tuning rests on."""
        buffer = io.BytesIO()
        counts = np.array([self.step, self.n_updates])
        arrays = {"offset": self.offset, "mean": self.mean, "square": self.square}
        np.savez(buffer, label=np.array(label), counts=counts, **arrays)
        return buffer.getvalue()

    @staticmethod
    def from_bytes(data: bytes, label: str) -> TuningState | None:
        """The state in a file of `to_bytes`; None if there is none, or it rests on other things."""
        if not data:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            if str(file["label"]) != label:
                return None
            step, n_updates = map(int, file["counts"])
            return TuningState(step, file["offset"], n_updates, file["mean"], file["square"])


def _array(tensor: Tensor) -> Floats:
    return np.array(tensor.detach().numpy(), np.float32)
