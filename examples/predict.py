"""What a network exported by netspace sees in an image: python predict.py model.onnx image.jpg.

Needs onnxruntime, NumPy and Pillow, and no netspace. The model says itself how pictures are to be
prepared: `netspace export` writes that into its metadata.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
NEEDED = ("decoded", "resolution", "channels", "mean", "std", "class_names")
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SHOWN = 5


def eight_bit(image: Image.Image, channels: int) -> Image.Image:
    """The picture in 8 bits, grey or RGB; transparent pixels are laid over white."""
    target = "L" if channels == 1 else "RGB"
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        raise ValueError(f"32-bit values (mode {image.mode}) have no known range; store 8 or 16")
    if image.mode == "I" or image.mode.startswith("I;16"):
        image = Image.fromarray(((np.asarray(image).astype(np.int64) + 128) // 257).astype("uint8"))
    elif image.has_transparency_data:
        picture = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return image if image.mode == target else image.convert("RGB").convert(target)


def upright(picture: Image.Image, original: Image.Image) -> Image.Image:
    """The picture turned as the EXIF data of the file asks; garbled data asks for nothing."""
    try:
        turn = TURNS.get(original.getexif().get(0x0112, 1))
    except Exception:
        return picture
    return picture if turn is None else picture.transpose(turn)


def square(picture: Image.Image, side: int) -> Image.Image:
    """The middle of the picture, its shorter side resized."""
    width, height = picture.size
    short = min(width, height)
    if short == side:
        left, top = (width - side) // 2, (height - side) // 2
        return picture.crop((left, top, left + side, top + side))
    ends = (width - short) / 2, (height - short) / 2, (width + short) / 2, (height + short) / 2
    return picture.resize((side, side), Image.Resampling.BILINEAR, box=ends)


def prepared(path: Path, facts: dict[str, Any]) -> np.ndarray:
    """The image as the model takes it: float32 (1, C, H, W)."""
    (height, width), channels, side = facts["resolution"], facts["channels"], facts["decoded"]
    with Image.open(path, formats=FORMATS) as image:
        image.draft(None, (2 * side, 2 * side))
        image.load()
        picture = square(upright(eight_bit(image, channels), image), side)
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    values = np.asarray(picture, np.float32).reshape(height, width, channels)
    mean, std = (np.array(facts[name], np.float32) * 255 for name in ("mean", "std"))
    return ((values - mean) / std).transpose(2, 0, 1)[None]


def read_facts(session: onnxruntime.InferenceSession, name: str) -> dict[str, Any]:
    """What the model's metadata says of its images."""
    told = session.get_modelmeta().custom_metadata_map
    if missing := [field for field in NEEDED if field not in told]:
        raise ValueError(
            f"{name} does not say how its images are prepared ({', '.join(missing)} missing); "
            "export a run, or add --data"
        )
    return {field: json.loads(told[field]) for field in NEEDED}


def predict(model: str, image: str) -> list[tuple[str, float]]:
    """The classes with their probabilities, the likeliest first."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    facts = read_facts(session, model)
    try:
        batch = prepared(Path(image), facts)
    except Exception as fault:  # decoders meet bytes of every kind, and fail in as many ways
        raise ValueError(f"{image}: cannot be used ({' '.join(str(fault).split())})") from fault
    logits = session.run(["logits"], {"images": batch})[0][0]
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable")
    return [(facts["class_names"][index], float(shares[index])) for index in order]


def main() -> int:
    """Print the likeliest classes; 2 where the image or the model cannot be used."""
    if len(sys.argv) != 3:
        print("usage: python predict.py model.onnx image.jpg", file=sys.stderr)
        return 2
    warnings.simplefilter("ignore")
    try:
        found = predict(*sys.argv[1:])
    except Exception as fault:
        print(f"predict: {' '.join(str(fault).split())}", file=sys.stderr)
        return 2
    for name, share in found[:SHOWN]:
        print(f"{share:7.2%}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
