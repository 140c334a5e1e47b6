"""Folders of class folders, with or without train/ and test/ above them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from netspace.errors import DataError
from netspace.train.reading.images import EXTENSIONS
from netspace.train.reading.listing import Item, Listing, Part, first_few, missing_classes

# Lower case. Folders named like this are never classes as long as train/ holds folders itself.
PART_NAMES: Mapping[Part, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("val", "validation", "valid"),
    "test": ("test", "testing"),
}
_LITTER = frozenset(("__MACOSX", "@eaDir"))


@dataclass(slots=True, kw_only=True)
class _Leftovers:
    """What was met on the way and not used."""

    hidden: set[str] = field(default_factory=set)
    others: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)

    def notes(self) -> Iterator[str]:
        if self.hidden:
            yield f"hidden entries were ignored: {first_few(sorted(self.hidden))}."
        if self.others:
            count = f"{len(self.others):,} files that are not images"
            yield f"{count} were ignored: {_named(self.others)}."
        if self.loose:
            count = f"{len(self.loose):,} entries outside the class folders"
            yield f"{count} were ignored: {_named(self.loose)}."


def read_folder(folder: Path) -> Listing:
    """The listing of a folder of class folders, or of one with train/ and test/ (val/) above them.

    Raises DataError for an empty class folder, or a class that train lacks.
    """
    leftovers = _Leftovers()
    parts = _part_folders(folder)
    roots: Mapping[Part, Path] = parts or {"train": folder}
    if parts:
        beside = [child for child in _visible(folder, leftovers) if child not in parts.values()]
        leftovers.loose += map(str, beside)
    classes = tuple(child.name for child in _visible_folders(roots["train"]))
    items: list[Item] = []
    for part, root in roots.items():
        items += _items(part, root, classes, leftovers)
    gaps = (note for part in roots for note in missing_classes(classes, items, part))
    return Listing(
        name=folder.resolve().name,
        origin=folder.resolve().name,
        classes=classes,
        items=tuple(items),
        given=frozenset(roots),
        flip=True,
        notes=(*gaps, *leftovers.notes()),
    )


def _part_folders(folder: Path) -> dict[Part, Path]:
    """The folders of train, validation and test; empty where the folder is not laid out so.

    A folder `train` that holds images but no folders is a class (of vehicles, say), not a part.
    """
    found: dict[Part, Path] = {}
    for part, names in PART_NAMES.items():
        named = [child for child in _visible_folders(folder) if child.name.lower() in names]
        matches = [child for child in named if _visible_folders(child)]
        if len(matches) > 1:
            both = " and ".join(f"{child.name}/" for child in matches)
            raise DataError(f"{folder}: {both} both mean {part}; keep one of them")
        if matches:
            found[part] = matches[0]
    if found:
        _check_parts(folder, found)
    return found


def _check_parts(folder: Path, found: Mapping[Part, Path]) -> None:
    if "train" not in found:
        raise DataError(
            f"{folder}: has {_short(found)} but no train/ with class folders; add train/, or "
            "give a folder that holds the class folders themselves"
        )
    if "test" not in found:
        raise DataError(
            f"{folder}: has {_short(found)} but no test/ with class folders; add test/, or give "
            f"{found['train']} to have a test split made from it"
        )


def _short(found: Mapping[Part, Path]) -> str:
    return " and ".join(f"{path.name}/" for path in found.values())


def _items(part: Part, root: Path, classes: Sequence[str], leftovers: _Leftovers) -> Iterator[Item]:
    """The images of one part, numbered by train's classes."""
    folders = _visible_folders(root)
    leftovers.loose += [str(child) for child in _visible(root, leftovers) if child not in folders]
    extra = sorted(child.name for child in folders if child.name not in classes)
    if extra:
        raise DataError(
            f"{root}: class {first_few(extra)} does not occur in train; remove the folder, or add "
            "the class to train"
        )
    files = {child: list(_images_below(child, leftovers, frozenset())) for child in folders}
    empty = [str(child) for child in folders if not files[child]]
    if empty and part == "train" and len(classes) > 1:
        raise DataError(
            f"class folder without images: {first_few(empty)}; remove the folder or add images"
        )
    for child in folders:
        label = classes.index(child.name)
        for path in files[child]:
            yield Item(name=str(path), content=path, label=label, part=part)


def _images_below(folder: Path, leftovers: _Leftovers, above: frozenset[str]) -> Iterator[Path]:
    """Image files at any depth, by name; a link back to a folder above is not followed."""
    real = os.path.realpath(folder)
    if real in above:
        return
    for child in _visible(folder, leftovers):
        if child.is_dir():
            yield from _images_below(child, leftovers, above | {real})
        elif child.suffix.lower() in EXTENSIONS:
            yield child
        else:
            leftovers.others.append(str(child))


def _visible_folders(folder: Path) -> list[Path]:
    return [child for child in _visible(folder, _Leftovers()) if child.is_dir()]


def _visible(folder: Path, leftovers: _Leftovers) -> list[Path]:
    """The entries of a folder by name, without hidden ones."""
    children = sorted(folder.iterdir(), key=lambda child: child.name)
    hidden = {child for child in children if child.name.startswith(".") or child.name in _LITTER}
    leftovers.hidden |= {child.name for child in hidden}
    return [child for child in children if child not in hidden]


def _named(paths: Sequence[str]) -> str:
    return first_few([Path(path).name for path in paths], limit=3)
