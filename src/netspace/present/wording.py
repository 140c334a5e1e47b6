"""Numbers and short phrases as the report writes them."""

from collections.abc import Iterable
from math import isfinite

from netspace.design.layers import Shape


def exact(count: int) -> str:
    """5430123 to '5,430,123'."""
    return f"{count:,}"


def percent(error: float) -> str:
    """An error in percent, to two decimals: '28.41 %'."""
    return f"{error:.2f} %"


def share(part: float, whole: float = 1.0) -> str:
    """A share in percent, short: '34 %', '1.2 %', '<0.1 %'; '0 %' of nothing."""
    value = 100.0 * part / whole if whole else 0.0
    if 0 < value < 0.1:
        return "<0.1 %"
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.1f} %"


def counted(count: int, noun: str) -> str:
    """'1 network', '1,200 networks', '10 classes'."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def listed(words: Iterable[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def spaced(name: str) -> str:
    """'group_width' to 'group width'."""
    return name.replace("_", " ")


def duration(seconds: float) -> str:
    """'45 s', '12 min 5 s', '3 h 20 min'."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {left} min" if left else f"{hours:,} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{whole} s"


def map_size(shape: Shape) -> str:
    """Height and width of a feature map: '32×32'."""
    return f"{shape.height}×{shape.width}"


def uncertain(value: float, half_width: float) -> str:
    """'38.1 ± 0.9', with as many digits as the half-width needs; '38.12' where it is infinite."""
    if not isfinite(half_width):
        return f"{value:.2f}"
    digits = decimals(value, half_width)
    return f"{value:.{digits}f} ± {half_width:.{digits}f}"


def decimals(value: float, half_width: float) -> int:
    """Fewest decimals, of 1 to 4, that neither round the half-width nor an interval's end to 0."""
    ends = (half_width, abs(value) - half_width if abs(value) > half_width else half_width)
    return next((n for n in (1, 2, 3) if all(round(end, n) > 0 for end in ends)), 4)


def times(factor: float) -> str:
    """2.0 to '2x', 2.83 to '2.83x'."""
    return f"{factor:.3g}x"


def printable(words: str) -> str:
    """Without characters that XML does not allow."""
    return "".join(letter for letter in words if letter.isprintable())
