"""A quantised network turned back to floats computes what the quantised one approximates."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stargate.voice.kokoro.graph import Graph, Node, dequantise


def node(op: str, inputs: str, outputs: str, name: str = "") -> Node:
    return Node(op, tuple(inputs.split()), tuple(outputs.split()), {}, name)


QUANTISED = Graph(
    (
        node("DynamicQuantizeLinear", "x", "q s z"),
        node("MatMulInteger", "q w z w_zero", "product"),
        node("Cast", "product", "product_float"),
        node("Mul", "s w_scale", "scale"),
        node("Mul", "product_float scale", "y"),
        node("Floor", "bias", "rounded", "layer.bias_quant_rounded"),
        node("Floor", "x", "floor", "a real floor"),
    ),
    {
        "w": np.array([[130, 120], [128, 140]], np.uint8),
        "w_zero": np.array(128, np.uint8),
        "w_scale": np.array(0.5, np.float32),
    },
    ("y",),
)


def test_the_weights_become_floats_and_the_input_passes_unrounded() -> None:
    floats = dequantise(QUANTISED)
    ops = [n.op for n in floats.nodes]
    assert ops == ["Identity", "MatMul", "Cast", "Mul", "Mul", "Identity", "Floor"]
    x = np.array([[0.3, -1.7]], np.float32)
    weights: NDArray[np.generic] = floats.weights["w:float"]
    y = x @ weights * floats.weights["s"] * floats.weights["w_scale"]
    assert y == pytest.approx(np.array([[0.3 * 1, 0.3 * -4 - 1.7 * 6]]), rel=1e-6)


def test_weights_that_nothing_reads_any_more_are_dropped() -> None:
    assert set(dequantise(QUANTISED).weights) == {"s", "w:float", "w_scale"}
