"""Images at a network's resolution: the same pixels as decoding at it, and nothing else changed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from netspace.train.data import Split, load, open_saved, save
from netspace.train.resizing import _CHUNK, fitted
from tests.pictures import picture_folder

sides = st.integers(1, 40)
sizes = st.tuples(sides, sides)


def noise(count: int, size: tuple[int, int], channels: int = 3, seed: int = 0) -> Split:
    chance = np.random.default_rng(seed)
    return Split(
        images=chance.integers(0, 256, (count, *size, channels), dtype=np.uint8),
        labels=np.arange(count, dtype=np.int64) % 3,
    )


def by_pillow(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    resized = picture.resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(resized).reshape(*size, image.shape[2])


def test_images_of_that_size_stay_the_same_object() -> None:
    split = noise(3, (12, 9))
    assert fitted(split, (12, 9)) is split
    assert fitted(split, (9, 12)) is not split


@given(before=sizes, after=sizes, channels=st.sampled_from((1, 3)), count=st.integers(0, 4))
def test_a_fitted_split_has_the_size_asked_for(
    before: tuple[int, int], after: tuple[int, int], channels: int, count: int
) -> None:
    split = noise(count, before, channels)
    images = fitted(split, after).images
    assert images.shape == (count, *after, channels)
    assert (images.dtype, images.flags.c_contiguous) == (np.uint8, True)
    assert fitted(split, after).labels is split.labels


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(16, 16), (19, 22), (5, 31), (40, 33)])
def test_pixels_are_those_of_another_implementation(size: tuple[int, int], channels: int) -> None:
    """Pillow, which decodes the images; its weights have more digits, so one level is allowed."""
    split = noise(4, (32, 32), channels)
    expected = np.stack([by_pillow(image, size) for image in split.images]).astype(int)
    assert np.abs(fitted(split, size).images - expected).max() <= 1


def test_shrinking_averages_over_all_pixels() -> None:
    """Without antialiasing a chequered image halves to white, black or one of its levels."""
    chequered = np.indices((32, 32)).sum(axis=0) % 2 * 200
    split = Split(
        images=chequered.astype(np.uint8)[None, :, :, None], labels=np.zeros(1, dtype=np.int64)
    )
    inner = fitted(split, (8, 8)).images[0, 1:-1, 1:-1].astype(int)
    assert np.abs(inner - 100).max() <= 2


@given(level=st.integers(0, 255), before=sizes, after=sizes)
def test_an_even_image_stays_even(
    level: int, before: tuple[int, int], after: tuple[int, int]
) -> None:
    split = Split(
        images=np.full((1, *before, 3), level, dtype=np.uint8), labels=np.zeros(1, dtype=np.int64)
    )
    assert set(fitted(split, after).images.ravel().tolist()) == {level}


def test_every_image_is_resized_by_itself() -> None:
    """More than one chunk, the last one smaller: each image as if it were alone."""
    split = noise(2 * _CHUNK + 3, (6, 6))
    images = fitted(split, (4, 5)).images
    for place in (0, _CHUNK - 1, _CHUNK, 2 * _CHUNK, len(images) - 1):
        alone = Split(images=split.images[place : place + 1], labels=split.labels[:1])
        np.testing.assert_array_equal(fitted(alone, (4, 5)).images[0], images[place])


def test_the_result_does_not_depend_on_the_thread_count() -> None:
    split = noise(40, (32, 32))
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(fitted(split, (19, 22)).images)
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


def test_the_result_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        fitted(noise(1, (4, 4)), (3, 3)).images[0] = 0


def test_images_mapped_from_disk_are_resized_and_left_as_they_are(tmp_path: Path) -> None:
    data = load(picture_folder(tmp_path / "colours", images=6))
    save(data, tmp_path / "saved")
    mapped = open_saved(tmp_path / "saved")
    fit = fitted(mapped.train, (7, 7))
    np.testing.assert_array_equal(fit.images, fitted(data.train, (7, 7)).images)
    assert mapped.fingerprint() == data.fingerprint()


def test_a_square_is_as_if_decoded_at_that_size(tmp_path: Path) -> None:
    folder = picture_folder(tmp_path / "colours", images=6)
    native, smaller = load(folder), load(folder, resolution=8)
    for part, split in native.splits.items():
        difference = fitted(split, (8, 8)).images.astype(int) - smaller.splits[part].images
        assert np.abs(difference).max() <= 1
