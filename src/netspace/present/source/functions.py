"""A network's tree of layers as a few functions in plain PyTorch that build it.

Why functions, and not one long expression: hundreds of convolutions written out hide the handful of
numbers that matter. Why none is written by hand for a kind of block: that would describe the block
a second time. Instead all blocks of one structure are laid over each other, which gives a single
tree with columns of numbers, one entry per block; and that tree is printed as one function.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np

from netspace.design.complexity import measure
from netspace.design.layers import Chain, Concat, Layer, Pool, Repeat, Residual, Shape, When
from netspace.design.network import Network, Stage, layers
from netspace.present.source.expressions import CHANNELS, CLASSES, Callee, Map, Printer
from netspace.present.source.signature import Function

Structure = tuple[str, Hashable]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Call number `row` of the function that builds this structure."""

    structure: Structure
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """What a function builds in one place, and from which map.

    known: numbers that get these names. places: the steps that it leaves to other functions.
    """

    layer: Layer
    shape: Shape
    known: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[str, _Place] = field(default_factory=dict)


class _Level:
    """All uses of functions of one level (block, stage), filed under the structure they build."""

    def __init__(self, word: str, docstring: Callable[[str, Layer], str]):
        self._word, self._docstring = word, docstring
        self._uses: dict[Structure, list[_Use]] = {}

    def add(self, kind: str, use: _Use) -> _Place:
        """File a use."""
        structure = (kind, _skeleton(use.layer))
        uses = self._uses.setdefault(structure, [])
        uses.append(use)
        return _Place(structure=structure, row=len(uses) - 1)

    def functions(self, callees: Mapping[Structure, Function]) -> dict[Structure, Function]:
        """One function for each structure; several of one kind are numbered."""
        found: dict[Structure, Function] = {}
        for structure, uses in self._uses.items():
            kind, _ = structure
            number = 1 + sum(other == kind for other, _ in found)
            name = f"{kind}_{self._word}" + (f"_{number}" if number > 1 else "")
            docstring = self._docstring(kind, uses[0].layer)
            found[structure] = _function(name, docstring, uses, callees)
        return found


def definitions(network: Network) -> list[list[str]]:
    """The lines of each function, callees before their callers and `network()` last of all.

    They use the names nn, chain, Residual, Concat, Gate, CHANNELS and CLASSES.
    """
    blocks, stages = _Level("block", _block_docstring), _Level("stage", _stage_docstring)
    specs = {f"s{number}": stage for number, stage in enumerate(network.stages, start=1)}
    tree = _without_idle_loops(_settled(layers(network)), specs)
    places: dict[str, _Place] = {}
    for name, step, shape in _walk(tree, network.input):
        if name in specs:
            spec = specs[name]
            kind = spec.block.kind if spec.downsampling is None else f"pooled_{spec.block.kind}"
            places[name] = stages.add(kind, _stage(step, shape, spec, blocks))
    of_blocks = blocks.functions({})
    of_stages = stages.functions(of_blocks)
    whole = _network(network, _Use(layer=tree, shape=network.input, places=places), of_stages)
    return [f.source() for f in (*of_blocks.values(), *of_stages.values(), whole)]


def _block_docstring(kind: str, layer: Layer) -> str:
    widths = "" if isinstance(layer, Concat) else ", from `width_in` to `width` channels"
    return f"One block of kind {kind}{widths}."


def _stage_docstring(_kind: str, layer: Layer) -> str:
    assert isinstance(layer, Chain)
    pooled = isinstance(layer.steps[0][1], Pool)
    if not _repeats(layer):
        return "Pooling and one block." if pooled else "One block."
    change = "the width" if pooled else "stride and width"
    blocks = f"`depth` blocks; the first one may change {change}."
    return f"Pooling and {blocks}" if pooled else blocks


def _without_idle_loops(tree: Chain, specs: Mapping[str, Stage]) -> Chain:
    """The network's tree; stages of one structure that all have depth 1 lose their Repeat."""
    deep = {_skeleton(step) for n, step in tree.steps if n in specs and specs[n].depth > 1}
    return Chain(
        steps=tuple(
            (name, step if name not in specs or _skeleton(step) in deep else _once(step))
            for name, step in tree.steps
        )
    )


def _once(stage: Layer) -> Chain:
    assert isinstance(stage, Chain)
    return Chain(steps=tuple(step for step in stage.steps if not isinstance(step[1], Repeat)))


