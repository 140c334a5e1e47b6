"""Operations of a network as hooks on the built module see them, and how they are measured."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

import netspace as ns
from netspace.design.blocks import Basic
from netspace.design.layers import Act, Chain, Conv, Shape
from netspace.design.network import Network, Stage
from netspace.spaces.batch import one
from netspace.spaces.families import space
from netspace.train import layer_times
from netspace.train.build import ConcatModule, GateModule, ResidualModule, _module
from netspace.train.layer_times import input_of, measure_networks, measure_operations, module_of
from netspace.train.operations import NUMBERS, Operation, _Walk, operations

NAMES = ("regnet_y_400mf", "efficientnet_b0", "googlenet", "vgg16", "mobilenet_v2", "resnet18")
SPACES = ("anynetx_a", "regnety", "efficientnet", "mnasnet", "resnet", "resnext")
KINDS = {
    "batchnorm2d": "norm",
    "adaptiveavgpool2d": "mean",
    "maxpool2d": "max pool",
    "avgpool2d": "mean pool",
}
SMALL = Network(stages=(Stage(block=Basic(), width=8, depth=1),), classes=3, resolution=(12, 10))
SHAPE = Shape(channels=4, height=2, width=2)
CONV = Operation(kind="conv", channels=4, height=6, width=5, out=8, kernel=3, padding=1)


def called(network: Network) -> Counter[tuple[object, ...]]:
    """The operations by what hooks can see of them; max pools that round up count as the others."""
    found: Counter[tuple[object, ...]] = Counter()
    for call in operations(network):
        kind = call.operation.kind.removesuffix(" up")
        numbers = call.operation.numbers if kind in ("conv", "linear") else ()
        found[kind, *(int(number) for number in numbers)] += int(call.times)
    return found


def seen(part: nn.Module, x: Tensor, out: Tensor) -> Iterator[tuple[object, ...]]:
    """What one module of a built network does, as `called` tells it."""
    match part:
        case nn.Conv2d():
            (kernel, _), (stride, _), (padding, _) = part.kernel_size, part.stride, part.padding
            numbers = (kernel, stride, part.groups, padding, int(part.bias is not None))
            yield "conv", *x.shape[1:], part.out_channels, *numbers
        case nn.Linear():
            yield "linear", x.shape[1], 1, 1, out.shape[1], 1, 1, 1, 0, int(part.bias is not None)
        case ResidualModule():
            if part._joined:
                yield ("add",)
        case GateModule():
            yield ("gate",)
        case ConcatModule():
            yield ("join",)
        case nn.Sequential():
            return
        case _:
            name = type(part).__name__.lower()
            suffix = " in place" if getattr(part, "inplace", False) else ""
            yield (KINDS.get(name, name) + suffix,)


def hooked(network: Network) -> Counter[tuple[object, ...]]:
    """The operations of the built network as hooks see them."""
    module, found = ns.build(network).eval(), Counter[tuple[object, ...]]()

    def hook(part: nn.Module, given: tuple[Tensor], out: Tensor) -> None:
        found.update(seen(part, given[0], out))

    for part in module.modules():
        part.register_forward_hook(hook)
    with torch.inference_mode():
        module(torch.zeros(1, network.channels, *network.resolution))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_network_calls_what_its_module_does(name: str) -> None:
    network = ns.network(name)
    assert called(network) == hooked(network)


@pytest.mark.parametrize("name", SPACES)
def test_a_drawn_network_calls_what_its_module_does(name: str) -> None:
    for network in space(name, resolution=32, classes=10).sample(3, seed=1, flops=(1e6, 2e7)):
        assert called(network) == hooked(network)


@pytest.mark.parametrize("name", SPACES)
def test_a_batch_of_networks_calls_what_each_does(name: str) -> None:
    whole = space(name, resolution=32, classes=10)
    uniforms = np.random.default_rng(2).random((12, whole.dimensions))
    for batch in whole.template.decode(whole.draw(uniforms)):
        for row in range(len(batch.rows)):
            found: Counter[Operation] = Counter()
            for call in operations(batch.network):
                times = np.broadcast_to(call.times, len(batch.rows))[row]
                columns = (np.broadcast_to(n, len(batch.rows))[row] for n in call.operation.numbers)
                numbers = dict(zip(NUMBERS, map(int, columns), strict=True))
                found[Operation(kind=call.operation.kind, **numbers)] += int(times)
            own: Counter[Operation] = Counter()
            for call in operations(one(batch.network, row)):
                own[call.operation] += call.times
            assert +found == own


def test_what_others_may_read_is_not_overwritten() -> None:
    """An activation is in place only behind what makes a map; the first step's input is another's.

    As `build` has it: sigmoid never is, nor what comes behind another activation.
    """
    relu, silu = Act(function="relu"), Act(function="silu")
    gate = Act(function="sigmoid")
    steps = (relu, Conv(width=4, kernel=1), silu, relu, Conv(width=4, kernel=1), gate)
    chain = Chain(steps=tuple((f"s{place}", step) for place, step in enumerate(steps)))
    walk = _Walk([])
    walk.through(chain, SHAPE, 1)
    kinds = [call.operation.kind for call in walk.found]
    assert kinds == ["relu", "conv", "silu in place", "relu", "conv", "sigmoid"]
    built = [type(part).__name__.lower() for part in _module(chain, SHAPE).children()]
    assert built == ["relu", "conv2d", "silu", "relu", "conv2d", "sigmoid"]
    placed = [getattr(part, "inplace", False) for part in _module(chain, SHAPE).children()]
    assert placed == [kind.endswith("in place") for kind in kinds]


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_can_be_applied_alone(name: str) -> None:
    """Each tiny module takes its input and puts out as many channels as the operation says."""
    ones = {call.operation for call in operations(ns.network(name).for_input(resolution=64))}
    with torch.inference_mode():
        for operation in ones:
            out = module_of(operation).eval()(input_of(operation))
            if operation.kind != "flatten":
                assert out.shape[1] == operation.out


def test_an_operation_says_itself() -> None:
    assert CONV.words == "conv 4 to 8 of 6x5, kernel 3"
    assert replace(CONV, stride=2, groups=4).words.endswith("kernel 3, stride 2, groups 4")


def test_inputs_are_channels_last() -> None:
    given = input_of(CONV)
    assert given.shape == (1, 4, 6, 5)
    assert given.is_contiguous(memory_format=torch.channels_last)
    weight = next(module_of(CONV).parameters())
    assert weight.is_contiguous(memory_format=torch.channels_last)


def faked(times: Sequence[float], monkeypatch: pytest.MonkeyPatch) -> list[nn.Module]:
    """Let each run take the next of these seconds, over and over; what ran is noted."""
    ran: list[nn.Module] = []

    def seconds(module: nn.Module, given: Tensor) -> float:
        ran.append(module)
        return times[(len(ran) - 1) % len(times)]

    monkeypatch.setattr(layer_times, "_seconds", seconds)
    return ran


def test_the_least_of_the_rounds_counts_and_none_of_the_warm_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of one operation, whose runs come one after the other: the first two are left out."""
    ran = faked([0.001, 0.002, 0.007, 0.005, 0.006], monkeypatch)
    assert measure_operations([CONV], rounds=3).tolist() == [pytest.approx(5)]
    assert len(ran) == 5


