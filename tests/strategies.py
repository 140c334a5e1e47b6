"""Hypothesis strategies: specs that are small enough to build and run, ranges and spaces."""

from dataclasses import fields, is_dataclass, replace
from math import lcm
from typing import Any, get_args

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_arrays

from netspace.design.blocks import (
    Basic,
    Block,
    Bottleneck,
    Inception,
    MBConv,
    Plain,
    Separable,
    Vanilla,
    keeps_map,
)
from netspace.design.custom import Custom
from netspace.design.elementwise import Rounding
from netspace.design.layers import (
    Act,
    Activation,
    Chain,
    Concat,
    Conv,
    Dropout,
    Gate,
    GlobalPool,
    Layer,
    Norm,
    Residual,
)
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.pieces import Pooling, Squeeze
from netspace.design.regnet import RegNet
from netspace.spaces import families
from netspace.spaces.ranges import (
    Choice,
    LogUniform,
    Narrowed,
    Powers,
    Range,
    Uniform,
    distribution,
)
from netspace.spaces.rules import Fixed, NonDecreasing, Rule, Shared, Within
from netspace.spaces.space import Columns, Space

activations = st.sampled_from(get_args(Activation))
norm_eps = st.sampled_from((1e-5, 1e-3))
ratios = st.sampled_from((0.25, 0.5, 1, 1.5, 2, 3, 4))

squeezes = st.builds(
    Squeeze,
    ratio=st.sampled_from((0.05, 0.1, 0.25, 0.5, 1.0)),
    source=st.sampled_from(("input", "inner", "output")),
    rounding=st.sampled_from(get_args(Rounding)),
    act=activations,
    gate=st.sampled_from(("sigmoid", "hardsigmoid")),
    place=st.sampled_from(("inner", "output")),
)
plains = st.builds(
    Plain,
    kernel=st.sampled_from((1, 3, 5)),
    padding=st.sampled_from((None, 2)),
    bias=st.booleans(),
    norm=st.booleans(),
    act=activations,
    norm_eps=norm_eps,
)
separables = st.builds(
    Separable, kernel=st.sampled_from((1, 3, 5)), act=activations, norm_eps=norm_eps
)
branches = st.integers(1, 6)
inceptions = st.builds(
    Inception,
    width1=branches,
    reduce3=branches,
    width3=branches,
    reduce5=branches,
    width5=branches,
    width_pool=branches,
    kernel5=st.sampled_from((3, 5)),
    bias=st.booleans(),
    norm=st.booleans(),
    act=activations,
)
vanillas = st.builds(Vanilla, act=activations, norm_eps=norm_eps)
basics = st.builds(
    Basic,
    se=st.none() | squeezes.map(lambda se: replace(se, place="output")),
    act=activations,
    norm_eps=norm_eps,
)
bottlenecks = st.builds(
    Bottleneck,
    bottleneck_ratio=ratios,
    group_width=st.none() | st.integers(1, 4),
    se=st.none() | squeezes,
    stride_in=st.sampled_from(("3x3", "1x1")),
    act=activations,
    norm_eps=norm_eps,
)
skips = st.sampled_from(
    (
        {"skip": True, "pooled_skip": False},
        {"skip": False, "pooled_skip": False},
        {"skip": True, "pooled_skip": True},
    )
)
mbconvs = st.builds(
    lambda skip, **fields: MBConv(**skip, **fields),
    skips,
    expansion=st.integers(1, 4) | st.sampled_from((1.5, 2.3)),
    kernel=st.sampled_from((1, 3, 5)),
    depthwise=st.booleans(),
    se=st.none() | squeezes,
    act=activations,
    norm_eps=norm_eps,
)


def numbered(layers: list[Layer]) -> Chain:
    """The layers one after the other, named by their kind and place."""
    return Chain(steps=tuple((f"{layer.kind}{i}", layer) for i, layer in enumerate(layers)))


def chains_that_keep(width: int | None) -> st.SearchStrategy[Chain]:
    """Up to three plain layers that keep the map; without a width, of any number of channels."""
    layers: list[st.SearchStrategy[Layer]] = [
        st.builds(Act, function=activations),
        st.builds(Norm, eps=norm_eps),
        st.just(Dropout(rate=0.2)),
    ]
    if width is not None:
        kernels = st.sampled_from((1, 3))
        layers.append(st.builds(Conv, width=st.just(width), kernel=kernels, bias=st.booleans()))
    return st.lists(st.one_of(layers), max_size=3).map(numbered)


def joints(width: int | None) -> st.SearchStrategy[Layer]:
    """Layers that read one map more than once; all but the concatenation keep it."""
    chains = chains_that_keep(width)
    residuals = st.builds(Residual, body=chains, shortcut=chains, after=chains)
    pairs = st.tuples(chains, chains)
    concats = pairs.map(lambda two: Concat(branches=(("one", two[0]), ("two", two[1]))))
    # Without the sigmoid each gate squares its map, and a few of them overflow.
    ends = (("mean", GlobalPool()), ("gate", Act(function="sigmoid")))
    gates = chains.map(lambda body: Gate(body=Chain(steps=(*body.steps, *ends))))
    return residuals | concats | gates


