"""The ONNX operators that Kokoro uses, as torch functions: `OPERATORS[op](inputs, attributes)`.

Semantics after the ONNX operator specification (opset 20) and onnxruntime's contributed operators
(FastGelu, FusedMatMul, SkipLayerNormalization). Only the cases that occur in the network are
covered. LSTM is not here: it keeps weights, see `differentiable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from stargate.voice.kokoro.graph import Attribute

Inputs = Sequence[Any]  # a Tensor, or None where the graph leaves an optional input out
Attributes = Mapping[str, Attribute]
Operator = Callable[[Inputs, Attributes], "Tensor | Sequence[Tensor]"]

TYPES = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
}
SMALLEST_DIVISOR = 1e-9


def _ints(x: Tensor) -> list[int]:
    return [int(value) for value in x.reshape(-1).tolist()]


def _present(x: Inputs, index: int) -> Tensor | None:
    """An optional input, or None where the graph leaves it out."""
    return x[index] if index < len(x) else None


def _divide(x: Inputs, _: Attributes) -> Tensor:
    """x / y; the phase of a silent bin is 0 / 0, which must not poison the gradient."""
    if not x[0].is_floating_point():
        return torch.div(x[0], x[1], rounding_mode="floor")
    tiny = torch.full_like(x[1], SMALLEST_DIVISOR)
    return x[0] / torch.where(x[1].abs() < SMALLEST_DIVISOR, tiny, x[1])


def _unsqueeze(x: Inputs, _: Attributes) -> Tensor:
    result = x[0]
    for axis in sorted(_ints(x[1])):
        result = result.unsqueeze(axis)
    return result


def _squeeze(x: Inputs, _: Attributes) -> Tensor:
    return x[0].squeeze(dim=tuple(_ints(x[1]))) if _present(x, 1) is not None else x[0].squeeze()


def _fused_matmul(x: Inputs, a: Attributes) -> Tensor:
    left = x[0].transpose(-1, -2) if a.get("transA") else x[0]
    right = x[1].transpose(-1, -2) if a.get("transB") else x[1]
    return a.get("alpha", 1.0) * (left @ right)


def _reshape(x: Inputs, _: Attributes) -> Tensor:
    return x[0].reshape([n or x[0].shape[axis] for axis, n in enumerate(_ints(x[1]))])


def _gather(x: Inputs, a: Attributes) -> Tensor:
    axis = int(a.get("axis", 0)) % max(1, x[0].ndim)
    index = x[1].long()
    index = torch.where(index < 0, index + x[0].shape[axis], index)
    rows = torch.index_select(x[0], axis, index.reshape(-1))
    return rows.reshape([*x[0].shape[:axis], *index.shape, *x[0].shape[axis + 1 :]])


def _dequantize(x: Inputs, _: Attributes) -> Tensor:
    zero = _present(x, 2)
    return (x[0].float() - (0 if zero is None else zero.float())) * x[1]


def _reduce(function: Callable[..., Tensor]) -> Operator:
    def run(x: Inputs, a: Attributes) -> Tensor:
        axes = a["axes"] if "axes" in a else _ints(x[1])
        return function(x[0], dim=tuple(axes), keepdim=bool(a.get("keepdims", 1)))

    return run


def _convolve(x: Inputs, a: Attributes) -> Tensor:
    stride = list(a.get("strides", [1]))
    n_axes = len(stride)
    before, after = (list(a.get("pads", [0] * 2 * n_axes))[i * n_axes :][:n_axes] for i in (0, 1))
    source = x[0]
    if before != after:
        source = functional.pad(
            source, [p for pair in zip(before[::-1], after[::-1], strict=True) for p in pair]
        )
        before = [0] * n_axes
    function = (functional.conv1d, functional.conv2d)[n_axes - 1]
    dilation, groups = list(a.get("dilations", [1] * n_axes)), int(a.get("group", 1))
    return function(source, x[1], _present(x, 2), stride, before, dilation, groups)


def _convolve_transposed(x: Inputs, a: Attributes) -> Tensor:
    stride = list(a.get("strides", [1]))
    padding = list(a.get("pads", [0, 0]))[:1]
    extra = list(a.get("output_padding", [0]))
    dilation, groups = list(a.get("dilations", [1])), int(a.get("group", 1))
    return functional.conv_transpose1d(
        x[0], x[1], _present(x, 2), stride, padding, extra, groups, dilation
    )


def _split(x: Inputs, a: Attributes) -> Sequence[Tensor]:
    axis = int(a.get("axis", 0))
    sizes = _ints(x[1]) if _present(x, 1) is not None else x[0].shape[axis] // int(a["num_outputs"])
    return torch.split(x[0], sizes, dim=axis)


def _slice(x: Inputs, _: Attributes) -> Tensor:
    axes = _ints(x[3]) if _present(x, 3) is not None else list(range(len(x[1])))
    steps = _ints(x[4]) if _present(x, 4) is not None else [1] * len(axes)
    result = x[0]
    for start, stop, axis, step in zip(_ints(x[1]), _ints(x[2]), axes, steps, strict=True):
        n = result.shape[axis]
        if step < 0:
            picked = range(n)[slice(start, None if stop < -n else stop, step)]
            result = result.index_select(axis, torch.tensor(list(picked)))
        else:
            window = [slice(None)] * result.ndim
            window[axis] = slice(start, min(stop, n), step)
            result = result[tuple(window)]
    return result


def _layer_norm(x: Inputs, a: Attributes) -> Tensor:
    return functional.layer_norm(
        x[0], x[1].shape, x[1], _present(x, 2), float(a.get("epsilon", 1e-5))
    )


def _skip_layer_norm(x: Inputs, a: Attributes) -> Tensor:
    total = x[0] + x[1] + (x[4] if _present(x, 4) is not None else 0)
    return functional.layer_norm(total, x[2].shape, x[2], x[3], float(a.get("epsilon", 1e-12)))


def _fast_gelu(x: Inputs, _: Attributes) -> Tensor:
    return functional.gelu(x[0] + x[1] if _present(x, 1) is not None else x[0], approximate="tanh")


def _constant_of_shape(x: Inputs, a: Attributes) -> Tensor:
    value = torch.tensor(a["value"]).reshape(-1) if "value" in a else torch.zeros(1)
    return torch.full(_ints(x[0]), value[0].item(), dtype=value.dtype)


def _resize(x: Inputs, a: Attributes) -> Tensor:
    """Nearest or linear along the last axis; the size is given, or follows from a scale."""
    scaled = [int(n * s) for n, s in zip(x[0].shape, x[2].tolist(), strict=False)]
    size = (_ints(x[3]) if _present(x, 3) is not None else scaled)[2:]
    if a["mode"] == b"nearest":
        return functional.interpolate(x[0], size=size, mode="nearest")
    aligned = a.get("coordinate_transformation_mode") == b"align_corners"
    return functional.interpolate(x[0], size=size, mode="linear", align_corners=aligned)


def _expand(x: Inputs, _: Attributes) -> Tensor:
    return x[0].expand(torch.broadcast_shapes(x[0].shape, tuple(_ints(x[1]))))


def _range(x: Inputs, _: Attributes) -> Tensor:
    return torch.arange(x[0].item(), x[1].item(), x[2].item(), dtype=x[0].dtype)


def _pad(x: Inputs, a: Attributes) -> Tensor:
    """Constant padding of any axis; reflection and edge of the last axis only."""
    pads = _ints(x[1])
    n_axes = len(pads) // 2
    if a.get("mode", b"constant") == b"constant":
        nested = [p for axis in reversed(range(n_axes)) for p in (pads[axis], pads[n_axes + axis])]
        return functional.pad(x[0], nested, value=0.0 if _present(x, 2) is None else float(x[2]))
    mode = {b"reflect": "reflect", b"edge": "replicate"}[a["mode"]]
    last = [pads[n_axes - 1], pads[-1]]
    return functional.pad(x[0].reshape(1, -1, x[0].shape[-1]), last, mode=mode).reshape(
        [*x[0].shape[:-1], -1]
    )


def _clip(x: Inputs, _: Attributes) -> Tensor:
    return torch.clamp(x[0], _present(x, 1), _present(x, 2))


def _stft(x: Inputs, _: Attributes) -> Tensor:
    """The spectrum of the harmonic source, cut off from the gradient.

    The source's phase is an integral of pitch: its gradient is huge and says nothing of timbre.
    Pitch is tuned through the predicted contour instead.
    """
    length = int(x[3]) if _present(x, 3) is not None else x[2].numel()
    signal = x[0].squeeze(-1) if x[0].ndim == 3 else x[0]
    frames = signal.unfold(-1, length, int(x[1])) * x[2]
    return torch.view_as_real(torch.fft.rfft(frames)).detach()


def _scatter_nd(x: Inputs, _: Attributes) -> Tensor:
    return x[0].clone().index_put(tuple(x[1].long().unbind(-1)), x[2].to(x[0].dtype))


def _of_one(function: Callable[[Tensor], Tensor]) -> Operator:
    return lambda x, _: function(x[0])


def _of_two(function: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    return lambda x, _: function(x[0], x[1])


OPERATORS: dict[str, Operator] = {
    "Add": _of_two(torch.add),
    "And": _of_two(torch.logical_and),
    "Atan": _of_one(torch.atan),
    "Cast": lambda x, a: x[0].to(TYPES[int(a["to"])]),
    "Clip": _clip,
    "Concat": lambda x, a: torch.cat(list(x), dim=int(a["axis"])),
    "ConstantOfShape": _constant_of_shape,
    "Conv": _convolve,
    "ConvTranspose": _convolve_transposed,
    "Cos": _of_one(torch.cos),
    "CumSum": lambda x, _: torch.cumsum(x[0], int(x[1])),
    "DequantizeLinear": _dequantize,
    "Div": _divide,
    "Equal": _of_two(torch.eq),
    "Exp": _of_one(torch.exp),
    "Expand": _expand,
    "FastGelu": _fast_gelu,
    "Floor": _of_one(torch.floor),
    "FusedMatMul": _fused_matmul,
    "Gather": _gather,
    "Greater": _of_two(torch.gt),
    "GreaterOrEqual": _of_two(torch.ge),
    "Identity": _of_one(lambda x: x),
    "LayerNormalization": _layer_norm,
    "LeakyRelu": lambda x, a: functional.leaky_relu(x[0], float(a.get("alpha", 0.01))),
    "Less": _of_two(torch.lt),
    "MatMul": _of_two(torch.matmul),
    "Mul": _of_two(torch.mul),
    "NonZero": lambda x, _: torch.nonzero(x[0]).T,
    "Pad": _pad,
    "Pow": _of_two(torch.pow),
    "Range": _range,
    "ReduceMean": _reduce(torch.mean),
    "ReduceSum": _reduce(torch.sum),
    "Reshape": _reshape,
    "Resize": _resize,
    "Round": _of_one(torch.round),
    "ScatterND": _scatter_nd,
    "Shape": lambda x, _: torch.tensor(x[0].shape, dtype=torch.int64),
    "Sigmoid": _of_one(torch.sigmoid),
    "Sin": _of_one(torch.sin),
    "SkipLayerNormalization": _skip_layer_norm,
    "Slice": _slice,
    "Softmax": lambda x, a: torch.softmax(x[0], int(a.get("axis", -1))),
    "Split": _split,
    "Sqrt": _of_one(torch.sqrt),
    "Squeeze": _squeeze,
    "STFT": _stft,
    "Sub": _of_two(torch.sub),
    "Tanh": _of_one(torch.tanh),
    "Transpose": lambda x, a: x[0].permute(list(a["perm"])),
    "Unsqueeze": _unsqueeze,
    "Where": lambda x, _: torch.where(x[0].bool(), x[1], x[2]),
}
