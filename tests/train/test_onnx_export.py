"""Exported networks answer as torch does, whatever the batch; quantised ones nearly so."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from numpy.typing import NDArray
from torch import Tensor, nn

from netspace.design.blocks import (
    Basic,
    Block,
    Bottleneck,
    Inception,
    MBConv,
    Plain,
    Separable,
    Vanilla,
)
from netspace.design.custom import Custom
from netspace.design.layers import (
    Act,
    Activation,
    Chain,
    Concat,
    Conv,
    Gate,
    GlobalPool,
    Norm,
    Pool,
    Residual,
)
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.pieces import Pooling, Squeeze
from netspace.errors import NetspaceError, SpecError, UserError
from netspace.train import onnx_checks, onnx_export
from netspace.train.build import build
from netspace.train.onnx_checks import check_parity
from netspace.train.onnx_export import (
    IR_VERSION,
    OPSET,
    described,
    onnx_model,
    quantised,
    session,
    value_shapes,
)
from tests.strategies import any_networks

Logits = NDArray[np.float32]
SQUEEZED = Squeeze(ratio=0.5, act="silu", gate="hardsigmoid")
# Norms that follow no convolution, a gate, branches, and a shortcut that reads an activation.
TREE = Chain(
    steps=(
        ("norm", Norm(eps=1e-3)),
        ("conv", Conv(width=6, kernel=3, bias=True)),
        ("conv_norm", Norm()),
        ("pool", Pool(function="mean", kernel=3, stride=1, padding=1)),
        (
            "sides",
            Concat(
                branches=(
                    ("one", Conv(width=4, kernel=1)),
                    ("two", Act(function="tanh")),
                )
            ),
        ),
        ("sum", Residual(body=Chain(steps=(("a", Conv(width=10, kernel=3)),)), after=Norm())),
        (
            "gate",
            Gate(body=Chain(steps=(("pool", GlobalPool()), ("fc", Conv(width=10, kernel=1))))),
        ),
        ("thin", Conv(width=8, kernel=1)),
    )
)
BLOCKS: Mapping[str, Block] = {
    "plain": Plain(bias=True, norm=False),
    "vanilla": Vanilla(),
    "basic": Basic(),
    "bottleneck": Bottleneck(bottleneck_ratio=2, group_width=2, se=SQUEEZED),
    "mbconv": MBConv(expansion=2, se=SQUEEZED, act="silu"),
    "separable": Separable(act="relu6"),
    "inception": Inception(width1=2, reduce3=2, width3=2, reduce5=2, width5=2, width_pool=2),
    "custom": Custom(layers=TREE),
}


def small(block: Block, **fields: Any) -> Network:
    stage = Stage(block=block, width=8, depth=2, stride=1)
    usual = {"stem": Stem(width=8), "classes": 4, "resolution": (13, 10)}
    return Network(stages=(stage,), **(usual | fields))


def trained(network: Network) -> nn.Module:
    """The network as if it had been trained: no statistic is at its start value."""
    module = build(network, seed=1)
    chance = torch.Generator().manual_seed(2)
    for name, value in module.state_dict().items():
        if value.dtype == torch.float32 and ("norm" in name or name.endswith("bias")):
            value.copy_(torch.rand(value.shape, generator=chance) + 0.5)
    return module


def noise(network: Network, count: int, seed: int = 0) -> Tensor:
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(count, network.channels, *network.resolution, generator=chance)


def answer(model: bytes, images: Tensor) -> Logits:
    logits: Logits = session(model).run(None, {"images": images.numpy()})[0]
    return logits


def expected(module: nn.Module, images: Tensor) -> Logits:
    with torch.inference_mode():
        logits: Logits = module.eval()(images).numpy()
    return logits


def require_close(ours: Logits, theirs: Logits) -> None:
    limit = max(1e-4, 5e-6 * float(np.abs(theirs).max()))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=limit)


def test_every_kind_of_block_is_tried() -> None:
    kinds = {type(block) for block in BLOCKS.values()}
    assert kinds == set(get_args(get_args(Block)[0]))


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_every_block_answers_as_in_torch(block: Block) -> None:
    """C25: batches of 1, 2 and 5, rows that do not depend on one another."""
    network = small(block)
    module = trained(network)
    model = onnx_model(network, module)
    images = noise(network, 5)
    theirs = expected(module, images)
    for count in (1, 2, 5):
        require_close(answer(model, images[:count]), theirs[:count])
    rows = [answer(model, images[index : index + 1])[0] for index in range(5)]
    np.testing.assert_allclose(np.stack(rows), answer(model, images), rtol=0, atol=1e-5)
    assert theirs.std() > 0
    assert check_parity(network, module, model).random_images == 1 + 2 + 5


@given(any_networks)
@settings(max_examples=40)
def test_any_network_answers_as_in_torch(network: Network) -> None:
    module = trained(network)
    images = noise(network, 2)
    require_close(answer(onnx_model(network, module), images), expected(module, images))


HEADS = {
    "flat": Head(grid=None, hidden=(5,), act="tanh"),
    "grid that divides": Head(grid=2, hidden=(7,), dropout=0.4),
    "grid that overlaps": Head(grid=3),
    "grid of more regions than positions": Head(grid=9),
    "mean-pool": Head(pool=Pooling(function="mean"), width=9),
    "convolution": Head(classifier="convolution", width=9),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("resolution", [(16, 16), (13, 10)])
def test_every_head_answers_as_in_torch(head: Head, resolution: tuple[int, int]) -> None:
    network = small(Basic(), head=head, resolution=resolution)
    module, images = trained(network), noise(network, 3)
    require_close(answer(onnx_model(network, module), images), expected(module, images))


@pytest.mark.parametrize("function", ["max", "mean"])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("side", [9, 10])
def test_windows_that_reach_over_the_edge(function: Any, padding: int, side: int) -> None:
    pool = Pooling(function=function, kernel=3, padding=padding, round_up=True)
    stage = Stage(block=Plain(), width=8, depth=1, stride=2, downsampling=pool)
    network = replace(
        small(Plain(), resolution=(side, side + 1)), stem=Stem(width=8, stride=1), stages=(stage,)
    )
    module, images = trained(network), noise(network, 2)
    require_close(answer(onnx_model(network, module), images), expected(module, images))


@pytest.mark.parametrize("function", get_args(Activation))
def test_every_activation_answers_as_in_torch(function: Activation) -> None:
    network = small(Basic(act=function))
    module, images = trained(network), 4 * noise(network, 2)
    require_close(answer(onnx_model(network, module), images), expected(module, images))


def test_a_module_in_training_is_exported_in_eval_mode_and_goes_on_training() -> None:
    """C26."""
    network = small(Basic(), head=Head(dropout=0.5))
    module = trained(network).train()
    frozen = module.get_submodule("stem.conv_norm").eval()
    model = onnx_model(network, module)
    check_parity(network, module, model)
    assert module.training
    assert not frozen.training
    assert sum(part.training for part in module.modules()) == len(list(module.modules())) - 1
    images = noise(network, 5)
    require_close(answer(model, images), expected(module, images))


def test_the_file_states_its_size_and_refuses_others() -> None:
    """C90."""
    network = small(Basic(), resolution=(16, 20))
    model = onnx_model(network)
    (images,) = session(model).get_inputs()
    (logits,) = session(model).get_outputs()
    assert (images.name, images.shape) == ("images", ["batch", 3, 16, 20])
    assert (logits.name, logits.shape) == ("logits", ["batch", 4])
    with pytest.raises(Exception, match="Got: 17 Expected: 20"):
        answer(model, torch.zeros(1, 3, 16, 17))


def test_opset_version_and_names_are_as_stated() -> None:
    whole = onnx.load_from_string(onnx_model(small(Bottleneck())))
    assert [(one.domain, one.version) for one in whole.opset_import] == [("", OPSET)]
    assert whole.ir_version == IR_VERSION
    names = [node.name for node in whole.graph.node]
    assert "s1.b2.f.b" in names
    assert "BatchNormalization" not in {node.op_type for node in whole.graph.node}
    stored = {value.name for value in whole.graph.initializer}
    assert {"stem.conv.weight", "head.fc.bias"} <= stored


def test_shapes_of_all_values_are_recorded() -> None:
    network = small(Inception(width1=2, reduce3=2, width3=2, reduce5=2, width5=2, width_pool=2))
    shapes = value_shapes(onnx_model(network))
    assert next(iter(shapes)) == "images"
    assert list(shapes)[-1] == "logits"
    assert shapes["images"] == ["batch", 3, 13, 10]
    assert shapes["stem.conv"] == ["batch", 8, 7, 5]
    assert shapes["logits"] == ["batch", 4]
    assert len(shapes) == 1 + len(onnx.load_from_string(onnx_model(network)).graph.node)


def test_metadata_is_kept() -> None:
    model = described(onnx_model(small(Basic())), {"a": "1", "b": "zwei"})
    model = described(model, {"a": "2"})
    assert session(model).get_modelmeta().custom_metadata_map == {"a": "2"}


class Odd(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        """Something that no layer of netspace is."""
        return torch.fft.fft(images).real


def test_an_operator_without_translation_is_named_with_its_place() -> None:
    network = small(Basic())
    module = build(network)
    module.get_submodule("s1.b2").f = Odd()  # type: ignore[assignment]
    with pytest.raises(UserError, match=r"layer 's1\.b2\.f': operator Odd .* no translation"):
        onnx_model(network, module)


def test_weights_of_other_classes_are_refused() -> None:
    network = small(Basic())
    message = r"weights head\.fc\.weight are \(4, 8\), the network needs \(7, 8\)"
    with pytest.raises(SpecError, match=message):
        onnx_model(replace(network, classes=7), build(network))


def test_a_file_cannot_hold_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "LARGEST_BYTES", 1_000)
    with pytest.raises(SpecError, match=r"exceed the 2\.1 GB of one"):
        onnx_model(small(Basic()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda bias: bias + 0.001, "differs from torch by 1.0e-03"),
        (lambda bias: bias * float("nan"), "logits are not finite"),
    ],
)
def test_a_model_that_answers_otherwise_is_refused(change: Any, message: str) -> None:
    network = small(Basic())
    module = trained(network)
    model = onnx_model(network, module)
    with torch.no_grad():
        bias = module.get_submodule("head.fc").bias
        assert isinstance(bias, Tensor)
        bias.copy_(change(bias))
    with pytest.raises(NetspaceError, match=message):
        check_parity(network, module, model)


def test_another_class_on_top_is_refused_even_within_the_tolerance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onnx_checks, "TOLERANCE", 100.0)
    network = small(Basic())
    module = trained(network)
    model = onnx_model(network, module)
    with torch.no_grad():
        for part in module.get_submodule("head.fc").parameters():
            part.neg_()
    with pytest.raises(NetspaceError, match="names another class than torch on"):
        check_parity(network, module, model)


def test_real_images_are_compared_as_well() -> None:
    network = small(Basic())
    module = trained(network)
    real = [noise(network, count, seed=7).numpy() for count in (3, 2)]
    found = check_parity(network, module, onnx_model(network, module), real)
    assert (found.random_images, found.real_images) == (8, 5)
    assert "on 8 random and 5 real images" in found.sentence
    assert 0 < found.largest_difference < 1e-4


@pytest.mark.parametrize("how", onnx_export.QUANTISATIONS)
def test_eight_bits_hold_the_weights_and_stay_near(how: Any) -> None:
    network = small(Basic(), stem=Stem(width=16), resolution=(16, 16))
    network = replace(network, stages=(Stage(block=Basic(), width=64, depth=2, stride=2),))
    module, images = trained(network), noise(network, 16)
    model = onnx_model(network, module)
    small_model = quantised(model, how=how, calibration=[images.numpy()])
    assert len(small_model) < 0.4 * len(model)
    theirs = expected(module, images)
    ours = answer(small_model, images)
    assert 0 < np.abs(ours - theirs).max() < 0.2 * np.abs(theirs).max()
    kinds = {node.op_type for node in onnx.load_from_string(small_model).graph.node}
    assert ("ConvInteger" if how == "dynamic" else "QuantizeLinear") in kinds
    assert ("", OPSET) in {
        (one.domain, one.version) for one in onnx.load_from_string(small_model).opset_import
    }


def test_static_rows_do_not_depend_on_one_another() -> None:
    network = small(Bottleneck())
    images = noise(network, 4)
    model = quantised(
        onnx_model(network), how="static", calibration=[images[:2].numpy(), images[2:].numpy()]
    )
    rows = [answer(model, images[index : index + 1])[0] for index in range(4)]
    np.testing.assert_array_equal(np.stack(rows), answer(model, images))


def test_static_needs_images() -> None:
    with pytest.raises(UserError, match="needs images to calibrate on"):
        quantised(onnx_model(small(Basic())), how="static")


def test_nothing_is_told_to_the_user(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    network = small(MBConv(act="relu6"))
    model = onnx_model(network)
    for how in onnx_export.QUANTISATIONS:
        answer(
            quantised(model, how=how, calibration=[noise(network, 2).numpy()]), noise(network, 2)
        )
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_names_the_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = onnx_model(small(Basic()))
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=rf"{package} is not installed; pip install 'netspace\[on"):
        onnx_model(small(Basic())) if package == "onnx" else session(model)
