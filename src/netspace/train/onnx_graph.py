"""A network as a graph of ONNX operators: one interpretation of its tree of layers.

Batch norms are folded into the convolutions before them. Nodes are named by the place of their
layer, `s2.b1.f.a`, as the weights are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from netspace.design.complexity import measure
from netspace.design.layers import (
    Act,
    Activation,
    Chain,
    Concat,
    Conv,
    Dropout,
    Flatten,
    Gate,
    GlobalPool,
    Layer,
    Linear,
    Norm,
    Pool,
    Repeat,
    Residual,
    Shape,
    When,
)

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

Floats: TypeAlias = NDArray[np.float32]
Weights: TypeAlias = Mapping[str, Floats]
"""Arrays by the names of the module's state."""

ONE_NODE: Mapping[Activation, tuple[str, Mapping[str, float]]] = {
    "relu": ("Relu", {}),
    "hardswish": ("HardSwish", {}),
    "sigmoid": ("Sigmoid", {}),
    "hardsigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "tanh": ("Tanh", {}),
}


@dataclass(slots=True, kw_only=True)
class Graph:
    """Nodes and constants as they come; values go by the name of the node that makes them."""

    weights: Weights
    nodes: "list[NodeProto]" = field(default_factory=list)
    constants: "list[TensorProto]" = field(default_factory=list)

    def node(self, operator: str, name: str, *inputs: str, **attributes: Any) -> str:
        """One more node; the name of its value."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """One more constant, in 32-bit floats; its name."""
        from onnx import numpy_helper

        stored = np.ascontiguousarray(array, dtype=np.float32)
        self.constants.append(numpy_helper.from_array(stored, name))
        return name

    def add(self, layer: Layer, place: str, value: str, shape: Shape) -> str:
        """The layer on this value, which has this shape; the name of what it puts out."""
        match layer:
            case Conv():
                return self._convolution(layer, place, value, None, place)
            case Norm():
                return self._norm(layer, place, value)
            case Act():
                return self._activation(layer.function, place, value)
            case Pool():
                return self._pool(layer, place, value, shape)
            case GlobalPool():
                return self._global_pool(layer, place, value, shape)
            case Flatten():
                return self.node("Flatten", place, value, axis=1)
            case Dropout():
                return value
            case Linear():
                return self._linear(layer, place, value)
            case Chain():
                return self._chain(layer, place, value, shape)
            case Residual():
                return self._residual(layer, place, value, shape)
            case Concat():
                branches = [
                    self.add(branch, _inside(place, name), value, shape)
                    for name, branch in layer.branches
                ]
                return self.node("Concat", place, *branches, axis=1)
            case Gate():
                return self.node("Mul", place, value, self._chain(layer.body, place, value, shape))
            case Repeat() | When():
                raise TypeError(f"{layer.kind} stands only as a step of a Chain or a shortcut")
            case _:
                assert_never(layer)

    def _chain(self, chain: Chain, place: str, value: str, shape: Shape) -> str:
        flat = False
        steps = list(chain.expanded())
        for name, step, norm in _with_norms(steps):
            inner = _inside(place, name)
            if isinstance(step, Linear) and not flat:
                value, flat = self.node("Flatten", f"{inner}_flatten", value, axis=1), True
            if isinstance(step, Conv) and norm is not None:
                value = self._convolution(step, inner, value, norm[1], _inside(place, norm[0]))
            else:
                value = self.add(step, inner, value, shape)
            _, shape = measure(step, shape)
        return value

    def _residual(self, layer: Residual, place: str, value: str, shape: Shape) -> str:
        shortcut: Layer = layer.shortcut
        if isinstance(shortcut, When):
            shortcut = shortcut.layer if shortcut.present else Chain()
        _, after = measure(layer.body, shape)
        out = self.add(layer.body, _inside(place, "f"), value, shape)
        if layer.joined:
            past = self.add(shortcut, _inside(place, "proj"), value, shape)
            out = self.node("Add", _inside(place, "sum"), out, past)
        return self.add(layer.after, _inside(place, "after"), out, after)

    def _convolution(
        self, conv: Conv, place: str, value: str, norm: Norm | None, norm_place: str
    ) -> str:
        """A convolution, with the batch norm that follows it folded in."""
        weight: NDArray[Any] = self.weights[f"{place}.weight"]
        bias: NDArray[Any] | None = self.weights[f"{place}.bias"] if conv.bias else None
        if norm is not None:
            scale, shift = self._scale_and_shift(norm, norm_place)
            weight = weight * scale[:, None, None, None]
            bias = shift if bias is None else shift + bias * scale
        inputs = [self.constant(f"{place}.weight", weight)]
        if bias is not None:
            inputs.append(self.constant(f"{place}.bias", bias))
        return self.node(
            "Conv",
            place,
            value,
            *inputs,
            kernel_shape=[conv.kernel] * 2,
            strides=[conv.stride] * 2,
            pads=[conv.margin] * 4,
            group=conv.groups,
        )

    def _norm(self, norm: Norm, place: str, value: str) -> str:
        """A batch norm that follows no convolution, as factors and addends of each channel."""
        scale, shift = self._scale_and_shift(norm, place)
        factors = self.constant(f"{place}.scale", scale[:, None, None])
        addends = self.constant(f"{place}.shift", shift[:, None, None])
        scaled = self.node("Mul", f"{place}.scaled", value, factors)
        return self.node("Add", place, scaled, addends)

    def _scale_and_shift(
        self, norm: Norm, place: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What the norm does to each channel in eval mode: x * scale + shift."""
        mean, variance, weight, bias = (
            self.weights[f"{place}.{name}"].astype(np.float64)
            for name in ("running_mean", "running_var", "weight", "bias")
        )
        scale = weight / np.sqrt(variance + norm.eps)
        return scale, bias - mean * scale

    def _activation(self, function: Activation, place: str, value: str) -> str:
        match function:
            case "relu6":
                low = self.constant(f"{place}.low", np.array(0.0))
                high = self.constant(f"{place}.high", np.array(6.0))
                return self.node("Clip", place, value, low, high)
            case "silu":
                return self.node("Mul", place, value, self.node("Sigmoid", f"{place}.gate", value))
            case _:
                operator, attributes = ONE_NODE[function]
                return self.node(operator, place, value, **attributes)

    def _pool(self, pool: Pool, place: str, value: str, shape: Shape) -> str:
        _, after = measure(pool, shape)
        edges = [pool.padding, pool.padding]
        # Where the last window reaches over the edge, it finds nothing there.
        ends = [
            max(pool.padding, (out - 1) * pool.stride + pool.kernel - size - pool.padding)
            for size, out in ((shape.height, after.height), (shape.width, after.width))
        ]
        if pool.function == "mean" and ends != edges:
            rows = _pooling(shape.height, after.height, pool)
            columns = _pooling(shape.width, after.width, pool)
            return self._means(place, value, rows, columns)
        more = {} if pool.function == "max" else {"count_include_pad": 1}
        return self.node(
            "MaxPool" if pool.function == "max" else "AveragePool",
            place,
            value,
            kernel_shape=[pool.kernel] * 2,
            strides=[pool.stride] * 2,
            pads=edges + ends,
            **more,
        )

    def _global_pool(self, pool: GlobalPool, place: str, value: str, shape: Shape) -> str:
        if pool.size == 1:
            return self.node("GlobalAveragePool", place, value)
        if shape.height % pool.size == shape.width % pool.size == 0:
            window = [shape.height // pool.size, shape.width // pool.size]
            return self.node("AveragePool", place, value, kernel_shape=window, strides=window)
        rows, columns = (_regions(size, pool.size) for size in (shape.height, shape.width))
        return self._means(place, value, rows, columns)

    def _means(self, place: str, value: str, rows: Floats, columns: Floats) -> str:
        """Means over windows of any size: weights (H', H) of rows and (W', W) of columns."""
        left = self.constant(f"{place}.rows", rows)
        right = self.constant(f"{place}.columns", columns.T)
        return self.node("MatMul", place, self.node("MatMul", f"{place}.down", left, value), right)

    def _linear(self, linear: Linear, place: str, value: str) -> str:
        inputs = [
            self.constant(name, self.weights[name])
            for name in (f"{place}.weight", *((f"{place}.bias",) if linear.bias else ()))
        ]
        return self.node("Gemm", place, value, *inputs, transB=1)


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _with_norms(
    steps: list[tuple[str, Layer]],
) -> Iterator[tuple[str, Layer, tuple[str, Norm] | None]]:
    """The steps; a norm right after a convolution comes with it."""
    rest = iter(zip_longest(steps, steps[1:]))
    for (name, step), following in rest:
        if isinstance(step, Conv) and following is not None and isinstance(following[1], Norm):
            yield name, step, (following[0], following[1])
            next(rest)
        else:
            yield name, step, None


def _regions(size: int, count: int) -> Floats:
    """Weights (count, size) of means over so many regions; they overlap where they do not fit."""
    weights = np.zeros((count, size), dtype=np.float32)
    for row in range(count):
        start, stop = row * size // count, -(-(row + 1) * size // count)
        weights[row, start:stop] = 1 / (stop - start)
    return weights


def _pooling(size: int, count: int, pool: Pool) -> Floats:
    """Weights (count, size) of means over windows; padding counts, what lies beyond it does not."""
    weights = np.zeros((count, size), dtype=np.float32)
    for row in range(count):
        start = row * pool.stride - pool.padding
        stop = min(start + pool.kernel, size + pool.padding)
        weights[row, max(start, 0) : min(stop, size)] = 1 / (stop - start)
    return weights