def test_operations_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = faked([0.001], monkeypatch)
    other = replace(CONV, out=12)
    assert measure_operations([CONV, other], rounds=2).shape == (2,)
    assert [module.out_channels for module in ran] == [8, 12] * 4


def test_few_are_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """With little room each operation has all its rounds before the next one begins."""
    monkeypatch.setattr(layer_times, "TOGETHER", 1)
    ran = faked([0.001], monkeypatch)
    measure_operations([CONV, replace(CONV, out=12)], rounds=1)
    assert [module.out_channels for module in ran] == [8, 8, 8, 12, 12, 12]


def test_nothing_takes_no_time() -> None:
    assert measure_operations([]).shape == (0,)


@given(times=st.lists(st.floats(1e-6, 1), min_size=25, max_size=25))
def test_of_a_network_the_median_of_turns_counts(times: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        ran = faked(times, patch)
        (found,) = measure_networks([SMALL])
    assert len(ran) == 25
    least = [min(times[turn * 5 + 2 : turn * 5 + 5]) for turn in range(5)]
    assert found == pytest.approx(1_000 * np.median(least))


def test_a_real_measurement_is_above_nothing_and_leaves_the_threads_alone() -> None:
    before = torch.get_num_threads()
    operations_ms = measure_operations([CONV, replace(CONV, kind="relu in place")], rounds=1)
    assert (operations_ms > 0).all()
    assert measure_networks([SMALL])[0] > 0
    assert torch.get_num_threads() == before
