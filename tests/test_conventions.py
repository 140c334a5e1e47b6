"""docs/conventions.md: what other counters say of built networks, explained to the last unit.

Hooks on the built module count the terms; each counter's figure must be a sum of them, and the page
must show the figures and the factors.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

import netspace as ns
from netspace.design.complexity import measure, parts
from netspace.design.layers import Chain, Linear, Shape
from tests.design import test_accel_nasbench as accel

with warnings.catch_warnings():
    # fvcore scripts two losses when it is imported.
    warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)
    from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis, parameter_count
from ptflops import get_model_complexity_info

PAGE = (Path(__file__).parents[1] / "docs" / "conventions.md").read_text("utf-8")
NETWORKS = ("regnet_x_400mf", "efficientnet_b0", "resnet50")

# How often each counter takes each term; netspace's own figure is the first column.
COUNTERS = (
    "netspace",
    "fvcore",
    "ptflops",
    "ptflops, layers only",
    "ptflops, aten",
    "torch",
    "`macs_m`",
)
FACTORS = {
    "products of convolutions": (1, 1, 1, 1, 1, 2, 1),
    "products of the classifier": (1, 1, 1, 1, 1, 2, 1),
    "biases of squeezes": (1, 0, 1, 1, 1, 0, 0),
    "bias of the classifier": (1, 0, 1, 1, 1, 0, 0),
    "normalised elements": (0, 2, 2, 2, 0, 0, 4),
    "ReLU elements": (0, 0, 2, 1, 0, 0, 0),
    "SiLU elements": (0, 0, 1, 0, 0, 0, 0),
    "elements into max-pools": (0, 0, 2, 1, 0, 0, 0),
    "elements into means": (0, 1, 2, 1, 0, 0, 1),
    "elements out of means": (0, 0, 0, 0, 0, 0, 1),
}

Weigh = Callable[[nn.Module, Tensor, Tensor], Iterator[tuple[str, int]]]


@cache
def built(name: str) -> nn.Module:
    return ns.build(ns.network(name)).eval()


def images(number: int = 1) -> Tensor:
    return torch.zeros(number, 3, 224, 224)


def amounts(part: nn.Module, given: Tensor, out: Tensor) -> Iterator[tuple[str, int]]:
    """The terms of one layer's forward pass."""
    match part:
        case nn.Conv2d():
            window = part.kernel_size[0] * part.kernel_size[1]
            yield "products of convolutions", out.numel() * window * part.in_channels // part.groups
            yield "biases of squeezes", out.numel() * (part.bias is not None)
        case nn.Linear():
            yield "products of the classifier", out.numel() * part.in_features
            yield "bias of the classifier", out.numel() * (part.bias is not None)
        case nn.BatchNorm2d():
            yield "normalised elements", out.numel()
        case nn.ReLU():
            yield "ReLU elements", out.numel()
        case nn.SiLU():
            yield "SiLU elements", out.numel()
        case nn.MaxPool2d():
            yield "elements into max-pools", given.numel()
        case nn.AdaptiveAvgPool2d():
            yield "elements into means", given.numel()
            yield "elements out of means", out.numel()


def observed(module: nn.Module, weigh: Weigh) -> Counter[str]:
    """What `weigh` yields for each layer, summed over one image's forward pass."""
    found: Counter[str] = Counter()

    def add(part: nn.Module, given: tuple[Tensor], out: Tensor) -> None:
        for name, amount in weigh(part, given[0], out):
            found[name] += amount

    hooks = [part.register_forward_hook(add) for part in module.modules()]
    with torch.inference_mode():
        module(images())
    for hook in hooks:
        hook.remove()
    return found


@cache
def terms(name: str) -> Counter[str]:
    return observed(built(name), amounts)


def weighed(found: Mapping[str, int], counter: str) -> int:
    """The sum of the terms, each times the counter's factor."""
    column = COUNTERS.index(counter)
    return sum(amount * FACTORS[name][column] for name, amount in found.items())


def silent(analysis):
    return analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)


def fvcore(name: str, number: int = 1) -> int:
    return silent(FlopCountAnalysis(built(name), images(number))).total()


