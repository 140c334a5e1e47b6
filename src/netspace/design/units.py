"""Sizes and ranges as people write them: 400M, 0.4G, 3.2M; 360M..400M, ..6M."""

import re

from netspace.errors import UserError

_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")
_RESOLUTION = re.compile(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?")
_SIZE = re.compile(r"((?:\d+(?:\.\d*)?|\.\d+)(?:e\d+)?)\s*([KMG]?)", re.IGNORECASE)


def parse_size(text: str) -> float:
    """'400M' to 400e6. Raises UserError for anything else than a number with K, M or G."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UserError(f"size '{text}' must be a number with K, M or G, such as 400M or 0.4G")
    number, suffix = match.groups()
    return float(number) * _FACTORS[suffix.upper()]


def parse_range(text: str) -> tuple[float | None, float | None]:
    """'360M..400M' to (360e6, 400e6); an open end is None; a single size is both ends."""
    if ".." not in text:
        size = parse_size(text)
        return size, size
    low, high = (end.strip() for end in text.split("..", 1))
    bounds = (parse_size(low) if low else None, parse_size(high) if high else None)
    if bounds == (None, None):
        raise UserError(f"range '{text}' has no end; write LOW..HIGH, LOW.. or ..HIGH")
    if bounds[0] is not None and bounds[1] is not None and bounds[0] > bounds[1]:
        raise UserError(f"range '{text}' is empty; its low end is above its high end")
    return bounds


def format_size(value: float) -> str:
    """400e6 to '400M', with three or four digits."""
    for suffix, factor in (("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if abs(value) >= factor:
            return f"{value / factor:.4g}{suffix}"
    return f"{value:.4g}"


def format_range(low: float | None, high: float | None) -> str:
    """(360e6, 400e6) to '360M..400M'."""
    if low is not None and low == high:
        return format_size(low)
    ends = ("" if end is None else format_size(end) for end in (low, high))
    return "..".join(ends)


def parse_duration(text: str) -> float:
    """'20m', '90s', '1h30m' to seconds. Raises UserError for anything else."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise UserError(f"time '{text}' must be like 20m, 90s or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


def parse_milliseconds(text: str) -> float:
    """'5ms' or '5' to 5.0. Raises UserError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:ms)?", text.strip())
    if match is None or not float(match.group(1)):
        raise UserError(f"latency '{text}' must be milliseconds above 0, like 5ms")
    return float(match.group(1))


def parse_resolution(text: str) -> tuple[int, int]:
    """'224' or '224x320' to (height, width) in pixels."""
    match = _RESOLUTION.fullmatch(text.strip())
    if match is None:
        raise UserError(f"resolution '{text}' must be like 224, or 224x320 (height x width)")
    height = int(match.group(1))
    return height, int(match.group(2) or height)
