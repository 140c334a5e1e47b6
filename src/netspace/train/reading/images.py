"""One image file, or its bytes, as a square array of 8-bit values.

Transparent pixels are laid over white, as on a page. Broken files raise DataError with their name;
a file counts as whole only when all of it decodes. Pillow's warnings are kept quiet.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from netspace.errors import DataError

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
EXTENSIONS = frozenset(
    (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
)
# A file of a few kilobytes can unpack to gigabytes; this is where Pillow itself gives up.
PIXEL_LIMIT = 178_956_970

_GREY_MODES = frozenset(("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N"))
# EXIF tag 0x0112: how the stored picture has to be turned to stand upright.
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says about its image; width and height in pixels as stored, not yet turned."""

    width: int
    height: int
    mode: str


def is_grey(mode: str) -> bool:
    """Whether images of this Pillow mode have no colour; a palette counts as colour."""
    return mode in _GREY_MODES


def contents(content: Path | bytes, name: str) -> bytes:
    """The bytes of a file, at least one. Raises DataError if it cannot be read or is empty."""
    if isinstance(content, Path):
        try:
            # Anything but a plain file, such as a pipe, could block for ever.
            found = content.read_bytes() if content.is_file() else None
        except OSError as error:
            raise DataError(f"{name}: {_reason(error)}") from error
        if found is None:
            raise DataError(f"{name}: no file to read; the link or entry leads nowhere")
        content = found
    if not content:
        raise DataError(f"{name}: empty, it holds no bytes")
    return content


def header(content: Path | bytes, name: str) -> Header:
    """Size and mode from the file's first bytes; the rest may still turn out broken.

    Raises DataError if this is no image, or one that cannot be used.
    """
    with _opened(content, name) as image:
        return Header(width=image.width, height=image.height, mode=image.mode)


def decode(
    content: Path | bytes, name: str, *, resolution: int, channels: int
) -> NDArray[np.uint8]:
    """The upright image as (resolution, resolution, channels); 1 channel is grey, 3 are RGB.

    The shorter side is resized to the resolution, the middle of the longer one kept. Raises
    DataError naming the file if any part of it does not decode.
    """
    with _opened(content, name) as image:
        # JPEG only: decode a large photo at a fraction of its size, never below twice the target.
        image.draft(None, (2 * resolution, 2 * resolution))
        image.load()
        square = _square(_upright(_eight_bit(image, channels), image), resolution)
        return np.asarray(square).reshape(resolution, resolution, channels)


@contextmanager
def _opened(content: Path | bytes, name: str) -> Iterator[Image.Image]:
    """The image, not yet decoded; what Pillow raises inside becomes a DataError with the name."""
    try:
        with _quiet, Image.open(BytesIO(contents(content, name)), formats=FORMATS) as image:
            _check_usable(image, name)
            yield image
    except (DataError, MemoryError):
        raise
    # Decoders meet hostile bytes: struct.error, SyntaxError, IndexError, zlib.error and more.
    except Exception as error:
        raise DataError(f"{name}: {_reason(error)}") from error


def _check_usable(image: Image.Image, name: str) -> None:
    if image.width * image.height > PIXEL_LIMIT:
        raise DataError(
            f"{name}: {image.width}x{image.height} exceeds the limit of {PIXEL_LIMIT:,} pixels; "
            "store it smaller"
        )
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        raise DataError(
            f"{name}: 32-bit values (mode {image.mode}) have no known range; store 8 or 16 bits"
        )


def _reason(error: Exception) -> str:
    """What a decoder complained about, in one line."""
    if isinstance(error, UnidentifiedImageError):
        return f"not an image in a known format ({', '.join(FORMATS)})"
    if isinstance(error, Image.DecompressionBombError):
        return f"exceeds the limit of {PIXEL_LIMIT:,} pixels; store it smaller"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror})"
    return f"cannot be decoded ({' '.join(str(error).split()) or type(error).__name__})"


def _eight_bit(image: Image.Image, channels: int) -> Image.Image:
    """The decoded image in mode L or RGB."""
    target = "L" if channels == 1 else "RGB"
    if image.mode == "I" or image.mode.startswith("I;16"):
        # 65535 / 255 = 257. Pillow's own conversion clips everything above 255 to white.
        values = (np.asarray(image).astype(np.int64) + 128) // 257
        image = Image.fromarray(values.astype(np.uint8))
    elif image.has_transparency_data:
        picture = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    if image.mode == target:
        return image
    # CMYK and others reach grey only by way of RGB.
    return image.convert("RGB").convert(target)


def _upright(picture: Image.Image, original: Image.Image) -> Image.Image:
    """The picture turned as the original's EXIF orientation asks."""
    try:
        turn = _UPRIGHT.get(original.getexif().get(_ORIENTATION_TAG, 1))
    # A garbled EXIF block says nothing about the pixels, which are whole.
    except Exception:
        return picture
    return picture if turn is None else picture.transpose(turn)


def _square(picture: Image.Image, resolution: int) -> Image.Image:
    """Shorter side to the resolution, then the centre square."""
    width, height = picture.size
    side = min(width, height)
    if side == resolution:
        left, top = (width - side) // 2, (height - side) // 2
        return picture.crop((left, top, left + side, top + side))
    # Resizing only the part that is kept: a picture of 1x50000 must not grow to 64x3200000.
    box = ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
    return picture.resize((resolution, resolution), Image.Resampling.BILINEAR, box=box)


class _Quiet:
    """Ignores warnings while at least one thread is inside.

    `warnings.catch_warnings` swaps a list of the whole process, so threads that overlap would put
    back each other's; here the first one in saves it and the last one out restores it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._saved = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._saved.__exit__(None, None, None)


_quiet = _Quiet()