def ptflops(name: str, **options: object) -> tuple[int, int]:
    """Multiply-adds and params."""
    return get_model_complexity_info(
        built(name), (3, 224, 224), print_per_layer_stat=False, as_strings=False, **options
    )


def torch_counter(module: nn.Module, number: int = 1) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(images(number))
    return counter.get_total_flops()


TOLD: dict[str, Callable[[str], int]] = {
    "netspace": lambda name: ns.count(ns.network(name)).flops,
    "fvcore": fvcore,
    "ptflops": lambda name: ptflops(name, backend="pytorch")[0],
    "ptflops, layers only": lambda name: ptflops(
        name, backend="pytorch", backend_specific_config={"count_functional": False}
    )[0],
    "ptflops, aten": lambda name: ptflops(name, backend="aten")[0],
    "torch": lambda name: torch_counter(built(name)),
}


def line(first: str, cells: Iterable[object]) -> str:
    """One row of a table; thousands are set apart, and 0 is left empty."""
    shown = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
    return " | ".join((f"| {first}", *(" " if cell == "0" else cell for cell in shown))) + " |"


def missing(rows: Sequence[str]) -> list[str]:
    """The rows that the page does not hold, whatever the spaces in them."""
    lines = {"".join(row.split()) for row in PAGE.splitlines()}
    return [row for row in rows if "".join(row.split()) not in lines]


def sentences() -> str:
    return " ".join(PAGE.split())


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("counter", TOLD)
def test_a_counter_says_the_sum_of_its_terms(counter, name):
    assert TOLD[counter](name) == weighed(terms(name), counter)


@pytest.mark.parametrize("row", [0, 2569, 5137])
def test_the_table_of_accel_nasbench_says_the_sum_of_its_terms(row, shared):
    table = accel.read(shared / "facts" / "accel_nasbench.csv")
    choices = {name: int(column[row]) for name, column in table.choices.items()}
    squeezed = tuple(choices[f"block{i}_se"] for i in accel.STAGES)
    network = accel.network(choices, squeezed)
    assert weighed(observed(ns.build(network).eval(), amounts), "`macs_m`") == table.macs[row]


def test_the_page_shows_terms_factors_and_sums():
    rows = [line("term, of one image", (f"`{name}`" for name in NETWORKS))]
    rows += [line(term, (terms(name)[term] for name in NETWORKS)) for term in FACTORS]
    rows += [line("times", COUNTERS)]
    rows += [line(term, factors) for term, factors in FACTORS.items()]
    for counter in COUNTERS:
        rows.append(line(counter, (weighed(terms(name), counter) for name in NETWORKS)))
    assert missing(rows) == []


def pooled(part: nn.Module, _given: Tensor, out: Tensor) -> Iterator[tuple[str, int]]:
    if isinstance(part, nn.MaxPool2d):
        yield "pooled", out.numel()


def test_params_and_activations():
    params, activations, others, pools = [], [], [], []
    for name in NETWORKS:
        cost, module = ns.count(ns.network(name)), built(name)
        params.append(cost.params)
        assert cost.params == sum(weight.numel() for weight in module.parameters())
        assert cost.params == parameter_count(module)[""]
        assert (
            cost.params == ptflops(name, backend="pytorch")[1] == ptflops(name, backend="aten")[1]
        )
        activations.append(cost.activations)
        others.append(silent(ActivationCountAnalysis(module, images())).total())
        pools.append(observed(module, pooled)["pooled"])
        assert activations[-1] == others[-1] + pools[-1]
    rows = [
        line("params, by all", params),
        line("activations, netspace", activations),
        line("activations, fvcore", others),
        line("elements out of max-pools", pools),
    ]
    assert missing(rows) == []


def test_twice_the_products_are_operations():
    widths = (512, 512, 10)
    perceptron = Chain(steps=tuple((f"fc{i}", Linear(width=w)) for i, w in enumerate(widths)))
    cost, _ = measure(perceptron, Shape(channels=784, height=1, width=1))
    biases = sum(widths)
    layers = (nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, 10))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        nn.Sequential(*layers)(torch.zeros(1, 784))
    products = cost.flops - biases
    assert counter.get_total_flops() == 2 * products
    assert (
        f"784-512-512-10 has {products:,} multiply-adds, {2 * products:,} operations, "
        f"{biases:,} bias adds (so {cost.flops:,} `flops`) and {cost.params:,} params"
    ) in sentences()