@st.composite
def customs(draw: st.DrawFn) -> Custom:
    """Layers that keep the map's size and come to the width of their own convolutions."""
    conv = Conv(width=draw(st.integers(1, 6)), kernel=1)
    first = [*(step for _, step in draw(chains_that_keep(None)).steps), draw(joints(None)), conv]
    more = draw(st.lists(joints(conv.width) | chains_that_keep(conv.width), max_size=2))
    return Custom(layers=numbered([*first, *(layer for one in more for layer in (one, conv))]))


blocks: st.SearchStrategy[Block] = st.one_of(
    plains, vanillas, basics, bottlenecks, mbconvs, separables, inceptions
)

strides = st.integers(1, 3)
depths = st.integers(1, 3)
resolutions = st.tuples(st.integers(1, 33), st.integers(1, 33)) | st.sampled_from(
    ((32, 32), (33, 33), (17, 32))
)
poolings = st.builds(
    Pooling,
    function=st.sampled_from(("max", "mean")),
    kernel=st.just(3),
    padding=st.just(1),
    round_up=st.booleans(),
)
stems = st.builds(
    Stem,
    width=st.integers(1, 12),
    bias=st.booleans(),
    norm=st.booleans(),
    kernel=st.sampled_from((1, 3, 5, 7)),
    stride=strides,
    pool=st.none() | poolings,
    act=activations,
    norm_eps=norm_eps,
)
heads = st.builds(
    Head,
    pool=st.none() | poolings,
    width=st.none() | st.integers(1, 12),
    grid=st.sampled_from((None, 1, 2)),
    hidden=st.lists(st.integers(1, 9), max_size=2).map(tuple),
    dropout=st.sampled_from((0.0, 0.2)),
    act=activations,
    norm_eps=norm_eps,
)


convolutional_heads = st.builds(
    Head,
    width=st.none() | st.integers(1, 12),
    classifier=st.just("convolution"),
    dropout=st.sampled_from((0.0, 0.2)),
)


def block_widths(block: Block) -> st.SearchStrategy[int]:
    """Small widths at which the block can be built."""
    if isinstance(block, Inception):
        return st.just(block.width)
    if isinstance(block, Custom):
        _, last = block.layers.steps[-1]
        assert isinstance(last, Conv)
        return st.just(last.width)
    if not isinstance(block, Bottleneck):
        return st.integers(1, 16)
    numerator, denominator = float(block.bottleneck_ratio).as_integer_ratio()
    unit = lcm(block.group_width or 1, denominator)
    return st.integers(1, 3).map(lambda times: times * unit * numerator // denominator)


def depths_of(block: Block) -> st.SearchStrategy[int]:
    """Depths to which the block can repeat."""
    return depths if keeps_map(block) or isinstance(block, Custom) else st.just(1)


@st.composite
def stages(draw: st.DrawFn, kinds: st.SearchStrategy[Block] = blocks) -> Stage:
    block = draw(kinds)
    width = draw(block_widths(block))
    return Stage(
        block=block,
        width=width,
        depth=draw(depths_of(block)),
        stride=draw(strides),
        downsampling=draw(poolings if isinstance(block, Custom) else st.none() | poolings),
    )


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)


def networks_of(kinds: st.SearchStrategy[Block]) -> st.SearchStrategy[Network]:
    """Networks of these blocks."""
    return st.builds(
        Network,
        stem=stems,
        stages=st.lists(stages(kinds), min_size=1, max_size=3).map(tuple),
        head=heads | convolutional_heads,
        channels=st.sampled_from((1, 3)),
        classes=st.integers(1, 12),
        resolution=resolutions,
        name=words,
        note=words,
    )


networks = networks_of(blocks)
# Written-out layers have one width; what changes widths takes the networks above.
any_networks = networks_of(blocks | customs())


@st.composite
def like_stages(draw: st.DrawFn, stage: Stage) -> Stage:
    """A stage of the same structure with other numbers."""
    block = stage.block
    match block:
        case Bottleneck(group_width=group_width):
            group = None if group_width is None else draw(st.integers(1, 4))
            block = replace(block, bottleneck_ratio=draw(ratios), group_width=group)
        case MBConv():
            block = replace(
                block,
                expansion=draw(st.integers(1, 4)),
                kernel=draw(st.sampled_from((1, 3, 5))),
                depthwise=draw(st.booleans()),
                **draw(skips),
            )
        case Inception():
            block = replace(block, width1=draw(branches), reduce5=draw(branches))
    width = draw(block_widths(block))
    depth = draw(depths_of(block))
    return replace(stage, block=block, width=width, depth=depth, stride=draw(strides))


@st.composite
def like_networks(draw: st.DrawFn, network: Network) -> Network:
    """A network of the same structure with other numbers."""
    stem = replace(network.stem, width=draw(st.integers(1, 12)), stride=draw(strides))
    head = replace(network.head, hidden=tuple(draw(branches) for _ in network.head.hidden))
    if head.width is not None:
        head = replace(head, width=draw(st.integers(1, 12)))
    stages = tuple(draw(like_stages(stage)) for stage in network.stages)
    return replace(
        network, stem=stem, stages=stages, head=head, resolution=draw(resolutions), name="", note=""
    )


