"""Weights of timm and torchvision: every one has its place, and outputs are the same."""

import pytest
import torch
import torchvision
from torch import Tensor, nn

from netspace.design import zoo
from netspace.train.build import build
from netspace.train.published.loading import load_weights
from netspace.train.published.recognition import NAMINGS, recognise
from netspace.train.published.resnets import RESNET_TIMM
from tests.design.test_references import PAIRS, reference_module

SMALL = {
    "alexnet",
    "efficientnet_b0",
    "efficientnet_b5_tv",
    "googlenet_tv",
    "mnasnet_a1",
    "mnasnet_b1",
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_large_timm",
    "mobilenet_v3_small",
    "mobilenet_v3_small_timm",
    "regnet_x_400mf_tv",
    "regnet_y_400mf",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "seresnet18",
    "seresnet50",
    "vgg11",
    "vgg11_bn",
    "wide_resnet50_2",
}
LIVING = [pair for pair in PAIRS if pair[0] in SMALL]
OTHER_EPS = [
    ("efficientnet_b5", "torchvision:efficientnet_b5"),
    ("efficientnet_b5_tv", "timm:efficientnet_b5"),
    ("mobilenet_v3_small", "timm:mobilenetv3_small_100"),
    ("mobilenet_v3_small_timm", "torchvision:mobilenet_v3_small"),
]


def words(value: str) -> str:
    return value.replace(":", "-")


@torch.no_grad()
def enliven(module: nn.Module) -> nn.Module:
    """Random weights, scales, shifts and statistics, such that each tells in the output.

    The statistics are those of random images, shaken: with arbitrary ones, the signal would die or
    explode on its way through a deep network.
    """
    torch.manual_seed(0)
    for name, value in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            value.fill_(7)
        elif value.ndim > 1:
            value.normal_(std=(2 / value[0].numel()) ** 0.5)
        elif name.endswith(("bias", "running_mean")):
            value.normal_(std=0.2)
        else:
            value.uniform_(0.5, 1.5)
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    if norms:
        module.train()(images(8))
    for norm in norms:
        noise = torch.randn_like(norm.running_mean)
        norm.running_mean += 0.1 * norm.running_var.sqrt() * noise
        norm.running_var *= 0.8 + 0.4 * torch.rand_like(norm.running_var)
    return module.eval()


def images(number: int) -> Tensor:
    return torch.randn(number, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def living(reference: str) -> nn.Module:
    return enliven(reference_module(reference).to_empty(device="cpu"))


def empty(name: str) -> nn.Module:
    """The network with arbitrary numbers: whatever is not loaded shows."""
    with torch.device("meta"):
        module = build(zoo.network(name))
    return module.to_empty(device="cpu")


def compare(ours: nn.Module, theirs: nn.Module, dtype: torch.dtype) -> None:
    """Outputs are within 1e-5 of the largest one, and depend on the images."""
    x = images(2).to(dtype)
    with torch.inference_mode():
        expected, found = theirs.to(dtype)(x), ours.to(dtype).eval()(x)
    largest = expected.abs().max()
    assert (expected[0] - expected[1]).abs().max() > 0.05 * largest
    assert (found - expected).abs().max() <= 1e-5 * largest


def precision(name: str) -> torch.dtype:
    """Double: deep random networks amplify the rounding of fp32, up to the whole output in B5.

    The early ones do not, and would take gigabytes.
    """
    return torch.float32 if name.startswith(("alexnet", "vgg")) else torch.float64


@pytest.mark.filterwarnings("ignore:for .* copying from a non-meta parameter:UserWarning")
@pytest.mark.parametrize(("name", "reference"), PAIRS, ids=words)
def test_every_weight_has_its_place(name: str, reference: str) -> None:
    """No tensor is left over on either side, and none has to be changed."""
    number = torch.zeros(())
    theirs = reference_module(reference).state_dict()
    state = {key: number.expand(value.shape) for key, value in theirs.items()}
    with torch.device("meta"):
        ours = build(zoo.network(name))
    report = load_weights(ours, state)
    assert set(report.loaded) == set(ours.state_dict())
    assert len(report.loaded) == len(state)
    assert (report.adapted, report.fresh, report.ignored) == ({}, {}, ())
    same_names = report.family == "ResNet"  # in timm and torchvision
    assert report.dialect == reference.partition(":")[0] or same_names


@pytest.mark.parametrize(("name", "reference"), LIVING, ids=words)
def test_outputs_are_those_of_the_reference(name: str, reference: str) -> None:
    theirs = living(reference)
    ours = empty(name)
    load_weights(ours, theirs.state_dict(), dialect=reference.partition(":")[0])
    compare(ours, theirs, precision(name))


def test_every_naming_is_among_those_whose_outputs_are_compared() -> None:
    used = [recognise(reference_module(r).state_dict(), None, "") for _, r in LIVING]
    assert {id(n) for n in NAMINGS if n not in (RESNET_TIMM, NAMINGS[-1])} == {id(n) for n in used}
    assert NAMINGS[-1].dialect == "netspace"


@pytest.mark.parametrize(("name", "reference"), OTHER_EPS, ids=words)
def test_scales_make_up_for_another_eps(name: str, reference: str) -> None:
    theirs = living(reference)
    ours = empty(name).double()
    report = load_weights(ours, theirs.double().state_dict())
    norms = [key for key, part in ours.named_modules() if isinstance(part, nn.BatchNorm2d)]
    assert list(report.adapted) == [f"{key}.weight" for key in norms]
    assert "eps" in str(report)
    compare(ours, theirs, torch.float64)


def test_auxiliary_classifiers_are_ignored_and_reported() -> None:
    options = {"weights": None, "aux_logits": True, "init_weights": False}
    theirs = enliven(torchvision.models.googlenet(**options))
    ours = empty("googlenet_tv")
    report = load_weights(ours, theirs.state_dict())
    assert set(report.ignored) == {key for key in theirs.state_dict() if key.startswith("aux")}
    assert len(report.ignored) == 20
    compare(ours, theirs, torch.float64)