PUBLISHED = {
    "efficientnet_b0": models.EfficientNet_B0_Weights.IMAGENET1K_V1,
    "resnet50": models.ResNet50_Weights.IMAGENET1K_V1,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_gflops_of_torchvision_are_multiply_adds(name):
    told = PUBLISHED[name].meta["_ops"]
    assert told == round(ns.count(ns.network(name)).flops / 1e9, 3)
    assert f"{told} for `{name}`" in sentences()


def test_networks_of_one_name_differ():
    network = ns.network("regnet_x_400mf")
    *stages, last = network.stages
    wider = ns.count(replace(network, stages=(*stages, replace(last, width=400))))
    meta = models.RegNet_X_400MF_Weights.IMAGENET1K_V1.meta
    assert (meta["_ops"], meta["num_params"]) == (round(wider.flops / 1e9, 3), wider.params)
    ours = ns.count(network)
    assert (
        f"{ours.flops:,} flops and {ours.params:,} params with its last stage of 384 channels "
        f"as in the paper's code, {wider.flops:,} and {wider.params:,} with 400 as in torchvision"
    ) in sentences()


def test_a_head_is_part_of_a_network():
    network = ns.network("regnet_x_400mf")
    whole, head = ns.count(network), parts(network)[-1].complexity
    assert head.flops == head.params
    assert (
        f"{whole.flops - head.flops:,} flops and {whole.params - head.params:,} params without "
        f"its head; the head of 1,000 classes adds {head.flops:,} to each"
    ) in sentences()


def test_where_a_resnet_strides():
    network = ns.network("resnet50")
    first = replace(
        network,
        stages=tuple(
            replace(stage, block=replace(stage.block, stride_in="1x1")) for stage in network.stages
        ),
    )
    later, earlier = ns.count(network), ns.count(first)
    assert later.params == earlier.params
    assert (
        f"{later.flops:,} flops with the stride in the 3x3 convolution, {earlier.flops:,} with it "
        f"in the first 1x1; {later.params:,} params either way"
    ) in sentences()


def test_counts_are_per_image():
    one, four = (torch_counter(built("regnet_x_400mf"), number) for number in (1, 4))
    assert four == 4 * one
    assert fvcore("regnet_x_400mf", 4) == 4 * fvcore("regnet_x_400mf")
    assert f"{four:,} for four images, four times {one:,}" in sentences()


@pytest.mark.parametrize("name", NETWORKS)
def test_fvcore_counts_training_higher(name):
    module = ns.build(ns.network(name)).train()
    told = silent(FlopCountAnalysis(module, images())).total()
    assert told == fvcore(name) + 3 * terms(name)["normalised elements"]


def test_ptflops_leaves_a_module_in_evaluation():
    module = ns.build(ns.network("regnet_x_400mf")).train()
    get_model_complexity_info(
        module, (3, 224, 224), print_per_layer_stat=False, as_strings=False, backend="pytorch"
    )
    assert not any(part.training for part in module.modules())


def ungrouped(part: nn.Module, given: Tensor, out: Tensor) -> Iterator[tuple[str, int]]:
    """Products of the weights' gradients as torch's counter has them: without groups."""
    groups = part.groups if isinstance(part, nn.Conv2d) else 1
    for name, amount in amounts(part, given, out):
        if name.startswith("products"):
            yield "products", amount * groups


@pytest.mark.parametrize("name", NETWORKS)
def test_a_backward_pass_of_torch(name):
    module = built(name)
    with FlopCounterMode(display=False) as counter:
        module(images()).sum().backward()
    module.zero_grad(set_to_none=True)
    forward, stem = torch_counter(module), parts(ns.network(name))[0].complexity.flops
    whole = observed(module, ungrouped)["products"]
    told = counter.get_total_flops()
    assert told == 2 * forward - 2 * stem + 2 * whole
    honest = 3 * forward - 2 * stem
    assert missing([line(f"`{name}`", (forward, honest, told))]) == []
