"""Zero-cost proxies: each against another way to compute it, what they depend on, and failures."""

from dataclasses import replace
from itertools import combinations
from math import log

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from netspace.design.blocks import MBConv, Plain
from netspace.design.complexity import count
from netspace.design.layers import Activation
from netspace.design.network import Head, Network, Stage, Stem
from netspace.design.pieces import Squeeze
from netspace.errors import TrainingError, UnknownNameError, UserError
from netspace.spaces.families import space
from netspace.train.build import build
from netspace.train.data import DataSet, load
from netspace.train.proxies import BATCH, PROXIES, batch, on_threads, score, timed

CPU = torch.device("cpu")
MEASURED = ("synflow", "naswot", "gradient_norm")


def plain(
    act: Activation = "relu", *, depth: int = 1, dropout: float = 0.0, norm: bool = True
) -> Network:
    """A stem, convolutions one after the other, and a classifier."""
    return Network(
        stem=Stem(width=4, stride=1, act=act, norm=norm),
        stages=(Stage(block=Plain(act=act, norm=norm), width=6, depth=depth, stride=2),),
        head=Head(dropout=dropout),
        resolution=(8, 8),
        classes=3,
    )


def gated(act: Activation = "silu") -> Network:
    """Inverted bottlenecks with gates and shortcuts."""
    block = MBConv(expansion=2, kernel=3, se=Squeeze(ratio=0.5, source="input", act=act), act=act)
    stages = (Stage(block=block, width=8, depth=2, stride=1),)
    stem = Stem(width=8, stride=1, act=act)
    return Network(stem=stem, stages=stages, head=Head(), resolution=(8, 8), classes=3)


REGNET = space("regnetx", resolution=8, classes=3).sample(1, flops=(2e4, 4e5))[0]


def some_images(count: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, 8, 8, generator=chance), torch.arange(count) % 3


def scored(name: str, network: Network, images: Tensor, labels: Tensor, seed: int = 5) -> float:
    return score(name, network, images, labels, seed=seed, device=CPU)


def weights(module: nn.Module) -> list[Tensor]:
    return [part.weight for part in module.modules() if isinstance(part, nn.Conv2d | nn.Linear)]


class TestSynflow:
    def test_of_a_chain_it_is_its_output_once_for_each_layer(self):
        """Every path goes through each of the 3 layers once, so each adds the whole output."""
        first, second, last = (
            weight.detach().double().abs() for weight in weights(build(plain(), seed=5))
        )
        maps = functional.conv2d(torch.ones(1, 3, 8, 8).double(), first, padding=1)
        maps = functional.conv2d(maps, second, padding=1, stride=2)
        output = float((last @ maps.mean(dim=(2, 3)).T).sum())
        assert scored("synflow", plain(), *some_images()) == pytest.approx(log(3 * output))

    def test_with_shortcuts_it_is_what_each_layer_alone_carries(self):
        """Without a gradient: the output is linear in a layer, so w dR/dw is R less R at w = 0."""
        module = build(REGNET, seed=5).double().eval()
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eps = 0.0  # nothing is left of a fresh norm
        ones, flow = torch.ones(1, 3, 8, 8).double(), 0.0
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.abs_()
            whole = float(module(ones).sum())
            for weight in weights(module):
                kept = weight.clone()
                weight.zero_()
                flow += whole - float(module(ones).sum())
                weight.copy_(kept)
        assert scored("synflow", REGNET, *some_images()) == pytest.approx(log(flow))

    def test_it_looks_at_no_image_and_no_label(self):
        one, other = (scored("synflow", REGNET, *some_images(seed=seed)) for seed in (0, 1))
        assert one == other

    @pytest.mark.parametrize("act", ["silu", "hardswish", "relu6", "tanh"])
    def test_it_takes_every_activation_as_a_relu_is_for_positive_numbers(self, act):
        found = scored("synflow", plain(act, depth=6), *some_images())
        assert found == scored("synflow", plain(depth=6), *some_images())

    def test_gates_do_not_stop_it(self):
        assert np.isfinite(scored("synflow", gated(), *some_images()))

    def test_of_a_deep_network_it_is_beyond_single_precision(self):
        found = scored("synflow", plain(depth=60), *some_images())
        assert found > log(float(np.finfo(np.float32).max))

    def test_what_is_beyond_double_precision_fails(self):
        with pytest.raises(TrainingError, match=r"synflow is (inf|nan), not a finite number"):
            scored("synflow", plain(depth=400), *some_images())


