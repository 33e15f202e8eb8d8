"""Kokoro in torch: the same sound as onnxruntime's, with a gradient to the style.

Memory is what limits tuning on a small machine. Between two convolutions lie about ten
elementwise operators (normalisation, the snake x + sin^2(ax)/a, scales) that would each keep
their input for the backward pass. Runs of such light operators are checkpointed: they keep the
run's input alone and are computed again when the gradient comes by, which costs little, while the
heavy operators (convolutions, products, LSTMs) are computed once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

from stargate.voice.kokoro.graph import Graph, Node, dequantise, read_graph
from stargate.voice.kokoro.operators import OPERATORS

AUDIO = "audio"
PITCH_HZ = "/encoder/Reshape_output_0"
LARGE = 100_000  # numbers; smaller tensors are not worth halving
HEAVY = frozenset({"Conv", "ConvTranspose", "MatMul", "FusedMatMul", "LSTM"})


@dataclass(frozen=True, slots=True)
class Run:
    """Operators executed together: what they read from outside, and what of theirs is read."""

    nodes: tuple[Node, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    spent: tuple[tuple[str, ...], ...]  # after each operator, the names that no later one reads
    light: bool


class DifferentiableKokoro:
    """The network; call it with tokens and a style to get the waveform and the pitch contour."""

    def __init__(self, model: Path) -> None:
        graph = dequantise(read_graph(model))
        self._constants: dict[str, Tensor] = {
            name: _tensor(weight) for name, weight in graph.weights.items()
        }
        self._lstms = {n.name: _torch_lstm(n, graph) for n in graph.nodes if n.op == "LSTM"}
        self._runs = _runs(self._fold(graph.nodes), (AUDIO, PITCH_HZ))
        read = {name for run in self._runs for node in run.nodes for name in node.inputs}
        self._constants = {k: v for k, v in self._constants.items() if k in read}
        self._last_use = {name: i for i, run in enumerate(self._runs) for name in run.reads}

    def __call__(self, tokens: Sequence[int], style: Tensor) -> tuple[Tensor, Tensor]:
        """(waveform at 24 kHz, pitch contour in Hz) of tokens (framed by 0) said in a style."""
        values: dict[str, Tensor] = {
            "tokens": torch.tensor([list(tokens)]),
            "style": style.reshape(1, -1),
            "speed": torch.ones(1),
        }
        for i, run in enumerate(self._runs):
            with saved_tensors_hooks(_halved, _restored):
                outputs = self._execute(run, values)
            values.update(zip(run.writes, outputs, strict=True))
            for name in run.reads:
                if self._last_use[name] == i and name not in (AUDIO, PITCH_HZ):
                    values.pop(name, None)
        return values[AUDIO].ravel(), values[PITCH_HZ].ravel()

    def _execute(self, run: Run, values: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        inputs = tuple(values[name] for name in run.reads if name in values)
        names = tuple(name for name in run.reads if name in values)

        def compute(*tensors: Tensor) -> tuple[Tensor, ...]:
            local = dict(zip(names, tensors, strict=True))
            for i, node in enumerate(run.nodes):
                self._apply(node, local)
                for name in run.spent[i]:
                    local.pop(name, None)
            return tuple(local[name] for name in run.writes)

        if run.light and torch.is_grad_enabled():
            result: tuple[Tensor, ...] = checkpoint(
                compute, *inputs, use_reentrant=False, preserve_rng_state=False
            )
            return result
        return compute(*inputs)

    def _apply(self, node: Node, local: dict[str, Tensor]) -> None:
        inputs = [
            None if not name else local[name] if name in local else self._constants[name]
            for name in node.inputs
        ]
        if node.op == "LSTM":
            outputs: Sequence[Tensor] = _run_lstm(self._lstms[node.name], local[node.inputs[0]])
        else:
            result = OPERATORS[node.op](inputs, node.attributes)
            outputs = [result] if isinstance(result, Tensor) else result
        local.update((name, t) for name, t in zip(node.outputs, outputs, strict=False) if name)

    def _fold(self, nodes: Sequence[Node]) -> list[Node]:
        """Compute once what depends on weights alone; the nodes that remain."""
        remaining = []
        with torch.no_grad():
            for node in nodes:
                if node.op != "LSTM" and all(n in self._constants for n in node.inputs if n):
                    self._apply(node, self._constants)
                else:
                    remaining.append(node)
        return remaining


def _runs(nodes: Sequence[Node], wanted: Sequence[str]) -> list[Run]:
    """Group neighbouring light operators; each heavy one stands alone."""
    groups: list[tuple[Node, ...]] = []
    for heavy, neighbours in groupby(nodes, lambda node: node.op in HEAVY):
        members = tuple(neighbours)
        groups.extend(((node,) for node in members) if heavy else [members])
    runs: list[Run] = []
    read_later = set(wanted)
    for group in reversed(groups):
        made = {name for node in group for name in node.outputs if name}
        reads = {name for node in group for name in node.inputs if name} - made
        writes = tuple(sorted(made & read_later))
        read_later |= reads
        light = group[0].op not in HEAVY and len(group) > 1
        runs.append(Run(group, tuple(sorted(reads)), writes, _spent(group, writes), light))
    return runs[::-1]


def _spent(nodes: Sequence[Node], kept: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """After each of the nodes, the names to let go of."""
    seen = {"", *kept}
    spent = []
    for node in reversed(nodes):
        last = {*node.inputs, *node.outputs} - seen
        spent.append(tuple(sorted(last)))
        seen |= last
    return tuple(spent[::-1])


def _torch_lstm(node: Node, graph: Graph) -> torch.nn.LSTM:
    """Gates are stacked as input, output, forget, cell in ONNX; as i, f, c, o in torch."""
    inward, recurrent, bias = (graph.weights[name] for name in node.inputs[1:4])
    n_directions, _, n_inputs = inward.shape
    n_hidden = int(node.attributes["hidden_size"])
    lstm = torch.nn.LSTM(n_inputs, n_hidden, bidirectional=n_directions == 2)
    order = np.concatenate([np.arange(n_hidden) + gate * n_hidden for gate in (0, 2, 3, 1)])
    for direction, suffix in enumerate(("", "_reverse")[:n_directions]):
        parts = {
            "weight_ih_l0": inward[direction],
            "weight_hh_l0": recurrent[direction],
            "bias_ih_l0": bias[direction, : 4 * n_hidden],
            "bias_hh_l0": bias[direction, 4 * n_hidden :],
        }
        for name, values in parts.items():
            _load(getattr(lstm, name + suffix), values[order])
    return lstm.requires_grad_(False)


def _tensor(weight: NDArray[np.generic]) -> Tensor:
    """The weight without a copy where torch may own it."""
    return torch.from_numpy(weight if weight.flags.writeable else np.array(weight))


def _halved(tensor: Tensor) -> Tensor:
    """What waits for the backward pass waits in 16 bits if it is large: the gradient bears it."""
    large = tensor.dtype == torch.float32 and tensor.numel() >= LARGE
    return tensor.to(torch.bfloat16) if large and tensor.requires_grad else tensor


def _restored(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype == torch.bfloat16 else tensor


def _load(parameter: Tensor, values: NDArray[np.generic]) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def _run_lstm(lstm: torch.nn.LSTM, x: Tensor) -> list[Tensor]:
    """Y is [time, direction, batch, hidden] in ONNX and [time, batch, direction x hidden] here."""
    y, (hidden, cell) = lstm(x)
    n_times, n_batch, _ = y.shape
    n_directions = 2 if lstm.bidirectional else 1
    return [y.reshape(n_times, n_batch, n_directions, -1).permute(0, 2, 1, 3), hidden, cell]