@st.composite
def alike(draw: st.DrawFn) -> list[Network]:
    """Several networks of one structure."""
    first = draw(any_networks)
    return [draw(like_networks(first)) for _ in range(draw(st.integers(2, 5)))]


def stacked(values: list[Any]) -> Any:
    """One spec whose numbers are arrays, from specs of one structure."""
    first = values[0]
    if is_dataclass(first):
        parts = {f.name: [getattr(value, f.name) for value in values] for f in fields(first)}
        return type(first)(**{name: stacked(part) for name, part in parts.items()})
    if isinstance(first, tuple):
        return tuple(stacked(list(part)) for part in zip(*values, strict=True))
    return first if all(value == first for value in values) else np.array(values)


@st.composite
def regnets(draw: st.DrawFn) -> RegNet:
    """Any valid parameters, also such as skip levels or give many stages."""
    return RegNet(
        depth=draw(st.integers(1, 40)),
        initial_width=draw(st.integers(1, 40)) * 8,
        slope=draw(st.floats(0, 300)),
        multiplier=draw(st.floats(1.05, 4)),
        group_width=draw(st.integers(1, 64)),
        bottleneck_ratio=draw(st.sampled_from((0.25, 0.5, 1, 2, 4))),
        se_ratio=draw(st.none() | st.sampled_from((0.1, 0.25, 1.0))),
        stem=draw(stems),
    )


whole_ends = st.tuples(st.integers(1, 40), st.integers(0, 40)).map(lambda e: (e[0], e[0] + e[1]))
plain_ranges: st.SearchStrategy[Range] = st.one_of(
    st.builds(
        lambda ends, step: Uniform(low=ends[0], high=ends[1], step=step),
        whole_ends,
        st.sampled_from((0.25, 0.5, 1, 3)),
    ),
    st.builds(
        lambda ends, step: LogUniform(low=ends[0], high=ends[1], step=step),
        whole_ends,
        st.sampled_from((0.25, 0.5, 1, 3)),
    ),
    st.builds(
        lambda low, more: Powers(low=2**low, high=2 ** (low + more)),
        st.integers(0, 4),
        st.integers(0, 4),
    ),
    st.sets(st.integers(-20, 20), min_size=1).map(lambda v: Choice(values=tuple(sorted(v)))),
)


@st.composite
def narrowed_ranges(draw: st.DrawFn) -> Narrowed:
    """A range cut at two of its own values."""
    whole = draw(plain_ranges)
    values = distribution(whole).values.tolist()
    low, high = sorted((draw(st.sampled_from(values)), draw(st.sampled_from(values))))
    return Narrowed(of=whole, low=low, high=high)


ranges: st.SearchStrategy[Range] = st.one_of(plain_ranges, narrowed_ranges())


@st.composite
def rules_on(draw: st.DrawFn, values: Range) -> tuple[Rule, ...]:
    """Up to three rules on parameter `p`, each of which leaves something of the range."""
    kept = distribution(values).values.tolist()
    middle = draw(st.sampled_from(kept))
    low = draw(st.sampled_from([value for value in kept if value <= middle]))
    high = draw(st.sampled_from([value for value in kept if value >= middle]))
    options = (
        Shared(parameter="p"),
        NonDecreasing(parameter="p"),
        Within(parameter="p", low=low, high=high),
        Fixed(parameter="p", value=middle),
    )
    return tuple(draw(st.lists(st.sampled_from(options), max_size=3)))


parameter_columns: st.SearchStrategy[Any] = st.one_of(
    hypothesis_arrays.arrays(
        np.float64, st.tuples(st.integers(1, 12), st.integers(1, 5)), elements=elements
    )
    for elements in (
        st.integers(-2, 3).map(float),
        st.integers(1, 3).map(float),
        st.floats(-1e6, 1e6, allow_subnormal=False),
        st.floats(1e-6, 1e6),
    )
)


@st.composite
def rules_for(draw: st.DrawFn, values: Any) -> Rule:
    """A rule that some of these (N, stages) values obey."""
    member = st.sampled_from(values.ravel().tolist())
    low, high = sorted((draw(member), draw(member)))
    options = (
        Shared(parameter="p"),
        NonDecreasing(parameter="p"),
        Within(parameter="p", low=low, high=high),
        Fixed(parameter="p", value=low),
    )
    return draw(st.sampled_from(options))


space_names = st.sampled_from(families.NAMES)
spaces: st.SearchStrategy[Space] = st.builds(
    families.space,
    space_names,
    resolution=st.sampled_from((8, 28, 32, 65, 224)),
    channels=st.sampled_from((1, 3)),
    classes=st.integers(1, 1000),
)


@st.composite
def parameter_rows(draw: st.DrawFn, rows: int = 64) -> tuple[Space, Columns]:
    """A space and the parameters of some candidates, drawn from it."""
    space = draw(spaces)
    seed = draw(st.integers(0, 2**32 - 1))
    return space, space.draw(np.random.default_rng(seed).random((rows, space.dimensions)))