def equal_bits(network: Network, images: Tensor, seed: int = 5) -> NDArray[np.int64]:
    """Pair by pair, from what the activations put out instead of what goes in."""
    module, codes = build(network, seed=seed).train(), list[NDArray[np.bool_]]()
    middle = {nn.ReLU: 0.0, nn.SiLU: 0.0, nn.Hardswish: 0.0, nn.Sigmoid: 0.5}

    def keep(part: nn.Module, _: object, output: Tensor) -> None:
        codes.append((output > middle[type(part)]).flatten(1).numpy().copy())

    for part in module.modules():
        if type(part) in middle:
            part.register_forward_hook(keep)
    with torch.no_grad():
        module(images)
    bits = np.concatenate(codes, axis=1)
    kernel = np.full((len(bits), len(bits)), bits.shape[1], dtype=np.int64)
    for i, j in combinations(range(len(bits)), 2):
        kernel[i, j] = kernel[j, i] = int(np.count_nonzero(bits[i] == bits[j]))
    return kernel


class TestNaswot:
    @pytest.mark.parametrize("network", [plain(), plain("hardswish"), gated(), REGNET])
    def test_it_is_the_log_determinant_of_the_equal_bits(self, network):
        images, labels = some_images()
        sign, logarithm = np.linalg.slogdet(equal_bits(network, images).astype(float))
        assert sign == 1
        assert scored("naswot", network, images, labels) == pytest.approx(logarithm, rel=1e-9)

    def test_two_images_by_hand(self):
        """Of n bits with e equal the determinant is n^2 - e^2."""
        images, labels = some_images(2)
        kernel = equal_bits(plain(), images)
        n, e = int(kernel[0, 0]), int(kernel[0, 1])
        assert n == 4 * 64 + 6 * 16
        assert scored("naswot", plain(), images, labels) == pytest.approx(log(n * n - e * e))

    def test_neither_labels_nor_the_order_of_the_images_matter(self):
        images, labels = some_images()
        found = scored("naswot", REGNET, images, labels)
        assert scored("naswot", REGNET, images.flip(0), 0 * labels) == pytest.approx(found)

    def test_images_that_are_not_told_apart_fail(self):
        images, labels = some_images(4)
        with pytest.raises(TrainingError, match="do not tell the 4 images apart"):
            scored("naswot", plain(), images[[0, 1, 2, 2]], labels)


class TestGradientNorm:
    @pytest.mark.parametrize("network", [plain(), gated(), REGNET])
    def test_it_is_the_sum_of_the_norms_of_the_layers_gradients(self, network):
        images, labels = some_images()
        module = build(network, seed=5).train()
        logits = module(images)
        loss = (torch.logsumexp(logits, dim=1) - logits[range(6), labels]).mean()
        gradients = torch.autograd.grad(loss, weights(module))
        norms = [np.sqrt(np.square(gradient.double().numpy()).sum()) for gradient in gradients]
        found = scored("gradient_norm", network, images, labels)
        assert found == pytest.approx(sum(norms), rel=1e-5)

    def test_it_is_of_the_mean_over_the_batch(self):
        images, labels = some_images()
        found = scored("gradient_norm", REGNET, images, labels)
        twice = scored("gradient_norm", REGNET, images.repeat(2, 1, 1, 1), labels.repeat(2))
        assert twice == pytest.approx(found, rel=1e-4)

    def test_it_depends_on_the_labels(self):
        images, labels = some_images()
        found = scored("gradient_norm", REGNET, images, labels)
        assert scored("gradient_norm", REGNET, images, labels.flip(0)) != found

    def test_what_is_not_finite_fails(self):
        images, labels = some_images()
        with pytest.raises(TrainingError, match="gradient_norm is nan, not a finite number"):
            scored("gradient_norm", plain(), images * float("inf"), labels)


