"""The images of a data set before any is decoded: where each lies, its class and its part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from netspace.errors import DataError

Part: TypeAlias = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One image: its file or bytes, the name that messages use, its class index and its part."""

    name: str
    content: Path | bytes
    label: int
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Every image of a source; `given` are the parts that the source itself divides off."""

    name: str
    origin: str
    classes: tuple[str, ...]
    items: tuple[Item, ...]
    given: frozenset[Part]
    flip: bool
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            found = f"only '{self.classes[0]}'" if self.classes else "none"
            raise DataError(
                f"{self.name}: at least 2 classes are needed, found {found}; cross-entropy over "
                "one class is always 0, so nothing would be learnt; give the folder that holds a "
                "sub-folder of images per class"
            )


def first_few(names: Sequence[str], limit: int = 5) -> str:
    """'a, b, c', or its beginning and how many more there are."""
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest:,} more" if rest > 0 else "")


def missing_classes(classes: Sequence[str], items: Iterable[Item], part: Part) -> tuple[str, ...]:
    """A note on the classes of which a given part has no image, if there are any."""
    present = {item.label for item in items if item.part == part}
    missing = [name for index, name in enumerate(classes) if index not in present]
    if not missing:
        return ()
    return (f"{part} has no images of {first_few(missing)}; the classes are numbered as in train.",)
