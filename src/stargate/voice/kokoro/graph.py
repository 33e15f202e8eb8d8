"""An ONNX network as plain data, with its integer arithmetic turned back into floating point.

Rounding has no useful gradient, so the quantised network cannot be tuned through. But every
quantised operator y = s_x s_w ((q_x - z_x) * (q_w - z_w)) approximates y = s_w (x * (q_w - z_w)):
take s_x = 1 and pass x through unrounded, and the rest of the graph (which multiplies by s_w)
stands as it is. No scale has to be searched for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.generic]]
# A number, a text in bytes, a list of numbers or an array: each operator knows which of its own.
Attribute = Any


@dataclass(frozen=True, slots=True)
class Node:
    """One operator: names of what it reads and writes, and its attributes."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    name: str


@dataclass(frozen=True, slots=True)
class Graph:
    """A network: operators in an order in which they can run, its weights, what it returns."""

    nodes: tuple[Node, ...]
    weights: Weights
    outputs: tuple[str, ...]


def read_graph(path: Path) -> Graph:
    """The network in an ONNX file."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path)).graph
    weights = {w.name: numpy_helper.to_array(w) for w in model.initializer}
    nodes = tuple(
        Node(
            node.op_type,
            tuple(node.input),
            tuple(node.output),
            {a.name: _attribute(onnx.helper.get_attribute_value(a)) for a in node.attribute},
            node.name,
        )
        for node in model.node
    )
    return Graph(nodes, weights, tuple(output.name for output in model.output))


def _attribute(value: object) -> Attribute:
    from onnx import TensorProto, numpy_helper

    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else value


def dequantise(graph: Graph) -> Graph:
    """The same network in floating point: see the module's text for why this is exact enough."""
    weights = dict(graph.weights)
    nodes = tuple(_REWRITES.get(node.op, _unchanged)(node, weights) for node in graph.nodes)
    used = {name for node in nodes for name in node.inputs}
    return Graph(nodes, {k: w for k, w in weights.items() if k in used}, graph.outputs)


def _unchanged(node: Node, _weights: Weights) -> Node:
    return node


def _pass_through(node: Node, weights: Weights) -> Node:
    """DynamicQuantizeLinear(x) -> q, scale, zero: hand x on, with scale 1."""
    weights[node.outputs[1]] = np.array(1.0, np.float32)
    return Node("Identity", node.inputs[:1], node.outputs[:1], {}, node.name)


def _product(op: str) -> Callable[[Node, Weights], Node]:
    """MatMulInteger and ConvInteger(x, q_w, z_x, z_w): the product with q_w - z_w as floats."""

    def rewrite(node: Node, weights: Weights) -> Node:
        quantised = weights[node.inputs[1]].astype(np.float32)
        zero = weights[node.inputs[3]].astype(np.float32)
        if zero.ndim == 1 and zero.size > 1 and op == "Conv":
            zero = zero.reshape(-1, *[1] * (quantised.ndim - 1))
        name = f"{node.inputs[1]}:float"
        weights[name] = quantised - zero
        return replace(node, op=op, inputs=(node.inputs[0], name))

    return rewrite


def _lstm(node: Node, weights: Weights) -> Node:
    """DynamicQuantizeLSTM keeps W and R as [direction, input, 4 hidden]; LSTM transposes them."""
    names = node.inputs
    for source, scale, zero in ((names[1], names[8], names[9]), (names[2], names[10], names[11])):
        floats = _scaled(weights[source], weights[scale], weights[zero])
        weights[f"{source}:float"] = np.ascontiguousarray(floats.transpose(0, 2, 1))
    inputs = (names[0], f"{names[1]}:float", f"{names[2]}:float", names[3])
    return replace(node, op="LSTM", inputs=inputs)


def _scaled(
    quantised: NDArray[np.generic], scale: NDArray[np.generic], zero: NDArray[np.generic]
) -> NDArray[np.float32]:
    """scale * (quantised - zero), scale and zero per direction or per direction and column."""
    every = slice(None)
    axes = ((), (every, None, None), (every, None, every))[scale.ndim]
    floats = quantised.astype(np.float32) - zero.astype(np.float32)[axes]
    return floats * scale.astype(np.float32)[axes]


def _unrounded_bias(node: Node, _weights: Weights) -> Node:
    """Biases are rounded to integers of scale s_x s_w; in floating point they need not be."""
    if node.name.endswith(("bias_quant_rounded", "bias_quantized_node")):
        return Node("Identity", node.inputs, node.outputs, {}, node.name)
    return node


_REWRITES: dict[str, Callable[[Node, Weights], Node]] = {
    "DynamicQuantizeLinear": _pass_through,
    "MatMulInteger": _product("MatMul"),
    "ConvInteger": _product("Conv"),
    "DynamicQuantizeLSTM": _lstm,
    "Floor": _unrounded_bias,
    "Cast": _unrounded_bias,
}
