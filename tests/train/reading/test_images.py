"""One image: what arrives as pixels, and what is refused."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from netspace.errors import DataError
from netspace.train.reading import images

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
KINDS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture of noise, which no format compresses to next to nothing."""
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


def pixels(content: bytes, *, resolution: int, channels: int = 3) -> NDArray[np.uint8]:
    return images.decode(content, "some.file", resolution=resolution, channels=channels)


def solid(content: bytes, channels: int = 3) -> list[int]:
    """The one colour of a decoded picture of one colour."""
    decoded = pixels(content, resolution=4, channels=channels)
    assert decoded.shape == (4, 4, channels)
    assert decoded.dtype == np.uint8
    assert (decoded == decoded[0, 0]).all()
    return decoded[0, 0].tolist()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_grey_is_scaled_and_not_clipped(kind: str, order: str, channels: int) -> None:
    for value, expected in ((0, 0), (255, 1), (40_000, 156), (65_535, 255)):
        picture = Image.fromarray(np.full((6, 6), value, dtype=order))
        assert solid(encoded(picture, kind), channels) == [expected] * channels


def test_16_bit_pgm_is_scaled_although_pillow_opens_it_as_32_bit() -> None:
    content = b"P5\n6 6\n65535\n" + np.full((6, 6), 40_000, ">u2").tobytes()
    assert solid(content, channels=1) == [156]


@pytest.mark.parametrize("values", [np.int32, np.float32])
def test_32_bit_values_are_refused_by_name(values: type) -> None:
    content = encoded(Image.fromarray(np.full((6, 6), 70_000, dtype=values)), "TIFF")
    with pytest.raises(DataError, match=r"^some\.file: 32-bit .* store 8 or 16 bits$"):
        solid(content)
    with pytest.raises(DataError, match=r"^x\.tif: 32-bit"):
        images.header(content, "x.tif")


def test_cmyk_jpeg_becomes_three_channels() -> None:
    picture = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert solid(encoded(picture, "JPEG", quality=95)) == pytest.approx([255, 0, 0], abs=3)
    assert solid(encoded(picture, "TIFF")) == pytest.approx([255, 0, 0], abs=3)


def test_palette_is_looked_up() -> None:
    picture = Image.new("P", (6, 6), 1)
    picture.putpalette([*RED, *GREEN])
    assert solid(encoded(picture)) == [*GREEN]
    assert solid(encoded(picture, "GIF")) == [*GREEN]


@pytest.mark.parametrize("transparency", [0, b"\x00\xff"])
def test_transparent_palette_entries_are_white(transparency: int | bytes) -> None:
    for index, expected in ((0, [255, 255, 255]), (1, [*GREEN])):
        picture = Image.new("P", (6, 6), index)
        picture.putpalette([*RED, *GREEN])
        assert solid(encoded(picture, transparency=transparency)) == expected


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGBA", (*BLUE, 0), [255, 255, 255]),
        ("RGBA", (*BLUE, 255), [0, 0, 255]),
        ("RGBA", (*BLUE, 51), [204, 204, 255]),
        ("LA", (0, 0), [255, 255, 255]),
        ("LA", (10, 255), [10, 10, 10]),
        ("1", 1, [255, 255, 255]),
        ("1", 0, [0, 0, 0]),
        ("L", 77, [77, 77, 77]),
    ],
)
def test_other_modes_keep_their_colours(
    mode: str, colour: tuple[int, ...], expected: list[int]
) -> None:
    content = encoded(Image.new(mode, (6, 6), colour))
    assert solid(content) == expected
    if images.is_grey(mode):
        assert solid(content, channels=1) == expected[:1]


def test_a_transparent_colour_of_a_plain_png_is_white() -> None:
    assert solid(encoded(Image.new("RGB", (6, 6), RED), transparency=RED)) == [255, 255, 255]
    assert solid(encoded(Image.new("L", (6, 6), 9), transparency=9), channels=1) == [255]


def test_grey_is_told_by_mode() -> None:
    assert all(map(images.is_grey, ("1", "L", "LA", "I;16", "I;16B")))
    assert not any(map(images.is_grey, ("RGB", "RGBA", "P", "CMYK", "YCbCr")))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_exif_orientation_stands_upright(kind: str, orientation: int) -> None:
    picture = Image.new("RGB", (30, 30))
    for box, colour in (((0, 0, 15, 15), RED), ((15, 0, 30, 15), GREEN), ((0, 15, 15, 30), BLUE)):
        picture.paste(colour, box)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(picture, kind, exif=exif.tobytes())
    with Image.open(BytesIO(content)) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    np.testing.assert_array_equal(pixels(content, resolution=30), expected)


