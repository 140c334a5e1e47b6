"""Sizes and ranges as people write them: 400M, 0.4G, 3.2M; 360M..400M, ..6M."""

import re

from netspace.errors import UserError

_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_SIZE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([KMG]?)", re.IGNORECASE)


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
