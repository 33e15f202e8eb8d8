"""The ONNX operators in torch, against NumPy or against what the specification says."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [voice]: torch")

from stargate.voice.kokoro.differentiable import _runs, _spent  # noqa: E402
from stargate.voice.kokoro.graph import Node  # noqa: E402
from stargate.voice.kokoro.operators import OPERATORS  # noqa: E402


def run(op: str, *inputs: object, **attributes: object) -> np.ndarray:
    tensors = [None if x is None else torch.tensor(x) for x in inputs]
    result = OPERATORS[op](tensors, attributes)
    return np.asarray(result if isinstance(result, torch.Tensor) else result[0])


def test_gather_counts_negative_indices_from_the_end() -> None:
    assert run("Gather", [[1, 2], [3, 4]], [-1], axis=1).tolist() == [[2], [4]]


def test_reshape_copies_a_dimension_where_the_shape_says_zero() -> None:
    assert run("Reshape", [[1, 2, 3], [4, 5, 6]], [0, -1, 1]).shape == (2, 3, 1)


def test_slice_may_run_backwards() -> None:
    back = run("Slice", [0, 1, 2, 3, 4], [-1], [-9], [0], [-2])
    assert back.tolist() == [4, 2, 0]


def test_integers_divide_to_integers_and_nought_by_nought_is_nought() -> None:
    assert run("Div", [7], [2]).tolist() == [3]
    assert run("Div", [0.0], [0.0]).tolist() == [0.0]


def test_unequal_padding_of_a_convolution_is_laid_where_it_belongs() -> None:
    y = run("Conv", [[[1.0, 2.0, 3.0]]], [[[1.0, 10.0]]], pads=[1, 0], strides=[1])
    assert y.tolist() == [[[10.0, 21.0, 32.0]]]


def test_a_missing_optional_input_keeps_the_place_of_the_next() -> None:
    y = run("Resize", [[[1.0, 2.0]]], None, [1.0, 1.0, 2.0], mode=b"nearest")
    assert y.tolist() == [[[1.0, 1.0, 2.0, 2.0]]]


def test_edge_padding_repeats_the_last_value_and_constant_padding_any_axis() -> None:
    assert run("Pad", [[[1.0, 2.0]]], [0, 0, 0, 0, 0, 1], mode=b"edge").tolist() == [[[1, 2, 2]]]
    assert run("Pad", [[1.0]], [1, 0, 0, 1]).tolist() == [[0.0, 0.0], [1.0, 0.0]]


def test_runs_keep_heavy_operators_alone_and_forget_what_is_spent() -> None:
    nodes = [
        Node("Add", ("x", "x"), ("a",), {}, ""),
        Node("Mul", ("a", "a"), ("b",), {}, ""),
        Node("Conv", ("b", "w"), ("c",), {}, ""),
        Node("Sin", ("c",), ("d",), {}, ""),
        Node("Add", ("d", "a"), ("audio",), {}, ""),
    ]
    first, conv, last = _runs(nodes, ("audio",))
    assert (first.light, conv.light, last.light) == (True, False, True)
    assert first.writes == ("a", "b")
    assert last.reads == ("a", "c")
    assert _spent(last.nodes, last.writes) == (("c",), ("a", "d"))
