"""One way to run networks on the CPU: few threads, no idle spinning, no chatter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(model: Path, n_threads: int) -> InferenceSession:
    """The network in a file, ready to run on the CPU.

    Its memory comes from an arena that grows by what is asked for. Without one, every run takes
    memory from the system and gives it back, which was measured to double the processor time of
    10 s of speech and to take 2.2 GB at the peak instead of 0.4. No pattern of memory is kept for
    each length of input: lengths hardly recur, and the first run of each would pay for it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.log_severity_level = 3
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    arena = {"arena_extend_strategy": "kSameAsRequested"}
    providers = [("CPUExecutionProvider", arena)]
    return onnxruntime.InferenceSession(str(model), options, providers=providers)


def calm_torch() -> None:
    """Let torch compute on one thread.

    Its idle threads spin: on a busy machine two of them were measured to take ten times the
    processor time of one for the same small convolution, and no less time.
    """
    import torch

    torch.set_num_threads(1)
