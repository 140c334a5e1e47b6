"""Layers as Python expressions that make their torch modules: one interpretation of the tree.

The tree's numbers are columns, one entry per place where the function at work is called.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from keyword import iskeyword
from typing import assert_never

from netspace.design.complexity import measure
from netspace.design.elementwise import everywhere
from netspace.design.layers import (
    Act,
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
from netspace.present.source.layout import Expression, call, spread
from netspace.present.source.signature import Function
from netspace.train.build import ACTIVATIONS, works_in_place

# Constants of the source: the input's channels, the last layer's outputs.
CHANNELS, CLASSES = "CHANNELS", "CLASSES"

_CLASSIFIER = "fc"  # the step of the head that puts out the classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """A feature map: its shape, and its number of channels as the source writes it."""

    shape: Shape
    channels: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """Another function, and for each place of this one the number of its call there."""

    function: Function
    rows: Sequence[int]


class Printer:
    """Writes layers as expressions of one function; the steps named by `callees` become calls."""

    def __init__(self, function: Function, callees: Mapping[str, Callee]):
        self._function = function
        self._callees = callees

    def expression(self, layer: Layer, at: Map, hint: str = "inner") -> tuple[Expression, Map]:
        """The layer's module on this map, and the map it puts out.

        hint: what to call its width; if it ends in _, the name of the step comes behind it.
        """
        after = Map(shape=measure(layer, at.shape)[1], channels=at.channels)
        match layer:
            case Conv():
                return self._conv(layer, at, after.shape, hint)
            case Norm():
                return _norm(layer, at), after
            case Act():
                return _activation(layer, in_place=False), after
            case Pool():
                return self._pool(layer), after
            case GlobalPool():
                return call(
                    "nn.AdaptiveAvgPool2d", self._function.number("grid", layer.size)
                ), after
            case Flatten():
                return call("nn.Flatten"), Map(shape=after.shape, channels=self._features(at))
            case Dropout():
                return call("nn.Dropout", repr(layer.rate)), after
            case Linear():
                return self._linear(layer, at, after.shape, hint)
            case Chain():
                steps, after = self._steps(layer, at, hint)
                return spread("chain", steps), after
            case Residual():
                return self._residual(layer, at)
            case Concat():
                return self._concat(layer, at)
            case Gate():
                return self._gate(layer, at)
            case Repeat() | When():
                raise TypeError(
                    f"{type(layer).__name__} stands only as a step of a stage or a shortcut"
                )
            case _:
                assert_never(layer)

    def stage(self, chain: Chain, at: Map) -> None:
        """State a chain that ends in repeated steps: its first ones, then a loop per Repeat."""
        first = Chain(steps=tuple(s for s in chain.steps if not isinstance(s[1], Repeat)))
        expression, at = self.expression(first, at)
        self._function.state(expression, before="stage = ")
        for name, step in chain.steps:
            if isinstance(step, Repeat):
                start = self._function.number("first", step.first)
                last = self._function.number("depth", step.first + step.times - 1)
                block, at = self._step(name, step.layer, at, "inner", None)
                self._function.state(f"for i in range({start}, {last} + 1):")
                added = call("stage.add_module", f'f"{name}{{i}}"', block)
                self._function.state(added, indent=8)
        self._function.state("return stage")

    def _steps(self, chain: Chain, at: Map, hint: str) -> tuple[list[tuple[str, Expression]], Map]:
        steps: list[tuple[str, Expression]] = []
        before: Layer | None = None
        linears = [name for name, step in chain.steps if isinstance(step, Linear)]
        for name, step in chain.steps:
            if linears[:1] == [name]:
                steps.append((f"{name}_flatten", call("nn.Flatten")))
            expression, at = self._step(name, step, at, hint, before)
            steps.append((name, expression))
            before = step
        return steps, at

    def _step(
        self, name: str, step: Layer, at: Map, hint: str, before: Layer | None
    ) -> tuple[Expression, Map]:
        """A step of a chain behind step `before`, and the map it puts out."""
        if works_in_place(step, before):
            return _activation(step, in_place=True), at
        callee = self._callees.get(name)
        if callee is not None:
            return self._call(callee, step, at)
        if name == _CLASSIFIER and self._function.knows(CLASSES):
            return self.expression(step, at, CLASSES)
        return self.expression(step, at, hint + name if hint.endswith("_") else hint)

    def _call(self, callee: Callee, step: Layer, at: Map) -> tuple[Expression, Map]:
        numbers = {
            name: at.channels
            if name == "width_in"
            else self._function.number(name, column[callee.rows], callee.function.family(name))
            for name, column in callee.function.parameters.items()
        }
        _, shape = measure(step, at.shape)
        width = numbers.get("width") or self._function.number("width", shape.channels)
        # A literal needs its name to be understood, and so does what comes after it.
        names = list(numbers)
        by_position = list(takewhile(lambda name: _is_name(numbers[name]), names))
        positional = [numbers[name] for name in by_position]
        named = {name: numbers[name] for name in names[len(by_position) :]}
        expression = call(callee.function.name, *positional, **named)
        return expression, Map(shape=shape, channels=width)

    def _conv(self, conv: Conv, at: Map, after: Shape, hint: str) -> tuple[Expression, Map]:
        number = self._function.number
        depthwise = everywhere((conv.groups == at.shape.channels) & (conv.width == conv.groups))
        width = at.channels if depthwise else self._width(hint, conv.width)
        kernel = number("kernel", conv.kernel)
        named = {
            "kernel_size": kernel,
            "stride": number("stride", conv.stride),
            "padding": _half(kernel) if conv.padding is None else number("padding", conv.padding),
            "groups": self._groups(conv, at),
            "bias": number("bias", conv.bias),
        }
        usual = {"stride": "1", "padding": "0", "groups": "1", "bias": "True"}
        kept = {name: text for name, text in named.items() if text != usual.get(name)}
        return call("nn.Conv2d", at.channels, width, **kept), Map(shape=after, channels=width)

    def _groups(self, conv: Conv, at: Map) -> str:
        if everywhere(conv.groups == 1):
            return "1"
        if everywhere(conv.groups == at.shape.channels):
            return at.channels
        group_width = self._function.number("group_width", at.shape.channels // conv.groups)
        if at.channels.isdigit() and group_width.isdigit():
            return str(int(at.channels) // int(group_width))
        simple = _is_name(at.channels) or at.channels.isdigit()
        return f"{at.channels if simple else f'({at.channels})'} // {group_width}"

    def _linear(self, linear: Linear, at: Map, after: Shape, hint: str) -> tuple[Expression, Map]:
        width = self._width(hint, linear.width)
        bias = self._function.number("bias", linear.bias)
        named = {} if bias == "True" else {"bias": bias}
        linear_call = call("nn.Linear", self._features(at), width, **named)
        return linear_call, Map(shape=after, channels=width)

    def _width(self, hint: str, width: int) -> str:
        family = CLASSES if hint == CLASSES else "width"
        return self._function.number(hint.removesuffix("_"), width, family)

    def _features(self, at: Map) -> str:
        """The elements of a map."""
        area = at.shape.height * at.shape.width
        if everywhere(area == 1):
            return at.channels
        return self._function.number("features", at.shape.channels * area)

    def _pool(self, pool: Pool) -> Expression:
        number = self._function.number
        kernel = number("kernel", pool.kernel)
        named = {"stride": number("stride", pool.stride)}
        if not everywhere(pool.padding == 0):
            named["padding"] = number("padding", pool.padding)
        if pool.round_up:
            named["ceil_mode"] = "True"
        function = "nn.MaxPool2d" if pool.function == "max" else "nn.AvgPool2d"
        return call(function, kernel, **named)

    def _concat(self, layer: Concat, at: Map) -> tuple[Expression, Map]:
        branches = {
            name: self.expression(branch, at, f"{name}_") for name, branch in layer.branches
        }
        widths = [after.channels for _, after in branches.values()]
        literal = all(width.isdigit() for width in widths)
        channels = str(sum(map(int, widths))) if literal else " + ".join(widths)
        expressions = [(name, expression) for name, (expression, _) in branches.items()]
        shape = measure(layer, at.shape)[1]
        return spread("Concat", expressions), Map(shape=shape, channels=channels)

    def _gate(self, layer: Gate, at: Map) -> tuple[Expression, Map]:
        """The gate; what restores the number of channels has their name, not one of equal value."""
        steps: list[tuple[str, Expression]] = []
        inside, before = at, None
        for name, step in layer.body.steps:
            restores = isinstance(step, Conv) and everywhere(step.width == at.shape.channels)
            hint = at.channels if restores and _is_name(at.channels) else "squeezed"
            expression, inside = self._step(name, step, inside, hint, before)
            steps.append((name, expression))
            before = step
        return spread("Gate", steps), at

    def _residual(self, layer: Residual, at: Map) -> tuple[Expression, Map]:
        body, after = self.expression(layer.body, at)
        arguments = [("f", body)]
        shortcut = self._shortcut(layer.shortcut, at)
        if shortcut is not None:
            arguments.append(("proj", shortcut))
        if layer.after != Chain():
            last, after = self.expression(layer.after, after)
            if works_in_place(layer.after, layer):
                last = _activation(layer.after, in_place=True)
            arguments.append(("after", last))
        if not everywhere(layer.joined):
            joined = self._function.condition("joined", layer.joined, equal=True)
            arguments.append(("joined", joined))
        return spread("Residual", arguments), after

    def _shortcut(self, shortcut: Chain | When, at: Map) -> Expression | None:
        """The shortcut's module; a statement makes it where it is there in some places only."""
        layer = shortcut.layer if isinstance(shortcut, When) else shortcut
        if layer == Chain():
            return None
        expression, _ = self.expression(layer, at)
        if not isinstance(shortcut, When):
            return expression
        present = self._function.condition("project", shortcut.present, equal=False)
        if present in ("True", "False"):
            return expression if present == "True" else None
        self._function.state("proj: nn.Module | None = None")
        self._function.state(f"if {present}:")
        self._function.state(expression, before="proj = ", indent=8)
        return "proj"


def _norm(norm: Norm, at: Map) -> Expression:
    usual = Norm()
    named = {
        name: repr(value)
        for name, value in (("eps", norm.eps), ("momentum", norm.momentum))
        if value != getattr(usual, name)
    }
    return call("nn.BatchNorm2d", at.channels, **named)


def _activation(act: Act, *, in_place: bool) -> Expression:
    return f"nn.{ACTIVATIONS[act.function].__name__}({'inplace=True' if in_place else ''})"


def _half(kernel: str) -> str:
    return str(int(kernel) // 2) if kernel.isdigit() else f"{kernel} // 2"


def _is_name(text: str) -> bool:
    return text.isidentifier() and not iskeyword(text)
