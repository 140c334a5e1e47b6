"""Batches: every image, its own draw, nothing made up."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from netspace.recipe import Recipe
from netspace.train.batches import Batches, stratified_part
from netspace.train.data import DataSet, Split
from netspace.train.device import Compute


def data_set(images: np.ndarray, labels: np.ndarray | None = None) -> DataSet:
    given = np.arange(len(images)) if labels is None else labels
    split = Split(images=images, labels=given.astype(np.int64))
    channels = images.shape[3]
    return DataSet(
        name="made up",
        origin="this test",
        classes=("a", "b"),
        train=split,
        validation=split,
        test=split,
        mean=(0.5,) * channels,
        std=(0.25,) * channels,
        flip=True,
        notes=(),
    )


def batches(data: DataSet) -> Batches:
    return Batches(data.train, data, Compute.of(torch.device("cpu"), "fp32"))


def pictures(count: int, size: int = 8, channels: int = 3) -> np.ndarray:
    shape = (count, size, size, channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_in_order_gives_every_image_once_normalised() -> None:
    """C51: evaluation uses every image, the last one too."""
    images = pictures(11)
    parts = list(batches(data_set(images)).in_order(4))
    assert [len(labels) for _, labels in parts] == [4, 4, 3]
    assert torch.cat([labels for _, labels in parts]).tolist() == list(range(11))
    together = torch.cat([batch for batch, _ in parts]).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(together, (images / 255 - 0.5) / 0.25, atol=1e-5)


def test_batches_are_channels_last() -> None:
    batch, _ = next(batches(data_set(pictures(4))).in_order(4))
    assert batch.shape == (4, 3, 8, 8)
    assert batch.is_contiguous(memory_format=torch.channels_last)


def epoch(count: int, recipe: Recipe, seed: int = 0) -> list[tuple[torch.Tensor, torch.Tensor]]:
    chance = torch.Generator().manual_seed(seed)
    return list(batches(data_set(pictures(count))).shuffled(recipe, chance))


@pytest.mark.parametrize(
    ("count", "batch_size", "steps", "used"),
    [(1201, 4, 300, 1200), (20, 32, 1, 20), (29, 24, 1, 24), (64, 64, 1, 64)],
)
def test_a_last_smaller_batch_is_left_out_but_never_the_only_one(
    count: int, batch_size: int, steps: int, used: int
) -> None:
    """C51 and C52: no batch of one image, and no epoch of zero steps."""
    labels = [labels for _, labels in epoch(count, Recipe(batch_size=batch_size))]
    assert len(labels) == steps
    assert len(set(torch.cat(labels).tolist())) == used


def test_without_augmentation_the_images_are_as_they_were() -> None:
    recipe = Recipe(batch_size=4, crop_share=0, flip=False)
    data = data_set(pictures(8))
    for batch, labels in batches(data).shuffled(recipe, torch.Generator().manual_seed(1)):
        plain = (data.train.images[labels.numpy()] / 255 - 0.5) / 0.25
        np.testing.assert_allclose(batch.permute(0, 2, 3, 1).numpy(), plain, atol=1e-5)


def test_each_image_is_shifted_and_mirrored_whole() -> None:
    """Every augmented image is a window of its padded original, mirrored or not."""
    images = pictures(6)
    data = data_set(images)
    padded = np.full((6, 12, 12, 3), 127, dtype=np.uint8)
    padded[:, 2:10, 2:10] = images
    recipe = Recipe(batch_size=6, crop_share=0.25, flip=True)
    seen = set()
    for seed in range(40):
        chance = torch.Generator().manual_seed(seed)
        ((batch, labels),) = batches(data).shuffled(recipe, chance)
        pixels = np.rint((batch.permute(0, 2, 3, 1).numpy() * 0.25 + 0.5) * 255)
        for picture, label in zip(pixels, labels.tolist(), strict=True):
            seen.add(_window(picture, padded[label]))
    assert {mirrored for *_, mirrored in seen} == {False, True}
    assert {top for top, *_ in seen} == set(range(5))
    assert {left for _, left, _ in seen} == set(range(5))


def _window(picture: np.ndarray, padded: np.ndarray) -> tuple[int, int, bool]:
    for mirrored in (False, True):
        whole = picture[:, ::-1] if mirrored else picture
        for top in range(5):
            for left in range(5):
                if np.array_equal(whole, padded[top : top + 8, left : left + 8]):
                    return top, left, mirrored
    raise AssertionError("not a window of the padded image")


def test_draws_differ_by_image_and_epoch_and_repeat_by_seed() -> None:
    """C62."""
    images = np.repeat(pictures(1), 16, axis=0)
    recipe = Recipe(batch_size=16)
    same = batches(data_set(images))
    chance = torch.Generator().manual_seed(0)
    ((first, _),) = same.shuffled(recipe, chance)
    ((second, _),) = same.shuffled(recipe, chance)
    ((again, _),) = same.shuffled(recipe, torch.Generator().manual_seed(0))
    assert not torch.equal(first, second)
    assert torch.equal(first, again)
    assert len({picture.numpy().tobytes() for picture in first}) > 4


@given(
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=6),
    share=st.floats(0.2, 1),
    seed=st.integers(0, 5),
)
def test_a_part_has_the_class_shares_of_the_whole(
    sizes: list[int], share: float, seed: int
) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    count = max(len(sizes), int(share * len(labels)))
    rows = stratified_part(labels, count, seed)
    assert len(set(rows.tolist())) == len(rows) == count
    kept = np.bincount(labels[rows], minlength=len(sizes))
    assert kept.min() >= 1
    assert np.abs(kept - count * np.array(sizes) / len(labels)).max() <= len(sizes)


def test_parts_are_nested() -> None:
    labels = np.arange(300) % 7
    small, large = (set(stratified_part(labels, n, 0).tolist()) for n in (50, 120))
    assert small < large
