"""How long operations and networks take on one thread of this machine, by the thread's own clock.

That clock leaves out what other processes take of the core, so that a busy machine does not spoil
what is kept; on a quiet one it says what a clock on the wall says. One image, channels-last fp32. A
single operation is a tiny module, and is measured as inside a network: weights that others have
pushed out of the nearest caches since, and an input that was written just before.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.spaces.ranges import Floats
from netspace.train.build import ACTIVATIONS, build
from netspace.train.device import use_threads
from netspace.train.operations import Operation

ROUNDS = 15
"""Times that each is measured; of an operation the least counts: a disturbance only ever adds."""

WARMUP = 2
"""Runs before those, not counted."""

TURNS, IN_A_ROW = 5, 3
"""Turns of a whole network, and the runs of each that count."""

TOGETHER = 32_000_000
"""Numbers in the inputs and weights of what takes turns, at most: 128 MB."""

Thing = TypeVar("Thing")


def measure_operations(operations: Sequence[Operation], *, rounds: int = ROUNDS) -> Floats:
    """Milliseconds of each operation, (N,).

    They are measured in turn, so that a disturbance meets many of them a little.
    """
    with _one_thread():
        found = [_least(together, rounds) for together in _batches(operations, _numbers)]
    return np.concatenate([*found, np.zeros(0)])


def measure_networks(networks: Sequence[Network]) -> Floats:
    """Milliseconds of whole networks, untrained, in eval mode, (N,).

    They too take turns; the median over the turns of the least of a few runs in a row counts.
    """
    with _one_thread():
        batches = _batches(networks, lambda network: count(network).params)
        found = [_median_of_least(together) for together in batches]
    return np.concatenate([*found, np.zeros(0)])


def _median_of_least(networks: Sequence[Network]) -> Floats:
    ready = [_ready(network) for network in networks]
    least = np.empty((TURNS, len(ready)))
    with torch.inference_mode():
        for turn in range(TURNS):
            for place, (module, given) in enumerate(ready):
                seconds = [_seconds(module, given) for _ in range(WARMUP + IN_A_ROW)]
                least[turn, place] = min(seconds[WARMUP:])
    return np.asarray(1_000 * np.median(least, axis=0))


def _ready(network: Network) -> tuple[nn.Module, Tensor]:
    module = build(network).eval()
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    shape = (1, network.channels, *network.resolution)
    return module, torch.zeros(shape).to(memory_format=torch.channels_last)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread inside, and on as many as before afterwards."""
    before = torch.get_num_threads()
    use_threads(1)
    try:
        yield
    finally:
        use_threads(before)


def _batches(things: Sequence[Thing], numbers: Callable[[Thing], int]) -> Iterator[list[Thing]]:
    """The things in their order, as many at once as memory and caches should hold."""
    together: list[Thing] = []
    size = 0
    for thing in things:
        own = numbers(thing)
        if together and size + own > TOGETHER:
            yield together
            together, size = [], 0
        together.append(thing)
        size += own
    if together:
        yield together


def _numbers(operation: Operation) -> int:
    """Numbers in an operation's input and weights."""
    weights = operation.channels // operation.groups * operation.out * operation.kernel**2
    learnt = weights if operation.kind in ("conv", "linear") else 0
    return operation.channels * operation.height * operation.width + learnt


def _least(operations: Sequence[Operation], rounds: int) -> Floats:
    """The least time of each in milliseconds, (N,)."""
    ready = [(module_of(one).eval(), input_of(one)) for one in operations]
    least = np.full(len(ready), np.inf)
    with torch.inference_mode():
        for number in range(WARMUP + rounds):
            seconds = [_seconds(module, given) for module, given in ready]
            if number >= WARMUP:
                least = np.minimum(least, seconds)
    return np.asarray(1_000 * least)


def _seconds(module: nn.Module, given: Tensor) -> float:
    given.fill_(0.5)  # as in a network, the input has just been written
    begin = time.thread_time()
    module(given)
    return time.thread_time() - begin


def input_of(operation: Operation) -> Tensor:
    """What the operation is applied to, (1, C, H, W) channels-last; (1, C) of a linear layer."""
    if operation.kind == "linear":
        return torch.zeros(1, operation.channels)
    shape = (1, operation.channels, operation.height, operation.width)
    return torch.zeros(shape).to(memory_format=torch.channels_last)


def module_of(operation: Operation) -> nn.Module:
    """The operation alone, as `build` would make it."""
    kind = operation.kind
    window = (operation.kernel, operation.stride, operation.padding)
    match kind:
        case "conv":
            conv = nn.Conv2d(
                operation.channels,
                operation.out,
                *window,
                groups=operation.groups,
                bias=bool(operation.bias),
            )
            conv.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            return conv
        case "linear":
            return nn.Linear(operation.channels, operation.out, bias=bool(operation.bias))
        case "max pool" | "max pool up":
            return nn.MaxPool2d(*window, ceil_mode=kind.endswith("up"))
        case "mean pool" | "mean pool up":
            return nn.AvgPool2d(*window, ceil_mode=kind.endswith("up"))
        case _:
            return _without_window(operation)


def _without_window(operation: Operation) -> nn.Module:
    kind, channels = operation.kind, operation.channels
    match kind:
        case "norm":
            return nn.BatchNorm2d(channels)
        case "mean":
            return nn.AdaptiveAvgPool2d(operation.kernel)
        case "flatten":
            return nn.Flatten()
        case "dropout":
            return nn.Dropout()
        case "add":
            return _Add()
        case "gate":
            return _Gate(channels)
        case "join":
            return _Join(operation.groups)
        case _:
            return _activation(kind)


def _activation(kind: str) -> nn.Module:
    function = kind.removesuffix(" in place")
    made = next(module for name, module in ACTIVATIONS.items() if name == function)
    return made() if kind == function else made(inplace=True)


class _Add(nn.Module):
    """The sum of a map and another."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x + x


class _Gate(nn.Module):
    """A map times one number a channel."""

    def __init__(self, channels: int):
        super().__init__()
        self.gate = torch.ones(1, channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return x * self.gate


class _Join(nn.Module):
    """So many parts of a map, copied one after the other along the channels."""

    def __init__(self, branches: int):
        super().__init__()
        self.branches = branches

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return torch.cat(x.chunk(self.branches, dim=1), dim=1)
