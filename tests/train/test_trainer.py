"""Training: it learns, repeats, fails clearly, and measures honestly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from netspace.design.blocks import Bottleneck
from netspace.design.complexity import parts
from netspace.design.network import Network, Stage
from netspace.errors import DataError, TrainingError, UserError
from netspace.recipe import Recipe
from netspace.spaces.families import space
from netspace.train import trainer
from netspace.train.batches import Batches
from netspace.train.build import build
from netspace.train.data import DataSet, Split, load
from netspace.train.device import Compute, device
from netspace.train.probe import measure_speed
from netspace.train.resizing import fitted
from netspace.train.trainer import evaluate, train
from netspace.train.weights import restore_weights, save_weights
from tests.pictures import picture_folder

CPU = torch.device("cpu")
NETWORK = space("anynetx_e", resolution=12, classes=3).sample(1, flops=(1e5, 6e5))[0]
EPOCHS = 24
RECIPE = Recipe(epochs=6, batch_size=8, learning_rate=0.05, precision="fp32")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return load(picture_folder(tmp_path_factory.mktemp("data") / "colours"))


def test_it_learns_what_can_be_learnt(data: DataSet) -> None:
    """With few epochs the seed decides, and so does how a processor rounds."""
    recipe = replace(RECIPE, epochs=EPOCHS)
    result = train(NETWORK, recipe, data, seed=0, device=CPU)
    assert result.error < 20
    assert evaluate(result.module, data.test, data, device=CPU, precision="fp32") < 20
    assert result.curve[-1].train_loss < result.curve[0].train_loss
    assert [epoch.number for epoch in result.curve] == list(range(1, EPOCHS + 1))


def test_the_same_seed_repeats_and_another_does_not(data: DataSet) -> None:
    brief = replace(RECIPE, epochs=2)
    first, second, other = (
        train(NETWORK, brief, data, seed=seed, device=CPU) for seed in (1, 1, 2)
    )
    assert [e.train_loss for e in first.curve] == [e.train_loss for e in second.curve]
    assert [e.train_loss for e in first.curve] != [e.train_loss for e in other.curve]
    for name, value in first.module.state_dict().items():
        assert torch.equal(value, second.module.state_dict()[name])


@pytest.mark.parametrize("resolution", [(8, 8), (16, 10)])
def test_a_network_of_another_resolution_trains_on_resized_images(
    data: DataSet, resolution: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set[tuple[int, ...]]()

    def watched(network: Network, *, seed: int) -> nn.Module:
        module = build(network, seed=seed)
        module.register_forward_pre_hook(lambda _, inputs: seen.add(tuple(inputs[0].shape[2:])))
        return module

    monkeypatch.setattr(trainer, "build", watched)
    network = NETWORK.for_input(resolution=resolution)
    result = train(network, RECIPE, data, seed=0, device=CPU)
    assert seen == {resolution}
    assert result.curve[-1].train_loss < result.curve[0].train_loss
    judged = evaluate(
        result.module, data.validation, data, device=CPU, precision="fp32", resolution=resolution
    )
    assert seen == {resolution}
    assert judged == result.error


def test_training_at_another_resolution_is_training_on_images_resized_before(
    data: DataSet,
) -> None:
    """A part of the images, too, is the same one at every resolution."""
    brief = replace(RECIPE, epochs=2, train_images=24)
    splits = {name: fitted(split, (8, 8)) for name, split in data.splits.items()}
    network = NETWORK.for_input(resolution=8)
    here = train(network, brief, data, seed=0, device=CPU)
    there = train(network, brief, replace(data, **splits), seed=0, device=CPU)
    assert [e.train_loss for e in here.curve] == [e.train_loss for e in there.curve]
    for name, value in here.module.state_dict().items():
        assert torch.equal(value, there.module.state_dict()[name])


def test_images_of_the_networks_resolution_are_used_as_they_are(
    data: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every split that reaches the batches is the data's own: nothing is resized or copied."""
    used: list[Split] = []

    class Noted(Batches):
        def __init__(self, split: Split, data: DataSet, compute: Compute):
            used.append(split)
            super().__init__(split, data, compute)

    monkeypatch.setattr(trainer, "Batches", Noted)
    result = train(NETWORK, replace(RECIPE, epochs=1), data, seed=0, device=CPU)
    for resolution in (None, NETWORK.resolution):
        evaluate(result.module, data.test, data, device=CPU, resolution=resolution)
    assert used == [data.train, data.validation, data.test, data.test]


