import re
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torchvision.models.detection import RetinaNet
from torchvision.models.segmentation.fcn import FCNHead
from torchvision.ops import FeaturePyramidNetwork

import netspace as ns
from netspace.design import zoo
from netspace.design.blocks import Basic
from netspace.design.network import Network, Stage, Stem
from netspace.errors import SpecError
from netspace.train.features import Features, features, levels
from tests.strategies import any_networks

SIDE = 64
PADDED = [name for name in zoo.names() if name not in ("alexnet", "lenet5")]
MODEST = [name for name in PADDED if ns.count(zoo.network(name)).flops < 1.7e9]
TINY = Network(
    stem=Stem(width=8, stride=2),
    stages=tuple(Stage(block=Basic(), width=width, depth=1) for width in (12, 16, 24, 32)),
    classes=3,
    resolution=(SIDE, SIDE),
)


def images(network: Network, number: int = 2, side: int | None = None) -> Tensor:
    height, width = network.resolution if side is None else (side, side)
    generator = torch.Generator().manual_seed(0)
    return torch.randn(number, network.channels, height, width, generator=generator)


def steps(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """What each step of stem and stages puts out in the whole network, by hooks."""
    seen: dict[str, Tensor] = {}
    for name, part in module.named_children():
        for step, layer in part.named_children() if name != "head" else ():
            key = f"{name}.{step}"
            layer.register_forward_hook(
                lambda _layer, _given, out, key=key: seen.update({key: out.clone()})
            )
    module(x)
    return seen


@pytest.mark.parametrize("name", MODEST)
def test_maps_are_the_last_of_their_size_in_the_whole_network(name):
    """The oracle knows nothing of strides: it goes by the sizes of the maps."""
    network = zoo.network(name).for_input(resolution=SIDE, classes=10)
    module, x = ns.build(network).eval(), images(network)
    with torch.inference_mode():
        maps = features(network, module=module)(x)
        last = {out.shape[-1]: out for out in steps(module, x).values()}
    wanted = [last[SIDE // stride] for stride in (4, 8, 16, 32) if SIDE // stride in last]
    assert list(maps) == ["0", "1", "2", "3"][: len(wanted)]
    assert len(wanted) >= 1
    for own, other in zip(maps.values(), wanted, strict=True):
        assert torch.equal(own, other)


@pytest.mark.parametrize("name", MODEST)
def test_widths_and_strides_are_those_of_the_maps(name):
    network = zoo.network(name)
    backbone = features(network).eval()
    with torch.inference_mode():
        maps = backbone(images(network, 1, SIDE))
    shapes = [tuple(one.shape) for one in maps.values()]
    assert shapes == [
        (1, width, SIDE // stride, SIDE // stride)
        for width, stride in zip(backbone.widths, backbone.strides, strict=True)
    ]


# The widths of torchvision's and timm's maps: timm's `feature_info` of these models.
PUBLISHED = {
    "resnet50": ((4, 8, 16, 32), (256, 512, 1024, 2048)),
    "regnet_x_32gf": ((4, 8, 16, 32), (336, 672, 1344, 2520)),
    "efficientnet_b0": ((4, 8, 16, 32), (24, 40, 112, 320)),
    "mobilenet_v2": ((4, 8, 16, 32), (24, 32, 96, 320)),
    "vgg16": ((4, 8, 16), (256, 512, 512)),  # its last pool, to stride 32, belongs to the head
    "alexnet": ((4, 8, 16), (64, 192, 256)),
    "resnet20_cifar": ((4,), (64,)),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_known_geometries(name):
    usual = [level for level in levels(zoo.network(name)) if level.stride >= 4]
    assert tuple(level.stride for level in usual) == PUBLISHED[name][0]
    assert tuple(level.width for level in usual) == PUBLISHED[name][1]


@given(any_networks)
@settings(max_examples=30)
def test_every_level_is_a_map_of_the_whole_network(network):
    found = levels(network)
    module, x = ns.build(network).eval(), images(network)
    backbone = features(network, module=module, strides=[level.stride for level in found])
    with torch.inference_mode():
        maps, whole = backbone(x), steps(module, x)
    assert [level.step for level in found][-1] == list(whole)[-1]
    for level, own in zip(found, maps.values(), strict=True):
        assert own.shape[1] == level.width
        assert torch.equal(own, whole[level.step])


def test_training_leaves_no_map_overwritten():
    """Activations work in place; none of them may change a map that was handed out."""
    module, x = ns.build(TINY).train(), images(TINY)
    whole = steps(module, x)
    maps = features(TINY, module=ns.build(TINY), strides=(2, 4, 8, 16, 32))(x)
    assert [name for name, own in maps.items() if (own < 0).any()] == []
    for level, own in zip(levels(TINY), maps.values(), strict=True):
        assert torch.equal(own, whole[level.step])


def test_layers_are_those_of_the_module_and_the_head_is_left_alone():
    module = ns.build(TINY)
    backbone = features(TINY, module=module)
    own, whole = dict(backbone.named_parameters()), dict(module.named_parameters())
    assert set(whole) - set(own) == {"head.fc.weight", "head.fc.bias"}
    assert all(own[name] is whole[name] for name in own)
    assert "head" in dict(module.named_children())


def test_names_of_the_state_are_those_of_the_network():
    state = {k: v for k, v in ns.build(TINY, seed=3).state_dict().items() if k[:4] != "head"}
    backbone = features(TINY)
    backbone.load_state_dict(state)
    assert torch.equal(backbone.state_dict()["s2.b1.f.a.weight"], state["s2.b1.f.a.weight"])


def test_what_lies_behind_the_last_map_is_left_out():
    assert [name for name, _ in features(TINY, strides=(4, 8)).named_children()] == [
        "stem",
        "s1",
        "s2",
    ]
    alexnet = features(zoo.network("alexnet"), strides=(4,))
    assert [name for name, _ in alexnet.stem.named_children()] == ["conv", "conv_act"]


def test_strides_come_in_the_order_of_the_network():
    backbone = features(TINY, strides=(32, 2, 8, 8))
    assert backbone.strides == (2, 8, 32)
    assert backbone.widths == (8, 16, 32)
    assert "strides=(2, 8, 32), widths=(8, 16, 32)" in repr(backbone)


def test_other_images_and_another_seed():
    grey = features(TINY, channels=1, seed=1)
    assert list(grey(torch.zeros(1, 1, 96, 160)).values())[-1].shape == (1, 32, 3, 5)
    first, second = (features(TINY, seed=seed).state_dict()["stem.conv.weight"] for seed in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(first, ns.build(TINY).state_dict()["stem.conv.weight"])


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_the_modules(training):
    backbone = features(TINY, module=ns.build(TINY).train(training))
    assert backbone.training is training
    assert backbone.s1.b1.training is training


class TestBadInput:
    def test_a_stride_that_is_not_there(self):
        with pytest.raises(
            SpecError,
            match=r"^network 'resnet20_cifar' has no map at stride 8, 16; give strides among "
            r"1, 2, 4$",
        ):
            features(zoo.network("resnet20_cifar"), strides=(4, 16, 8))

    def test_none_of_the_usual_strides(self):
        with pytest.raises(
            SpecError, match=r"has no map at stride 4, 8, 16, 32; give strides among 1, 2$"
        ):
            features(zoo.network("lenet5"))

    def test_no_stride_at_all(self):
        with pytest.raises(SpecError, match=r"^the network has maps, but none was asked for; give"):
            features(TINY, strides=())

    def test_the_module_of_another_network(self):
        with pytest.raises(
            SpecError,
            match=r"^module: stem.conv.weight is \(64, 3, 7, 7\), but the network's is "
            r"\(8, 3, 3, 3\); give what ns.build made of this network$",
        ):
            features(TINY, module=ns.build(zoo.network("resnet18")))

    def test_a_module_without_the_layers(self):
        with pytest.raises(SpecError, match=r"^module: stem.conv.weight is missing, but"):
            features(TINY, module=nn.Linear(3, 3))

    def test_a_network_that_does_not_fit_its_images(self):
        small = zoo.network("alexnet").for_input(resolution=4)
        with pytest.raises(SpecError, match=r"^stem: a 4x4 map is too small"):
            features(small)


class Pyramid(nn.Module):
    """What torchvision calls a backbone with a feature pyramid, of a network of ours."""

    def __init__(self, backbone: Features, width: int):
        super().__init__()
        self.backbone, self.out_channels = backbone, width
        self.pyramid = FeaturePyramidNetwork(list(backbone.widths), width)

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        return self.pyramid(self.backbone(x))


class TestTorchvision:
    @pytest.mark.parametrize("name", ["regnet_x_200mf", "mobilenet_v2", "vgg11_bn"])
    def test_a_feature_pyramid(self, name):
        backbone = features(zoo.network(name))
        with torch.inference_mode():
            maps = Pyramid(backbone, 16)(torch.zeros(1, 3, SIDE, SIDE))
        assert list(maps) == ["0", "1", "2", "3"][: len(backbone.strides)]
        sides = [SIDE // stride for stride in backbone.strides]
        assert [tuple(one.shape) for one in maps.values()] == [(1, 16, n, n) for n in sides]

    def test_a_segmentation_head(self):
        backbone = features(TINY)
        last = backbone(images(TINY))["3"]
        assert FCNHead(backbone.widths[-1], 5)(last).shape == (2, 5, 2, 2)

    def test_a_detector_learns_from_its_maps(self):
        """RetinaNet's losses reach every layer of the backbone; its last step needs operators that
        a torchvision for another torch does not have, so nothing is detected here."""
        backbone = features(TINY)
        sizes = tuple((4 * stride,) for stride in backbone.strides)
        torch.manual_seed(0)
        detector = RetinaNet(
            Pyramid(backbone, 16),
            num_classes=2,
            min_size=SIDE,
            max_size=SIDE,
            anchor_generator=anchors(sizes),
        )
        boxes = torch.tensor([[8.0, 8.0, 40.0, 40.0]])
        target = {"boxes": boxes, "labels": torch.tensor([1])}
        losses = detector(list(torch.rand(2, 3, SIDE, SIDE)), [target, target])
        sum(losses.values()).backward()
        assert all(loss.isfinite() for loss in losses.values())
        assert [n for n, weight in backbone.named_parameters() if weight.grad is None] == []


def anchors(sizes: tuple[tuple[int, ...], ...]) -> nn.Module:
    from torchvision.models.detection.anchor_utils import AnchorGenerator

    return AnchorGenerator(sizes, ((1.0,),) * len(sizes))


def scenes(number: int, seed: int) -> tuple[Tensor, Tensor]:
    """Noisy grey images (N, 3, 64, 64), each with a bright square and a dark disc, and their masks:
    0 outside, 1 in the square, 2 in the disc (N, 64, 64)."""
    generator = torch.Generator().manual_seed(seed)
    x = 0.35 * torch.randn(number, 3, SIDE, SIDE, generator=generator)
    masks = torch.zeros(number, SIDE, SIDE, dtype=torch.long)
    row, column = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    for image, mask in zip(x, masks, strict=True):
        (top, left, up, across), side = torch.randint(0, 36, (4,), generator=generator), 24
        mask[(row >= top) & (row < top + side) & (column >= left) & (column < left + side)] = 1
        mask[(row - up - 14) ** 2 + (column - across - 14) ** 2 <= 12**2] = 2
        image += (mask == 1).float() - (mask == 2).float()
    return x, masks


class Segmenter(nn.Module):
    """A pyramid, and one convolution on its finest map."""

    def __init__(self, backbone: Features):
        super().__init__()
        self.pyramid, self.classify = Pyramid(backbone, 16), nn.Conv2d(16, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to logits (N, 3, H, W)."""
        logits = self.classify(self.pyramid(x)["0"])
        return nn.functional.interpolate(logits, x.shape[-2:], mode="bilinear")


def trained(seed: int) -> tuple[list[float], Segmenter]:
    torch.manual_seed(seed)
    model = Segmenter(features(TINY, seed=seed))
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    losses = []
    for step in range(60):
        x, masks = scenes(8, seed=step)
        loss = nn.functional.cross_entropy(model(x), masks)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses, model.eval()


def overlap(model: nn.Module, seed: int) -> float:
    """Mean over the three classes of intersection over union, on scenes not trained on."""
    x, masks = scenes(32, seed)
    with torch.inference_mode():
        said = model(x).argmax(dim=1)
    shares = [
        ((said == k) & (masks == k)).sum() / ((said == k) | (masks == k)).sum() for k in range(3)
    ]
    return float(sum(shares) / 3)


def test_a_segmentation_head_trains_on_the_maps():
    """A check of the interface, and no evidence of transfer: masks and images are synthetic, and
    nothing was trained before. Loss and overlap show that maps of all strides, and gradients back
    through them, serve a head."""
    losses, model = trained(seed=0)
    assert sum(losses[-5:]) < 0.2 * sum(losses[:5])
    assert overlap(model, seed=1_000) > 0.85
    assert trained(seed=0)[0] == losses


def test_the_page_shows_what_its_examples_print(capsys):
    page = (Path(__file__).parents[2] / "docs" / "features.md").read_text("utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    for language, block in blocks:
        if language == "python":
            exec(compile(block, "features.md", "exec"), names)
            printed = capsys.readouterr().out
            assert f"```\n{printed}```" in page or not printed
    with pytest.raises(SpecError) as fault:
        features(zoo.network("resnet20_cifar"), strides=(8,))
    assert f"```\n{fault.value}\n```" in page