def _stage(chain: Layer, shape: Shape, spec: Stage, blocks: _Level) -> _Use:
    """A stage's use; its blocks are filed too."""
    places: dict[str, _Place] = {}
    for name, step, at in _walk(chain, shape):
        if isinstance(step, Pool):
            continue
        block = step.layer if isinstance(step, Repeat) else step
        places[name] = blocks.add(spec.block.kind, _Use(layer=block, shape=at))
    known = {"depth": spec.depth, "stride": spec.stride}
    return _Use(layer=chain, shape=shape, known=known, places=places)


def _function(
    name: str, docstring: str, uses: Sequence[_Use], functions: Mapping[Structure, Function]
) -> Function:
    layer, shape = _overlaid([(use.layer, use.shape) for use in uses])
    _, after = measure(layer, shape)
    known = {"width": after.channels, "width_in": shape.channels}
    known |= {word: np.array([use.known[word] for use in uses]) for word in uses[0].known}
    returns = {Residual: "Residual", Concat: "Concat"}.get(type(layer), "nn.Sequential")
    function = Function(name, len(uses), known=known, returns=returns, docstring=docstring)
    printer = Printer(function, _callees(uses, functions))
    at = Map(shape=shape, channels="width_in")
    if _repeats(layer):
        printer.stage(layer, at)
    else:
        function.state(printer.expression(layer, at)[0], before="return ")
    return function


def _network(network: Network, use: _Use, functions: Mapping[Structure, Function]) -> Function:
    function = Function(
        "network",
        1,
        known={},
        constants={CLASSES: network.classes},
        returns="nn.Sequential",
        docstring="(N, CHANNELS, height, width) images to (N, CLASSES) logits; weights at random.",
    )
    layer, shape = _overlaid([(use.layer, use.shape)])
    at = Map(shape=shape, channels=CHANNELS)
    expression, _ = Printer(function, _callees([use], functions)).expression(layer, at)
    function.state(expression, before="return ")
    return function


def _callees(uses: Sequence[_Use], functions: Mapping[Structure, Function]) -> dict[str, Callee]:
    """The functions that these uses, all of one structure, leave steps to."""
    return {
        name: Callee(
            function=functions[place.structure], rows=[use.places[name].row for use in uses]
        )
        for name, place in uses[0].places.items()
    }


def _walk(chain: Layer, shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
    """The steps of a chain, each with the map that it takes."""
    assert isinstance(chain, Chain)
    for name, step in chain.steps:
        yield name, step, shape
        _, shape = measure(step, shape)


def _repeats(layer: Layer) -> bool:
    return isinstance(layer, Chain) and any(isinstance(step, Repeat) for _, step in layer.steps)


def _settled(value: Any) -> Any:
    """A tree without the steps that are absent; only a shortcut still says whether it is there."""
    if isinstance(value, Chain):
        steps = ((n, s) for n, s in value.steps if not isinstance(s, When) or s.present)
        named = ((name, s.layer if isinstance(s, When) else s) for name, s in steps)
        return Chain(steps=tuple((name, _settled(step)) for name, step in named))
    if is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: _settled(getattr(value, f.name)) for f in fields(value)}
        return replace(value, **parts)
    return value


def _skeleton(value: Any) -> Any:
    """What has to be alike in trees that one function can build: all but whole numbers, truths.

    How a pool rounds has to be alike too.
    """
    if isinstance(value, Pool):
        return (Pool, value.function, value.round_up)
    if is_dataclass(value):
        return (type(value), *(_skeleton(getattr(value, f.name)) for f in fields(value)))
    if isinstance(value, tuple):
        return tuple(_skeleton(item) for item in value)
    return type(value) if isinstance(value, int) else value


def _overlaid(values: Sequence[Any]) -> Any:
    """Trees of one skeleton as one, with a column for each number."""
    first = values[0]
    if is_dataclass(first) and not isinstance(first, type):
        names = [f.name for f in fields(first)]
        return replace(first, **{n: _overlaid([getattr(v, n) for v in values]) for n in names})
    if isinstance(first, tuple):
        return tuple(_overlaid(column) for column in zip(*values, strict=True))
    if isinstance(first, bool) and all(value == first for value in values):
        return first
    return np.array(values) if isinstance(first, int) else first
