"""From what a user names as data to the listing of its images."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netspace.errors import DataError, UnknownNameError
from netspace.train.reading.folders import read_folder
from netspace.train.reading.listing import Item, Listing
from netspace.train.reading.tables import holds_tables, read_tables

_ACCEPTED = (
    "accepted are a folder of class folders, a folder with train/ and test/, a folder with "
    "train.parquet and test.parquet, or a built-in name"
)


def find(source: str | Path) -> Listing:
    """The listing of a built-in name or a folder; for a folder of such a name write ./digits.

    Raises UnknownNameError for a name that is neither, DataError for a folder that cannot be used.
    """
    if isinstance(source, str) and source in BUILT_IN:
        return BUILT_IN[source]()
    try:
        folder = Path(source).expanduser()
        if source and folder.is_dir():
            return read_tables(folder) if holds_tables(folder) else read_folder(folder)
        if source and folder.exists():
            raise DataError(f"{source}: a file, not a folder of images; {_ACCEPTED}")
    except OSError as error:
        place = error.filename or source
        raise DataError(
            f"{place}: cannot be read ({error.strerror}); check its permissions"
        ) from error
    if isinstance(source, str) and Path(source).name == source:
        unknown = UnknownNameError.of("data", source, BUILT_IN)
        raise UnknownNameError(f"{unknown}; {_ACCEPTED}")
    raise DataError(f"{source}: no such folder; {_ACCEPTED}")


def _digits() -> Listing:
    """1,797 handwritten digits of 8x8 pixels."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # Ink values run from 0 to 16.
    pictures = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    items = (
        Item(name=f"digit {number}", content=_png(picture), label=int(label), part="train")
        for number, (picture, label) in enumerate(zip(pictures, bunch.target, strict=True))
    )
    return Listing(
        name="digits",
        origin="Test set of the UCI Optical Recognition of Handwritten Digits data (CC BY 4.0), as "
        "packaged in scikit-learn.",
        classes=tuple(str(name) for name in bunch.target_names),
        items=tuple(items),
        given=frozenset(("train",)),
        flip=False,
        notes=(),
    )


def _png(picture: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


BUILT_IN: Mapping[str, Callable[[], Listing]] = {"digits": _digits}
