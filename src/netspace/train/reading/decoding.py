"""All images of a listing decoded into one array, and the ones that cannot be."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from netspace.errors import DataError
from netspace.train.reading import images
from netspace.train.reading.listing import Item, first_few

Progress: TypeAlias = Callable[[int, int], None]
Result = TypeVar("Result")

# Pillow releases the lock of the interpreter while it decodes.
THREADS = 2
CHUNK = 64
# Without a resolution asked for, larger images are brought to this.
LARGEST_OWN_RESOLUTION = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An item whose header could be read; equal digests mean equal bytes."""

    item: Item
    header: images.Header
    digest: bytes


def look(items: Sequence[Item]) -> tuple[list[Seen], list[str]]:
    """The items whose headers can be read, and the complaints about the others."""
    seen: list[Seen] = []
    complaints: list[str] = []
    for chunk in _in_threads(lambda index: _look(items[index]), len(items)):
        for result in chunk:
            if isinstance(result, Seen):
                seen.append(result)
            else:
                complaints.append(result)
    return seen, complaints


def decode(
    seen: Sequence[Seen], *, resolution: int | None, at_most: int, progress: Progress | None
) -> tuple[NDArray[np.uint8], dict[str, str]]:
    """The images as (N, R, R, C) in order, and complaints by the name of the item.

    Without a resolution R is the images' own, up to `at_most`. The rows of images that cannot be
    decoded are left undefined.
    """
    pixels = _room(len(seen), resolution or own_resolution(seen, at_most), channels_of(seen))
    complaints: dict[str, str] = {}

    def work(index: int) -> None:
        item = seen[index].item
        _, side, _, channels = pixels.shape
        try:
            pixels[index] = images.decode(
                item.content, item.name, resolution=side, channels=channels
            )
        except DataError as error:
            complaints[item.name] = str(error)

    done = 0
    for chunk in _in_threads(work, len(seen)):
        done += len(chunk)
        if progress:
            progress(done, len(seen))
    # Threads finish in any order; messages keep the source's.
    names = [one.item.name for one in seen]
    return pixels, {name: complaints[name] for name in names if name in complaints}


def _room(count: int, resolution: int, channels: int) -> NDArray[np.uint8]:
    shape = (count, resolution, resolution, channels)
    try:
        return np.empty(shape, dtype=np.uint8)
    # NumPy says ValueError where even the number of bytes overflows.
    except (MemoryError, ValueError) as error:
        size = np.prod(shape, dtype=np.float64) / 1e9
        raise DataError(
            f"{count:,} images of {resolution}x{resolution}x{channels} need {size:,.1f} GB of "
            "memory; ask for a lower resolution"
        ) from error


def channels_of(seen: Sequence[Seen]) -> int:
    """1 if every image is grey, else 3."""
    return 1 if all(images.is_grey(one.header.mode) for one in seen) else 3


def own_resolution(seen: Sequence[Seen], at_most: int) -> int:
    """The shorter side of images of one size, else the largest of them and at least 64.

    `at_most` where that is less.
    """
    sizes = {_sides(one) for one in seen}
    shorter = max((sides[0] for sides in sizes), default=LARGEST_OWN_RESOLUTION)
    return min(at_most, shorter if len(sizes) == 1 else max(shorter, LARGEST_OWN_RESOLUTION))


def adaptations(seen: Sequence[Seen], resolution: int) -> Iterator[str]:
    """Notes on what decoding changes: sizes and kinds of pixels."""
    sides = sorted({_sides(one) for one in seen})
    if sides and sides != [(resolution, resolution)]:
        sizes = sorted({(one.header.width, one.header.height) for one in seen})
        low, high = (f"{width}x{height}" for width, height in (sizes[0], sizes[-1]))
        span = low if low == high else f"{low} to {high}"
        yield (
            f"images of {span} were brought to {resolution}x{resolution}: shorter side resized, "
            "middle of the longer side kept."
        )
    plain = "L" if channels_of(seen) == 1 else "RGB"
    modes = [one.header.mode for one in seen if one.header.mode != plain]
    if modes:
        counts = ", ".join(f"{modes.count(mode):,} {mode}" for mode in sorted(set(modes)))
        yield (
            f"images of other pixel modes were converted to 8-bit {plain}, transparency over "
            f"white: {counts}."
        )


def refusal(complaints: Sequence[str], total: int) -> DataError:
    """The one error about every image that cannot be used."""
    return DataError(
        f"{len(complaints):,} of {total:,} images cannot be used: "
        f"{first_few(complaints)}; repair or remove them, or leave them out with --skip-broken"
    )


def _look(item: Item) -> Seen | str:
    try:
        content = images.contents(item.content, item.name)
        header = images.header(content, item.name)
    except DataError as error:
        return str(error)
    return Seen(item=item, header=header, digest=hashlib.sha256(content).digest())


def _sides(one: Seen) -> tuple[int, int]:
    """Shorter and longer side, which a turn by EXIF orientation leaves as they are."""
    width, height = one.header.width, one.header.height
    return min(width, height), max(width, height)


def _in_threads(work: Callable[[int], Result], count: int) -> Iterator[list[Result]]:
    """`work` of 0 to count - 1, in order, a list per chunk; stops early when the caller does."""
    pool = ThreadPoolExecutor(THREADS)
    ranges = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    try:
        yield from pool.map(lambda indices: [work(index) for index in indices], ranges)
    finally:
        pool.shutdown(cancel_futures=True)