@pytest.mark.parametrize("resolution", [12, 8])
def test_speed_is_measured_at_the_networks_resolution(
    data: DataSet, resolution: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set[tuple[int, ...]]()

    class Noted(Batches):
        def __init__(self, split: Split, data: DataSet, compute: Compute):
            seen.add(split.images.shape[1:3])
            super().__init__(split, data, compute)

    monkeypatch.setattr(trainer, "Batches", Noted)
    network = NETWORK.for_input(resolution=resolution)
    speed = measure_speed(network, replace(RECIPE, batch_size=4), data, device=CPU)
    assert seen == {(resolution, resolution)}
    assert min(speed.training, speed.evaluation) > 0


def test_bf16_learns_as_well(data: DataSet) -> None:
    result = train(NETWORK, replace(RECIPE, precision="bf16"), data, seed=0, device=CPU)
    assert result.setting["precision"] == "bf16"
    assert result.error < 20


def test_training_sees_neither_validation_nor_test(data: DataSet) -> None:
    """Other validation and test images change no weight."""
    noise = Split(
        images=np.zeros_like(data.validation.images), labels=data.validation.labels.copy()
    )
    brief = replace(RECIPE, epochs=2)
    plain = train(NETWORK, brief, data, seed=0, device=CPU)
    other = train(NETWORK, brief, replace(data, validation=noise, test=noise), seed=0, device=CPU)
    for name, value in plain.module.state_dict().items():
        assert torch.equal(value, other.module.state_dict()[name])


def test_a_part_of_the_images_is_the_same_for_every_network(data: DataSet) -> None:
    part = trainer._part(data.train, replace(RECIPE, train_images=12))
    again = trainer._part(data.train, replace(RECIPE, train_images=12, learning_rate=0.5))
    assert len(part.labels) == 12
    assert np.array_equal(part.images, again.images)


def test_a_loss_that_is_not_finite_names_epoch_and_rate(data: DataSet) -> None:
    """C55."""
    wild = replace(RECIPE, learning_rate=1e30, warmup_epochs=0)
    with pytest.raises(TrainingError, match=r"diverged: loss .* in epoch \d at learning rate"):
        train(NETWORK, wild, data, seed=0, device=CPU)


def test_running_out_of_memory_is_a_failed_training(
    data: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> nn.Module:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried")

    monkeypatch.setattr(trainer, "build", exhausted)
    with pytest.raises(TrainingError, match="out of memory"):
        train(NETWORK, RECIPE, data, seed=0, device=CPU)


def test_a_bug_is_not_mistaken_for_a_failed_training(
    data: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> nn.Module:
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(trainer, "build", broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        train(NETWORK, RECIPE, data, seed=0, device=CPU)


class Constant(nn.Module):
    """Says class 0 whatever it sees."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tensor([1.0, 0.0, 0.0]).expand(len(x), 3)


def test_error_counts_images_not_batches(data: DataSet) -> None:
    """C16: the last, smaller batch weighs by its images."""
    labels = np.array([0] * 510 + [1] * 12, dtype=np.int64)
    split = Split(images=np.zeros((522, 12, 12, 3), dtype=np.uint8), labels=labels)
    error = evaluate(Constant(), split, data, device=CPU, precision="fp32")
    assert error == pytest.approx(100 * 12 / 522)


def test_a_map_of_one_pixel_trains_where_the_last_batch_would_hold_one_image(
    data: DataSet,
) -> None:
    """C51: batch normalisation refuses a single value per channel."""
    stage = Stage(block=Bottleneck(group_width=8), width=16, depth=1)
    small = Network(stages=(stage,) * 3, classes=3, resolution=(12, 12))
    assert parts(small)[-2].output.height == 1
    odd = Split(images=data.train.images[:17], labels=data.train.labels[:17])
    brief = replace(RECIPE, epochs=1)
    assert train(small, brief, replace(data, train=odd), seed=0, device=CPU).error <= 100


def test_weights_come_back_and_fit_only_their_network(tmp_path: Path) -> None:
    """C23: never part of one network's weights in another."""
    module = build(NETWORK, seed=4)
    save_weights(module, tmp_path / "w.safetensors")
    other = build(NETWORK, seed=5)
    restore_weights(other, tmp_path / "w.safetensors")
    for name, value in module.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
    stranger = build(replace(NETWORK, stages=NETWORK.stages[:2]))
    with pytest.raises(DataError, match="weights do not fit this network"):
        restore_weights(stranger, tmp_path / "w.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize("name", ["cudda", "cpu:x", "meta"])
def test_an_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="device"):
        device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="'cuda' is not available on this machine; use cpu"):
        device("cuda")


def test_bf16_is_chosen_only_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from netspace.train import device as devices

    for flags, chosen in (({"avx512f"}, torch.float32), ({"amx_bf16"}, torch.bfloat16)):
        monkeypatch.setattr(devices, "_cpu_flags", lambda flags=flags: frozenset(flags))
        assert Compute.of(CPU, "auto").dtype == chosen
        assert Compute.of(CPU, "fp32").dtype == torch.float32
