"""Which images train, validate and test: as the source divides them, else drawn from train."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.errors import DataError
from netspace.train.reading.decoding import Seen
from netspace.train.reading.listing import Listing, Part, first_few
from netspace.train.reading.splits import Integers, copies, distinct, hold_out

HELD_OUT_PERCENT = 20
MOST_VALIDATION_IMAGES = 5_000
# The test images stay the same whatever the seed of a study, so that they remain unseen.
TEST_SEED = 0
PARTS: tuple[Part, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """The images of each part, in the source's order, and notes on copies among them."""

    parts: Mapping[Part, Sequence[Seen]]
    notes: tuple[str, ...]

    @property
    def ordered(self) -> list[Seen]:
        """All images, part after part."""
        return [one for images in self.parts.values() for one in images]


def partition(listing: Listing, seen: Sequence[Seen], seed: int) -> Partition:
    """Test and validation as given, else about a fifth of train each, in proportion by class."""
    labels = _labels(seen)
    groups = _groups(seen)
    parts = _parts(seen)
    notes = tuple(_notes(listing, labels, groups, parts))
    if "test" not in listing.given:
        images = int((parts == "train").sum()) * HELD_OUT_PERCENT // 100
        _move(parts, labels, groups, "test", images=images, leave=2, seed=TEST_SEED)
    if "validation" not in listing.given:
        images = int((parts == "train").sum()) * HELD_OUT_PERCENT // 100
        images = min(images, MOST_VALIDATION_IMAGES)
        _move(parts, labels, groups, "validation", images=images, leave=1, seed=seed)
    return Partition(
        parts={part: [seen[at] for at in np.flatnonzero(parts == part).tolist()] for part in PARTS},
        notes=notes,
    )


def check(listing: Listing, seen: Sequence[Seen]) -> None:
    """Raises DataError if a given part is empty, or a class has too few distinct images."""
    parts = _parts(seen)
    for part in sorted(listing.given):
        if not (parts == part).any():
            raise DataError(f"{listing.name}: {part} holds no image that can be used; add some")
    train = parts == "train"
    counts = distinct(_labels(seen)[train], _groups(seen)[train], len(listing.classes)).tolist()
    uses = [part for part in PARTS if part == "train" or part not in listing.given]
    few = [
        f"'{name}' has {count}"
        for name, count in zip(listing.classes, counts, strict=True)
        if count < len(uses)
    ]
    if few:
        raise DataError(
            f"{listing.name}: every class needs {len(uses)} distinct images or more, to be in "
            f"{', '.join(uses)}; {first_few(few)}; add images or remove the class"
        )


def _move(
    parts: NDArray[np.str_],
    labels: Integers,
    groups: Integers,
    to: Part,
    *,
    images: int,
    leave: int,
    seed: int,
) -> None:
    """Give some of train's images to another part, in place."""
    train = np.flatnonzero(parts == "train")
    held = hold_out(labels[train], groups[train], images=images, leave=leave, seed=seed)
    parts[train[held]] = to


def _labels(seen: Sequence[Seen]) -> Integers:
    return np.array([one.item.label for one in seen], dtype=np.int64)


def _parts(seen: Sequence[Seen]) -> NDArray[np.str_]:
    # Wide enough for 'validation', whichever parts occur.
    return np.array([one.item.part for one in seen], dtype="U10")


def _groups(seen: Sequence[Seen]) -> Integers:
    """Equal numbers for images of equal bytes, counted in order of appearance."""
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(one.digest, len(numbers)) for one in seen], dtype=np.int64)


def _notes(
    listing: Listing, labels: Integers, groups: Integers, parts: NDArray[np.str_]
) -> Iterator[str]:
    """What there is to say about byte-identical images."""
    train = parts == "train"
    if extra := copies(groups[train]):
        total = int(train.sum())
        kind = "training images" if "test" in listing.given else "images"
        made = "" if len(listing.given) == 3 else "; copies were kept on one side of a split"
        yield (
            f"{extra:,} of {total:,} {kind} are byte-identical copies of others "
            f"({total - extra:,} unique){made}."
        )
    uses = set(zip(groups.tolist(), labels.tolist(), strict=True))
    if ambiguous := len(uses) - len(np.unique(groups)):
        yield f"{ambiguous:,} byte-identical images carry different classes."
    for part in ("validation", "test"):
        if shared := int(np.isin(groups[parts == part], groups[train]).sum()):
            total = int((parts == part).sum())
            yield (
                f"{shared:,} of {total:,} given {part} images are byte-identical to training "
                f"images, so the {part} error is flattered."
            )
