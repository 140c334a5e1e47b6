"""A block written out layer by layer, for networks off the template."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from keyword import iskeyword
from typing import Literal

from netspace.design.layers import (
    Chain,
    Concat,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    Layer,
    Linear,
    Norm,
    Pool,
    Repeat,
    Residual,
    When,
)
from netspace.design.pieces import (
    check_pooling,
    not_negative,
    positive,
    positive_finite,
    share,
)
from netspace.design.receptive import reach
from netspace.errors import SpecError


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """A literal tree of layers; the stage says the width and the stride that it comes to.

    Raises SpecError for layers that no map can go through, or that belong to the head.
    """

    kind: Literal["custom"] = "custom"
    layers: Chain

    def __post_init__(self) -> None:
        for layer in _all(self.layers):
            _check_place(layer)
            _check_numbers(layer)


def _check_place(layer: Layer) -> None:
    """Raise SpecError for a layer that does not belong here, or without what it needs."""
    match layer:
        case Chain(steps=named) | Concat(branches=named):
            _check_names([name for name, _ in named])
            if isinstance(layer, Concat) and not named:
                raise SpecError("custom layers: concat has no branches; give at least one")
        case Linear() | Flatten():
            raise SpecError(f"custom layers: {layer.kind} ends the map; it belongs to the head")
        case Repeat() | When():
            raise SpecError(f"custom layers: {layer.kind} is not for files; write the layers out")
        case _:
            pass


def _check_numbers(layer: Layer) -> None:
    match layer:
        case Conv(width=width, kernel=kernel, stride=stride, groups=groups, padding=padding):
            positive(width=width, kernel=kernel, stride=stride, groups=groups)
            not_negative(padding=padding)
        case Norm(eps=eps, momentum=momentum):
            positive_finite(**{"norm eps": eps})
            if not 0 <= momentum <= 1:
                raise SpecError(f"norm momentum {momentum} must be at least 0 and at most 1")
        case Pool(kernel=kernel, stride=stride, padding=padding):
            positive(stride=stride)
            check_pooling(kernel, padding)
        case GlobalPool(size=size):
            positive(**{"global_pool size": size})
        case Dropout(rate=rate):
            share(**{"dropout rate": rate})
        case _:
            pass


RESERVED = frozenset(
    [
        "add_module",
        "append",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extend",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "insert",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "pop",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)
"""Names that mean something else on a torch module."""


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if not name.isidentifier() or iskeyword(name) or name.startswith("_"):
            raise SpecError(f"custom layers: name '{name}' must be a word of letters and digits")
        if name in RESERVED:
            raise SpecError(f"custom layers: name '{name}' has another meaning in torch; rename it")
        if names.count(name) > 1:
            raise SpecError(f"custom layers: name '{name}' stands there twice; names must differ")


def custom_layers(block: Custom, width_in: int, width: int, stride: int) -> Layer:
    """The block's layers, which must come to this width and stride."""
    found = _width(block.layers, width_in)
    if found != width:
        raise SpecError(f"custom layers put out {found} channels, but the stage's width is {width}")
    strides = reach(block.layers).stride
    if strides != stride:
        raise SpecError(f"custom layers stride by {strides}, but the stage says stride {stride}")
    return block.layers


def _width(layer: Layer, width_in: int) -> int:
    """Channels that come out of a layer."""
    match layer:
        case Conv():
            return layer.width
        case Chain():
            for _, step in layer.steps:
                width_in = _width(step, width_in)
            return width_in
        case Concat():
            return sum(_width(branch, width_in) for _, branch in layer.branches)
        case Residual():
            return _width(layer.after, _width(layer.body, width_in))
        case _:
            return width_in


def _all(value: object) -> Iterator[Layer]:
    """Every layer of a tree."""
    if isinstance(value, tuple):
        for item in value:
            yield from _all(item)
    elif is_dataclass(value) and not isinstance(value, type):
        yield value  # type: ignore[misc]
        for field in fields(value):
            yield from _all(getattr(value, field.name))
