"""Parquet tables of images: columns `image` (struct of bytes and path) and `label` (integer)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netspace.errors import DataError
from netspace.train.reading.listing import Item, Listing, Part, missing_classes

if TYPE_CHECKING:
    import pyarrow.parquet

TABLES: Mapping[str, Part] = {
    "train.parquet": "train",
    "validation.parquet": "validation",
    "val.parquet": "validation",
    "test.parquet": "test",
}
_COLUMNS = "columns 'image' (struct of bytes, path) and 'label' (integer)"


def holds_tables(folder: Path) -> bool:
    """Whether the folder is meant as one of tables."""
    return any((folder / name).is_file() for name in TABLES)


def read_tables(folder: Path) -> Listing:
    """The listing of train.parquet, test.parquet and, if there, validation.parquet or val.parquet.

    Rows are named from 0, 'train.parquet row 17'. Classes are the names in the schema's
    `huggingface` metadata, else the label numbers that occur in train.
    """
    paths = _paths(folder)
    files = {part: _open(path) for part, path in paths.items()}
    names = _shared_names({paths[part]: file for part, file in files.items()})
    rows = {part: list(_rows(paths[part], file)) for part, file in files.items()}
    labels = range(len(names)) if names else sorted({label for _, _, label in rows["train"]})
    classes = names or tuple(str(label) for label in labels)
    index = {label: position for position, label in enumerate(labels)}
    items = tuple(item for part in rows for item in _items(part, rows[part], index))
    return Listing(
        name=folder.resolve().name,
        origin=folder.resolve().name,
        classes=classes,
        items=items,
        given=frozenset(rows),
        flip=True,
        notes=(
            *(note for part in rows for note in missing_classes(classes, items, part)),
            *(note for part in files for note in _unused_columns(paths[part], files[part])),
        ),
    )


def _paths(folder: Path) -> dict[Part, Path]:
    """The table of each part."""
    found: dict[Part, Path] = {}
    for name, part in TABLES.items():
        if (folder / name).is_file():
            if part in found:
                raise DataError(
                    f"{folder}: {found[part].name} and {name} both mean {part}; keep one"
                )
            found[part] = folder / name
    for part in ("train", "test"):
        if part not in found:
            raise DataError(
                f"{folder}: {part}.parquet is missing; train.parquet and test.parquet are needed"
            )
    return found


def _open(path: Path) -> "pyarrow.parquet.ParquetFile":
    """The table, with its two columns checked."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as parquet ({_one_line(error)})") from error
    fields = {field.name: field.type for field in file.schema_arrow}
    image, label = fields.get("image"), fields.get("label")
    if image is None or label is None:
        raise DataError(f"{path}: needs {_COLUMNS}, found {', '.join(fields)}; rename the columns")
    inner = {field.name: field.type for field in image} if pa.types.is_struct(image) else {}
    content = inner.get("bytes", pa.null())
    if not (pa.types.is_binary(content) or pa.types.is_large_binary(content)):
        raise DataError(
            f"{path}: needs {_COLUMNS}; 'image' is {image}, which holds no binary 'bytes'"
        )
    if not pa.types.is_integer(label):
        raise DataError(f"{path}: needs {_COLUMNS}; 'label' is {label}, store class numbers")
    return file


def _rows(path: Path, file: "pyarrow.parquet.ParquetFile") -> Iterator[tuple[str, bytes, int]]:
    """Name, bytes and label of each row; a row without bytes is left to fail as an empty image."""
    import pyarrow as pa

    number = 0
    try:
        for batch in file.iter_batches(columns=["image", "label"]):
            contents = batch.column("image").field("bytes").to_pylist()
            for content, label in zip(contents, batch.column("label").to_pylist(), strict=True):
                name = f"{path.name} row {number}"
                if label is None or label < 0:
                    raise DataError(f"{name}: label {label} is no class number; remove such rows")
                yield name, content or b"", label
                number += 1
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as parquet ({_one_line(error)})") from error


def _items(
    part: Part, rows: Sequence[tuple[str, bytes, int]], index: Mapping[int, int]
) -> Iterator[Item]:
    for name, content, label in rows:
        if label not in index:
            raise DataError(
                f"{name}: label {label} is outside the {len(index)} classes "
                f"{min(index, default=0)}..{max(index, default=0)} of train; correct or remove it"
            )
        yield Item(name=name, content=content, label=index[label], part=part)


def _shared_names(files: "Mapping[Path, pyarrow.parquet.ParquetFile]") -> tuple[str, ...]:
    """The class names of the train table; a table that numbers them otherwise is refused."""
    train, *others = files
    names = _names(files[train])
    for other in others:
        theirs = _names(files[other])
        if names and theirs and names != theirs:
            label = next(
                (
                    at
                    for at, pair in enumerate(zip(names, theirs, strict=False))
                    if len(set(pair)) > 1
                ),
                min(len(names), len(theirs)),
            )
            raise DataError(
                f"{other}: class {label} is named otherwise than in {train.name}; write all tables "
                "with the same class names in the same order"
            )
    return names


def _names(file: "pyarrow.parquet.ParquetFile") -> tuple[str, ...]:
    """Class names in the schema's metadata, as Hugging Face `datasets` writes them, or ()."""
    try:
        metadata: Any = json.loads((file.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
        names = metadata["info"]["features"]["label"]["names"]
    except (ValueError, KeyError, TypeError):
        return ()
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def _unused_columns(path: Path, file: "pyarrow.parquet.ParquetFile") -> tuple[str, ...]:
    unused = [field.name for field in file.schema_arrow if field.name not in ("image", "label")]
    return (f"{path.name}: columns not used: {', '.join(unused)}.",) if unused else ()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
