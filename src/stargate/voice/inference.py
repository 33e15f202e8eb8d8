"""One way to run networks on the CPU: few threads, no idle spinning, no chatter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(model: Path, n_threads: int) -> InferenceSession:
    """The network in a file, ready to run on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False  # the arena grows by doubling and is never given back
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def calm_torch() -> None:
    """Let torch compute on one thread.

    Its idle threads spin: on a busy machine two of them were measured to take ten times the
    processor time of one for the same small convolution, and no less time.
    """
    import torch

    torch.set_num_threads(1)