class TestScore:
    def test_baselines_are_the_counts(self):
        images, labels = some_images()
        cost = count(REGNET)
        found = [scored(name, REGNET, images, labels) for name in ("flops", "params")]
        assert found == [cost.flops, cost.params]

    @pytest.mark.parametrize("name", MEASURED)
    def test_the_seed_decides_it_and_nothing_else_does(self, name):
        batch, network = some_images(), plain(dropout=0.5, depth=2)
        torch.manual_seed(1)
        before = torch.get_rng_state()
        first = scored(name, network, *batch)
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(2)
        assert scored(name, network, *batch) == first
        assert scored(name, network, *batch, seed=6) != first

    def test_the_images_are_left_as_they_are(self):
        images, labels = some_images()
        kept = images.clone()
        for name in PROXIES:
            scored(name, gated(), images, labels)
        assert torch.equal(images, kept)
        assert not images.requires_grad

    def test_no_such_proxy(self):
        with pytest.raises(UnknownNameError, match="unknown proxy 'synflows'; did you mean 'synf"):
            scored("synflows", REGNET, *some_images())

    def test_a_single_image_is_refused(self):
        with pytest.raises(UserError, match="a batch of 1 must have at least 2 images"):
            scored("naswot", REGNET, *some_images(1))

    def test_out_of_memory_fails(self, monkeypatch):
        def full(case: object) -> float:
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB")

        monkeypatch.setitem(PROXIES, "synflow", full)
        with pytest.raises(TrainingError, match=r"^synflow: out of memory: CUDA out of memory.$"):
            scored("synflow", REGNET, *some_images())

    def test_timed_gives_the_estimate_or_the_reason(self):
        images, labels = some_images()
        found, seconds = timed("flops", REGNET, images, labels, seed=0, device=CPU)
        assert (found, seconds > 0) == (count(REGNET).flops, True)
        same = images[[0, 0, 0, 0, 0, 0]]
        reason, _ = timed("naswot", REGNET, same, labels, seed=0, device=CPU)
        assert "do not tell the 6 images apart" in str(reason)


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load("digits")


class TestBatch:
    def test_it_is_normalised_images_of_the_train_split(self, digits):
        images, labels = batch(digits, (8, 8), seed=3, device=CPU)
        raw = (images.permute(0, 2, 3, 1).numpy() * digits.std + digits.mean) * 255
        known = {image.tobytes(): label for image, label in zip(*parts(digits), strict=True)}
        assert len(images) == BATCH
        seen = [known[image.tobytes()] for image in raw.round().astype(np.uint8)]
        assert seen == labels.tolist()
        assert np.bincount(labels).min() >= 5

    def test_it_depends_on_the_seed_alone(self, digits):
        one, again, other = (batch(digits, (8, 8), seed=seed, device=CPU)[0] for seed in (1, 1, 2))
        assert torch.equal(one, again)
        assert not torch.equal(one, other)

    def test_it_has_the_networks_resolution(self, digits):
        images, _ = batch(digits, (12, 10), seed=0, device=CPU)
        assert images.shape == (BATCH, 1, 12, 10)

    def test_all_images_where_there_are_fewer(self, digits):
        few = replace(digits.train, images=digits.train.images[:9], labels=digits.train.labels[:9])
        images, labels = batch(replace(digits, train=few), (8, 8), seed=0, device=CPU)
        assert len(images) == len(labels) == 9


def parts(data: DataSet) -> tuple[NDArray[np.uint8], list[int]]:
    return data.train.images, data.train.labels.tolist()


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    with on_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
