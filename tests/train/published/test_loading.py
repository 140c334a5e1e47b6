"""Loading weights: other classes and channels keep the rest; what does not fit changes nothing."""

from pathlib import Path

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from netspace.design import zoo
from netspace.design.blocks import Vanilla
from netspace.design.network import Network, Stage
from netspace.errors import DataError, UnknownNameError, UserError
from netspace.train.build import build
from netspace.train.published.loading import load_weights
from netspace.train.weights import save_weights
from tests.strategies import networks

NETWORK = zoo.network("regnet_x_200mf")
TINY = Network(stages=(Stage(block=Vanilla(), width=8, depth=1),), classes=5, resolution=(8, 8))


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return timm.create_model("regnetx_002").state_dict()


def copy(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def refused(module: nn.Module, source: object, **named: str) -> DataError:
    """The error; the module must be as it was."""
    before = copy(module)
    with pytest.raises(DataError) as caught:
        load_weights(module, source, **named)  # type: ignore[arg-type]
    assert equal(copy(module), before)
    assert "\n" not in str(caught.value)
    return caught.value


@given(networks)
@settings(max_examples=20)
def test_a_network_takes_its_own_weights(network) -> None:
    first, second = build(network, seed=1), build(network, seed=2)
    report = load_weights(second, first.state_dict())
    assert equal(first.state_dict(), second.state_dict())
    assert (report.dialect, set(report.loaded)) == ("netspace", set(first.state_dict()))


def test_own_weights_from_a_file(tmp_path: Path) -> None:
    first, second = build(NETWORK, seed=1), build(NETWORK, seed=2)
    save_weights(first, tmp_path / "w.safetensors")
    report = load_weights(second, tmp_path / "w.safetensors")
    assert equal(first.state_dict(), second.state_dict())
    assert str(report) == f"netspace: {len(first.state_dict())} loaded"


def test_another_number_of_classes_keeps_the_rest(state: dict[str, Tensor]) -> None:
    module = build(NETWORK, classes=7)
    before = copy(module)
    report = load_weights(module, state)
    after = module.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert not changed & {"head.fc.weight", "head.fc.bias"}
    assert torch.equal(after["s4.b7.f.c.weight"], state["s4.b7.conv3.conv.weight"])
    assert set(report.fresh) == {"head.fc.weight", "head.fc.bias"}
    assert set(report.loaded) | set(report.fresh) == set(before)
    assert "left as built (1000 classes there, 7 here)" in str(report)


def test_weights_without_a_classifier_leave_it(state: dict[str, Tensor]) -> None:
    module = build(NETWORK)
    before = copy(module)
    report = load_weights(module, {k: v for k, v in state.items() if not k.startswith("head.")})
    assert torch.equal(module.head.fc.weight, before["head.fc.weight"])
    assert report.fresh["head.fc.bias"] == "no classifier in these weights"
    assert torch.equal(module.stem.conv.weight, state["stem.conv.weight"])


def test_older_files_do_not_count_batches(state: dict[str, Tensor]) -> None:
    module = build(NETWORK)
    old = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    report = load_weights(module, old)
    assert set(report.fresh.values()) == {"not in these weights"}
    assert all(name.endswith("num_batches_tracked") for name in report.fresh)
    assert len(report.loaded) == len(old)


def test_one_channel_takes_the_sum_over_colours(state: dict[str, Tensor]) -> None:
    """C49: 0.48 * (0.15 + 0.20 + 0.17) = 0.2496, not 0.0832."""
    centre = torch.zeros(32, 3, 3, 3)
    centre[:, :, 1, 1] = torch.tensor([0.15, 0.20, 0.17])
    module = build(NETWORK, channels=1)
    report = load_weights(module, {**state, "stem.conv.weight": centre})
    out = module.stem.conv(torch.full((1, 1, 8, 8), 0.48))
    assert torch.allclose(out, torch.full_like(out, 0.2496), atol=1e-6)
    assert report.adapted == {"stem.conv.weight": "3 input channels summed for 1"}
    assert set(report.loaded) == set(module.state_dict()) - {"stem.conv.weight"}


@given(st.integers(1, 6), st.integers(1, 9))
@settings(max_examples=30)
def test_an_image_alike_in_all_channels_gives_what_it_gave(before: int, channels: int) -> None:
    theirs = build(TINY, channels=before, seed=1).eval()
    ours = build(TINY, channels=channels, seed=2).eval()
    report = load_weights(ours, theirs.state_dict())
    assert ("stem.conv.weight" in report.adapted) == (before != channels)
    grey = torch.randn(2, 1, 8, 8)
    with torch.inference_mode():
        expected = theirs(grey.expand(-1, before, -1, -1))
        found = ours(grey.expand(-1, channels, -1, -1))
    assert torch.allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_fourth_channel_shares_with_the_first(state: dict[str, Tensor]) -> None:
    module = build(NETWORK, channels=4)
    load_weights(module, state)
    red, green, blue = state["stem.conv.weight"].unbind(1)
    expected = torch.stack([red / 2, green, blue, red / 2], dim=1)
    assert torch.equal(module.stem.conv.weight, expected)


def test_half_precision_comes_in_the_precision_of_the_module(state: dict[str, Tensor]) -> None:
    module = build(NETWORK)
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    load_weights(module, half)
    assert module.stem.conv.weight.dtype == torch.float32
    assert torch.equal(module.stem.conv.weight, half["stem.conv.weight"].float())


def test_unknown_layers_are_listed(state: dict[str, Tensor]) -> None:
    strange = {f"neck.{i}.weight": torch.ones(2) for i in range(8)}
    fault = refused(build(NETWORK), {**state, **strange, "s1.b1.conv1.conv.bias": torch.ones(24)})
    assert (
        "unknown layers (9): neck.0, neck.1, neck.2, neck.3, neck.4 and 4 more; "
        "build the network" in str(fault)
    )
    assert fault.__notes__ == [
        "all unknown layers: "
        + ", ".join(f"neck.{i}" for i in range(8))
        + ", s1.b1.conv1.conv.bias"
    ]


def test_missing_layers_are_listed(state: dict[str, Tensor]) -> None:
    part = {k: v for k, v in state.items() if not k.startswith("s2.b1.conv1.conv")}
    part.pop("s3.b1.conv2.bn.running_var")
    fault = refused(build(NETWORK), part)
    assert "missing layers (2): s2.b1.f.a, s3.b1.f.b_norm.running_var; build" in str(fault)


def test_other_shapes_are_listed(state: dict[str, Tensor]) -> None:
    fault = refused(build(NETWORK), {**state, "s1.b1.conv1.conv.weight": torch.ones(24, 32, 3, 3)})
    refused(build(NETWORK), {**state, "head.fc.weight": torch.tensor(1.0)})
    shapes = "s1.b1.conv1.conv.weight 24x32x3x3, here 24x32x1x1"
    assert f"other shapes (1): {shapes}; build" in str(fault)
    assert not hasattr(fault, "__notes__")


@pytest.mark.parametrize(
    ("name", "reference"),
    [("resnet34", "resnet50"), ("resnet50", "resnet101"), ("regnet_x_200mf", "resnet18")],
)
def test_another_architecture_is_refused(name: str, reference: str) -> None:
    """C23: never part of one network's weights in another."""
    fault = refused(build(zoo.network(name)), timm.create_model(reference).state_dict())
    assert str(fault).startswith("state dict: weights of torchvision (ResNet) do not fit")
    assert "unknown layers (" in str(fault)


def test_how_many_blocks_there_are_is_said() -> None:
    fault = refused(build(zoo.network("resnet18")), timm.create_model("resnet34").state_dict())
    assert "16 blocks there, 8 here; unknown layers (" in str(fault)


def test_weights_of_no_known_network(tmp_path: Path) -> None:
    strange = {"encoder.weight": torch.ones(2), "decoder.weight": torch.ones(2)}
    fault = refused(build(NETWORK), strange)
    assert "names such as decoder.weight, encoder.weight are of no known network" in str(fault)
    assert "as in timm and torchvision, AlexNet, EfficientNet, GoogLeNet" in str(fault)
    torch.save(strange, tmp_path / "w.pth")
    assert str(refused(build(NETWORK), tmp_path / "w.pth")).startswith(f"{tmp_path / 'w.pth'}: ")


def test_the_dialect_can_be_said(state: dict[str, Tensor]) -> None:
    assert load_weights(build(NETWORK), state, dialect="timm").dialect == "timm"
    resnet = timm.create_model("resnet18").state_dict()
    module = build(zoo.network("resnet18"))
    assert load_weights(module, resnet).dialect == "torchvision"
    assert load_weights(module, resnet, dialect="timm").dialect == "timm"


def test_another_dialect_than_said(state: dict[str, Tensor]) -> None:
    fault = refused(build(NETWORK), state, dialect="torchvision")
    assert str(fault).endswith("are timm's, not torchvision's; leave the dialect out")


def test_an_unknown_dialect(state: dict[str, Tensor]) -> None:
    with pytest.raises(UnknownNameError, match="unknown dialect 'tim'; did you mean 'timm'"):
        load_weights(build(NETWORK), state, dialect="tim")  # type: ignore[arg-type]


def test_a_module_that_was_not_built_here(state: dict[str, Tensor]) -> None:
    with pytest.raises(UserError, match=r"a module of ns\.build; this one has no stem"):
        load_weights(timm.create_model("resnet18"), state)


@pytest.mark.parametrize("reference", ["resnet50d", "legacy_seresnet50", "resnetv2_50"])
def test_relatives_with_other_layers_are_refused(reference: str) -> None:
    refused(build(zoo.network("resnet50")), timm.create_model(reference).state_dict())
