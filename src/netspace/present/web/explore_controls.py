"""The controls of Explore as values: their names in the query, their ranges and defaults.

Every value is a text, as it stands in its box and in the query. A slide and a box show one number;
the slide keeps to its range, the box takes anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass

STAGES = (1, 2, 3, 4)
BLOCKS = {"x": "X", "y": "Y", "basic": "basic", "vanilla": "vanilla"}
MODES = {"regnet": "RegNet", "anynet": "AnyNet", "zoo": "Named"}
SE_RATIO = 0.25
LEAST = 1 / 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A number: its name in the query, and the slide's low end, high end and step.

    least, most: outside these nothing is built, but what a network's own rules forbid is left to
    them. power: the slide moves by doublings, and its ends are of those.
    """

    name: str
    words: str
    symbol: str
    slide: tuple[float, float, float]
    default: str
    most: float
    least: float = 0
    power: bool = False

    @property
    def said(self) -> str:
        """As messages name it."""
        return f"{self.words} {self.symbol}".strip()


REGNET = (
    Control(name="d", words="depth", symbol="d", slide=(1, 40, 1), default="22", most=200),
    Control(
        name="w0", words="initial width", symbol="w_0", slide=(8, 400, 8), default="24", most=8192
    ),
    Control(
        name="wa", words="slope", symbol="w_a", slide=(0, 256, 0.5), default="24.48", most=8192
    ),
    Control(
        name="wm", words="multiplier", symbol="w_m", slide=(1.1, 4, 0.01), default="2.54", most=64
    ),
    Control(name="g", words="group width", symbol="g", slide=(8, 264, 8), default="16", most=8192),
    Control(
        name="b",
        words="bottleneck ratio",
        symbol="b",
        slide=(0.25, 4, 0.25),
        default="1",
        most=64,
        least=LEAST,
    ),
)
# The stages of the RegNet above.
_DEPTHS, _WIDTHS = ("1", "2", "7", "12"), ("32", "64", "160", "384")


def _stage(i: int) -> tuple[Control, ...]:
    width = (8, 1024, 8)
    return (
        Control(
            name=f"d{i}",
            words="depth",
            symbol="d",
            slide=(1, 32, 1),
            default=_DEPTHS[i - 1],
            most=64,
        ),
        Control(
            name=f"w{i}", words="width", symbol="w", slide=width, default=_WIDTHS[i - 1], most=8192
        ),
        Control(
            name=f"b{i}",
            words="bottleneck ratio",
            symbol="b",
            slide=(0.25, 4, 0.25),
            default="1",
            most=64,
            least=LEAST,
        ),
        Control(
            name=f"g{i}",
            words="group width",
            symbol="g",
            slide=(0, 7, 1),
            default="16",
            most=8192,
            power=True,
        ),
    )


ANYNET = {number: _stage(number) for number in STAGES}
FACTOR = Control(
    name="s",
    words="factor",
    symbol="",
    slide=(-2, 3, 0.25),
    default="2",
    most=64,
    least=LEAST,
    power=True,
)
NUMBERS = {
    control.name: control
    for control in (*REGNET, *(one for stage in ANYNET.values() for one in stage), FACTOR)
}
DEFAULTS: Mapping[str, str] = {
    "mode": "regnet",
    "name": "efficientnet_b0",
    "block": "x",
    "se": "",
    **{name: control.default for name, control in NUMBERS.items()},
    "r": "",
    "classes": "",
    "by": "compound",
}
_OF_MODE = {
    "regnet": (*(control.name for control in REGNET), "se"),
    "anynet": ("block", *(one.name for stage in ANYNET.values() for one in stage)),
    "zoo": ("name",),
}


def counting(mode: str) -> tuple[str, ...]:
    """The names of the values that count in a mode, in the order of the query."""
    return ("mode", *_OF_MODE.get(mode, ()), "r", "classes", "by", "s")


def ident(name: str) -> str:
    """The ID of the control of this name."""
    return f"explore-{name}"


def texts_of(query: Mapping[str, str]) -> dict[str, str]:
    """All values: of the query where it names them, else the defaults."""
    return {name: query.get(name, default) for name, default in DEFAULTS.items()}


def query_of(texts: Mapping[str, str]) -> dict[str, str]:
    """The values that count and do not hold their default."""
    return {name: texts[name] for name in counting(texts["mode"]) if texts[name] != DEFAULTS[name]}