def test_a_turned_photo_is_cropped_after_turning() -> None:
    stored = Image.new("RGB", (40, 30), BLUE)
    stored.paste(RED, (0, 0, 20, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = pixels(encoded(stored, "PNG", exif=exif.tobytes()), resolution=30)
    # Turned clockwise, the left half lies on top: 30 wide, 40 high, five rows cropped at each end.
    assert (decoded[:15] == RED).all()
    assert (decoded[15:] == BLUE).all()


def test_a_garbled_exif_block_does_not_cost_the_image() -> None:
    content = encoded(Image.new("RGB", (8, 8), RED), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff")
    assert solid(content) == pytest.approx([255, 0, 0], abs=3)
    text = PngInfo()
    text.add_text("Raw profile type exif", "\nexif\n4\nno hex digits")
    assert solid(encoded(Image.new("RGB", (8, 8), RED), pnginfo=text)) == [*RED]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_cut_file_of_any_format_is_refused_by_name(kind: str, share: float) -> None:
    whole = encoded(noise(64, 64), kind)
    assert pixels(whole, resolution=64).shape == (64, 64, 3)
    with pytest.raises(DataError, match=r"^some\.file: ") as caught:
        pixels(whole[: int(len(whole) * share)], resolution=64)
    assert "\n" not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_a_cut_large_photo_is_refused_although_decoded_at_a_fraction() -> None:
    whole = encoded(noise(512, 512), "JPEG")
    with pytest.raises(DataError, match="truncated"):
        pixels(whole[: int(len(whole) * 0.9)], resolution=16)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello, this is no image", "not an image in a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image in a known format"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "some.file: "),
    ],
)
def test_what_is_no_image_is_refused_by_name(content: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=r"^some\.file: ") as caught:
        images.header(content, "some.file")
    assert reason in str(caught.value)


def test_files_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("dangling.png", "pipe.png"):
        with pytest.raises(DataError, match=rf"^{name}: "):
            images.header(tmp_path / name, name)


def test_a_decompression_bomb_is_refused_before_it_unpacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = b"P6\n20000 20000\n255\n" + bytes(100)
    with pytest.raises(DataError, match=r"^some\.file: exceeds the limit of 178,956,970 pixels"):
        images.header(content, "some.file")
    # Other code may have switched Pillow's own guard off.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(DataError, match=r"20000x20000 exceeds the limit of 178,956,970 pixels"):
        images.header(content, "some.file")


def test_warnings_of_pillow_stay_inside() -> None:
    """A large picture and a garbled EXIF block make Pillow warn, which is an error in tests."""
    content = b"P6\n10000 10000\n255\n" + bytes(100)
    assert images.header(content, "some.file").width == 10_000
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x05\x01"
    pixels(encoded(noise(8, 8), "JPEG", exif=exif), resolution=8)


def test_warning_filters_are_restored_after_threads_overlap() -> None:
    before = list(warnings.filters)
    content = encoded(noise(64, 64), "JPEG")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: pixels(content, resolution=16), range(200)))
    assert warnings.filters == before
    with images._quiet:
        with images._quiet:
            pass
        warnings.warn("the first one in still wants quiet", stacklevel=1)
    assert warnings.filters == before


def test_an_image_of_the_right_size_is_not_resampled() -> None:
    picture = noise(9, 9)
    np.testing.assert_array_equal(pixels(encoded(picture), resolution=9), np.asarray(picture))


@pytest.mark.parametrize("size", [(15, 9), (9, 15)])
def test_the_middle_of_the_longer_side_is_kept(size: tuple[int, int]) -> None:
    picture = noise(*size)
    values = np.asarray(picture)
    middle = values[:, 3:12] if size[0] > size[1] else values[3:12]
    np.testing.assert_array_equal(pixels(encoded(picture), resolution=9), middle)


@pytest.mark.parametrize("size", [(48, 24), (24, 48), (30, 30), (6, 4)])
def test_resizing_equals_shorter_side_then_centre_crop(size: tuple[int, int]) -> None:
    width, height = size
    picture = noise(*size)
    scale = 12 / min(size)
    resized = picture.resize(
        (round(width * scale), round(height * scale)), Image.Resampling.BILINEAR
    )
    left, top = (resized.width - 12) // 2, (resized.height - 12) // 2
    expected = np.asarray(resized.crop((left, top, left + 12, top + 12)), dtype=int)
    difference = np.abs(pixels(encoded(picture), resolution=12).astype(int) - expected)
    assert difference.max() <= 1


def test_resizing_averages_fine_patterns() -> None:
    stripes = np.zeros((64, 64), dtype=np.uint8)
    stripes[:, ::2] = 255
    content = encoded(Image.fromarray(stripes))
    inner = pixels(content, resolution=8, channels=1)[:, 1:-1]
    assert inner.min() > 110
    assert inner.max() < 145


def test_a_large_jpeg_decodes_to_the_same_picture_as_when_resized_whole() -> None:
    gradient = np.add.outer(np.arange(600), np.arange(800)) * (255 / 1400)
    picture = Image.fromarray(gradient.astype(np.uint8)).convert("RGB")
    from_jpeg = pixels(encoded(picture, "JPEG", quality=95), resolution=32).astype(int)
    from_png = pixels(encoded(picture), resolution=32).astype(int)
    assert np.abs(from_jpeg - from_png).max() <= 3


def test_a_very_long_picture_does_not_grow_with_its_length() -> None:
    picture = Image.new("L", (60_000, 1), 50)
    assert solid(encoded(picture), channels=1) == [50]
