"""Labelled images in memory, ready to train on: loaded from a source, saved, opened again."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from netspace.errors import DataError, StorageError
from netspace.train.reading.decoding import (
    LARGEST_OWN_RESOLUTION,
    Progress,
    adaptations,
    decode,
    look,
    refusal,
)
from netspace.train.reading.listing import Listing, Part, first_few
from netspace.train.reading.partition import PARTS, Partition, check, partition
from netspace.train.reading.sources import find

_DESCRIPTION = "data.json"
_DESCRIBED = ("name", "origin", "classes", "mean", "std", "flip", "notes")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """One part of a data set: images uint8 (N, H, W, C), labels int64 (N,); both read-only."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.dtype != np.uint8 or images.ndim != 4 or not images.flags.c_contiguous:
            raise DataError(
                f"images must be uint8 (N, H, W, C) in C order, got {images.dtype} {images.shape}"
            )
        if labels.dtype != np.int64 or labels.shape != images.shape[:1]:
            raise DataError(
                f"labels must be int64 ({len(images)},), got {labels.dtype} {labels.shape}"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DataSet:
    """Images of at least two classes in three splits.

    `origin` is one sentence on source and licence, or the folder's name. `mean` and `std` are per
    channel over the train split, in units of full scale. `flip` says whether a mirrored image keeps
    its label. `notes` are sentences on what was adapted, ignored or missing.
    """

    name: str
    origin: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    mean: tuple[float, ...]
    std: tuple[float, ...]
    flip: bool
    notes: tuple[str, ...]

    @property
    def resolution(self) -> int:
        """Height and width of every image, in pixels."""
        return int(self.train.images.shape[1])

    @property
    def channels(self) -> int:
        """1 for grey images, 3 for RGB."""
        return int(self.train.images.shape[3])

    @property
    def splits(self) -> dict[Part, Split]:
        """The three splits by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def fingerprint(self) -> str:
        """16 hex digits that differ if any image, label, class or split differs."""
        digest = hashlib.sha256(json.dumps(self.classes).encode())
        for split in self.splits.values():
            digest.update(repr(split.images.shape).encode())
            digest.update(split.labels.astype("<i8", copy=False).data)
            digest.update(split.images.data)
        return digest.hexdigest()[:16]


def load(
    source: str | Path,
    *,
    resolution: int | None = None,
    at_most: int = LARGEST_OWN_RESOLUTION,
    seed: int = 0,
    skip_broken: bool = False,
    progress: Progress | None = None,
) -> DataSet:
    """Every image of a source, decoded; `progress` is told (done, total) as it goes.

    Without a resolution the images' own is kept, up to `at_most` pixels.

    A source is a built-in name, a folder of class folders, a folder with train/ and test/, or one
    with train.parquet and test.parquet. Validation is drawn from train by `seed` if not given.
    Raises DataError for data that cannot be used as it is, all broken images in one.
    """
    if resolution is not None and resolution < 1:
        raise DataError(f"resolution must be at least 1, got {resolution}; give pixels, as in 32")
    listing = find(source)
    seen, broken = look(listing.items)
    while True:
        drawn = partition(listing, seen, seed)
        pixels, late = decode(
            drawn.ordered, resolution=resolution, at_most=at_most, progress=progress
        )
        broken += late.values()
        if broken and not skip_broken:
            raise refusal(broken, len(listing.items))
        if not late:
            break
        # What is left may have another size or no colour, and divides anew.
        seen = [one for one in seen if one.item.name not in late]
    check(listing, seen)
    skipped = (f"{len(broken):,} images were left out: {first_few(broken)}.",) if broken else ()
    notes = (*listing.notes, *skipped, *drawn.notes, *adaptations(seen, pixels.shape[1]))
    return _assemble(listing, drawn, pixels, notes)


def save(data: DataSet, folder: Path) -> None:
    """Write the arrays as .npy and the rest as data.json, which comes last and names them.

    A data set saved there before stays whole until then. Raises StorageError if the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fingerprint = data.fingerprint()
        files = {name: f"{name}-{fingerprint}.npy" for name, _ in _arrays(data)}
        for name, array in _arrays(data):
            _write(folder / files[name], partial(np.save, arr=array))
        text = json.dumps({field: getattr(data, field) for field in _DESCRIBED} | {"files": files})
        _write(folder / _DESCRIPTION, lambda file: file.write(text.encode()))
        _remove_former(folder, files)
    except OSError as error:
        raise StorageError(
            f"{folder}: the data set cannot be written ({error.strerror or error}); make room on "
            "the disk or choose another folder"
        ) from error


def open_saved(folder: Path) -> DataSet:
    """What `save` wrote, its arrays mapped from disk, so that processes share the memory.

    Raises DataError if there is no complete data set.
    """
    try:
        described = json.loads((folder / _DESCRIPTION).read_text())
        fields: dict[str, Any] = {field: described[field] for field in _DESCRIBED}
        for part in PARTS:
            fields[part] = Split(
                images=_mapped(folder / described["files"][f"{part}_images"]),
                labels=_mapped(folder / described["files"][f"{part}_labels"]),
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{folder}: holds no complete data set ({reason}); save it again from its source"
        ) from error
    lists = {field: tuple(value) for field, value in fields.items() if isinstance(value, list)}
    return DataSet(**(fields | lists))


def _arrays(data: DataSet) -> Iterator[tuple[str, NDArray[Any]]]:
    for part, split in data.splits.items():
        yield f"{part}_images", split.images
        yield f"{part}_labels", split.labels


def _remove_former(folder: Path, files: Mapping[str, str]) -> None:
    """Remove the arrays of a data set saved here before; who has them open keeps them."""
    for name, current in files.items():
        for path in folder.glob(f"{name}-{'?' * 16}.npy"):
            if path.name != current:
                path.unlink(missing_ok=True)


def _mapped(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _write(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file under a temporary name, then give it its own: it is never half there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            write(file)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _assemble(
    listing: Listing, drawn: Partition, pixels: NDArray[np.uint8], notes: tuple[str, ...]
) -> DataSet:
    """The data set whose splits are slices of one array of pixels."""
    labels = np.array([one.item.label for one in drawn.ordered], dtype=np.int64)
    pixels.flags.writeable = labels.flags.writeable = False
    splits: dict[Part, Split] = {}
    start = 0
    for part, images in drawn.parts.items():
        stop = start + len(images)
        splits[part] = Split(images=pixels[start:stop], labels=labels[start:stop])
        start = stop
    mean, std = _moments(splits["train"].images)
    return DataSet(
        name=listing.name,
        origin=listing.origin,
        classes=listing.classes,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        mean=mean,
        std=std,
        flip=listing.flip,
        notes=notes,
    )


def _moments(images: NDArray[np.uint8]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel, in units of full scale.

    A channel that never varies has the deviation of one grey level, so that dividing is safe.
    """
    counts = np.zeros((images.shape[-1], 256), dtype=np.int64)
    for start in range(0, len(images), 1024):
        for channel, row in enumerate(counts):
            row += np.bincount(images[start : start + 1024, ..., channel].ravel(), minlength=256)
    levels = np.arange(256) / 255
    shares = counts / counts.sum(axis=1, keepdims=True)
    mean = shares @ levels
    variance = (shares * (levels - mean[:, None]) ** 2).sum(axis=1)
    return tuple(mean.tolist()), tuple(np.maximum(np.sqrt(variance), 1 / 255).tolist())
