"""From the texts of Explore's controls to a network, and to that network scaled."""

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from netspace.design.blocks import Basic, Block, Bottleneck, Vanilla, fit_groups
from netspace.design.factors import Factors, factors
from netspace.design.fit import RegNetFit
from netspace.design.network import Network, Stage
from netspace.design.pieces import Squeeze
from netspace.design.regnet import RegNet
from netspace.design.scaling import apply
from netspace.design.units import parse_resolution
from netspace.design.zoo import names
from netspace.design.zoo import network as named
from netspace.errors import SpecError, UnknownNameError, UserError
from netspace.present.web.explore_controls import (
    ANYNET,
    BLOCKS,
    FACTOR,
    MODES,
    NUMBERS,
    SE_RATIO,
    Control,
)
from netspace.present.web.explore_presets import preset_of
from netspace.present.web.width_figure import nearest_line, own_line
from netspace.present.wording import counted

MOST_PIXELS, MOST_CLASSES = 4096, 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What the controls say. line: of widths; own_line: it is the network's own, not the nearest.

    title: for people. zoo: its name there, if it is one of the zoo. fitted: what fitting widths to
    the groups changed, in words.
    """

    network: Network
    line: RegNetFit
    title: str
    own_line: bool = False
    zoo: str | None = None
    fitted: str = ""

    @property
    def file(self) -> str:
        """The name of its YAML file."""
        return f"{self.network.name}.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """The network at the factors of a method."""

    network: Network
    method: str
    factor: float
    asked: Factors


def explored(texts: Mapping[str, str]) -> Explored:
    """The network of the mode's values. Raises UserError with one line on what is wrong."""
    match texts["mode"]:
        case "regnet":
            found = _regnet(texts)
        case "anynet":
            found = _anynet(texts)
        case "zoo":
            found = _zoo(texts["name"])
        case other:
            raise UnknownNameError.of("mode", other, MODES)
    sized = found.network.for_input(
        resolution=_resolution(texts["r"]), classes=_classes(texts["classes"])
    )
    return replace(found, network=sized)


def scaled(network: Network, texts: Mapping[str, str]) -> Scaled:
    """The network scaled. Raises UserError where the method cannot scale it."""
    factor = _number(texts, FACTOR)
    asked = factors(texts["by"], factor)
    return Scaled(network=apply(network, asked), method=texts["by"], factor=factor, asked=asked)


def _regnet(texts: Mapping[str, str]) -> Explored:
    d, w_0, g = (_whole(texts, NUMBERS[name]) for name in ("d", "w0", "g"))
    w_a, w_m, b = (_number(texts, NUMBERS[name]) for name in ("wa", "wm", "b"))
    squeezed = bool(texts["se"])
    regnet = RegNet(
        depth=d,
        initial_width=w_0,
        slope=w_a,
        multiplier=w_m,
        group_width=g,
        bottleneck_ratio=b,
        se_ratio=SE_RATIO if squeezed else None,
    )
    network, kind, zoo = regnet.network(), "Y" if squeezed else "X", preset_of(texts)
    return Explored(
        network=replace(network, name=zoo or f"regnet{kind.lower()}_d{d}_w{w_0}"),
        line=own_line(regnet, network),
        title=zoo or f"RegNet{kind}, {counted(d, 'block')}",
        own_line=True,
        zoo=zoo,
        fitted=_fitted([width for width, _ in regnet.raw_stages()], network),
    )


def _anynet(texts: Mapping[str, str]) -> Explored:
    kind = texts["block"]
    if kind not in BLOCKS:
        raise UnknownNameError.of("block", kind, BLOCKS)
    stages, asked = [], []
    for number, (depth, width, ratio, group_width) in ANYNET.items():
        try:
            w = _whole(texts, width)
            block, fitted = _block(kind, w, texts, ratio, group_width)
            stages.append(Stage(block=block, width=fitted, depth=_whole(texts, depth)))
        except UserError as fault:
            raise SpecError(f"stage {number}: {fault}") from None
        asked.append(w)
    depths = "_".join(str(stage.depth) for stage in stages)
    network = Network(stages=tuple(stages), name=f"anynet_{kind}_{depths}")
    return Explored(
        network=network,
        line=nearest_line(network),
        title=f"AnyNet, {counted(network.depth, f'{BLOCKS[kind]} block')}",
        fitted=_fitted(asked, network),
    )


def _block(
    kind: str, width: int, texts: Mapping[str, str], ratio: Control, group_width: Control
) -> tuple[Block, int]:
    """The block, and the stage's width fitted to its groups, as in the space AnyNetX."""
    if kind == "basic":
        return Basic(), width
    if kind == "vanilla":
        return Vanilla(), width
    b, g = _number(texts, ratio), _whole(texts, group_width)
    se = Squeeze(ratio=SE_RATIO) if kind == "y" else None
    asked = Bottleneck(bottleneck_ratio=b, group_width=g, se=se)
    if width < 1:
        return asked, width  # of which the stage says what is wrong
    fitted, groups = fit_groups(width, b, g)
    return replace(asked, group_width=groups), fitted


def _zoo(name: str) -> Explored:
    if name not in names():
        raise UnknownNameError.of("network", name, names())  # and never a file of this machine
    network = named(name)
    return Explored(network=network, line=nearest_line(network), title=name, zoo=name)


def _fitted(asked: list[int], network: Network) -> str:
    got = [stage.width for stage in network.stages]
    if asked == got:
        return ""
    return f"widths {_listed(asked)}, fitted to the groups: {_listed(got)}"


def _listed(widths: list[int]) -> str:
    return ", ".join(f"{width:,}" for width in widths)


def _number(texts: Mapping[str, str], control: Control) -> float:
    written = texts[control.name].strip()
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SpecError(
            f"{control.said} '{written}' is not a number; write one like {control.default}"
        )
    for outside, words in (
        (value > control.most, f"above {control.most:,}, the most"),
        (0 < value < control.least, f"below {control.least:g}, the least"),
    ):
        if outside:
            raise SpecError(
                f"{control.said} {written} is {words} this page builds; write a YAML file and use "
                "netspace count"
            )
    return value


def _whole(texts: Mapping[str, str], control: Control) -> int:
    value = _number(texts, control)
    if not value.is_integer():
        raise SpecError(
            f"{control.said} {texts[control.name].strip()} must be a whole number; "
            f"the nearest is {round(value)}"
        )
    return int(value)


def _resolution(text: str) -> tuple[int, int] | None:
    if not text.strip():
        return None
    sides = parse_resolution(text)
    if max(sides) > MOST_PIXELS:
        raise UserError(f"resolution {text.strip()} is above {MOST_PIXELS:,} pixels; give less")
    return sides


def _classes(text: str) -> int | None:
    written = text.strip()
    if not written:
        return None
    if not written.isascii() or not written.isdigit() or not 1 <= int(written) <= MOST_CLASSES:
        raise UserError(f"classes '{written}' must be a whole number from 1 to {MOST_CLASSES:,}")
    return int(written)


def count_command(found: Explored, texts: Mapping[str, str]) -> str:
    """What prints the same counts; a network outside the zoo is in its file with all it needs."""
    if found.zoo is None:
        return f"netspace count {shlex.quote(found.file)}"
    return shlex.join(["netspace", "count", found.zoo, *_options(texts)])


def scale_command(found: Explored, how: Scaled, texts: Mapping[str, str]) -> str:
    """What scales the network nearer to the factor than rounding does."""
    resolution = ["--resolution", texts["r"].strip()] if found.zoo and texts["r"].strip() else []
    words = ["--factor", f"{how.factor:g}", "--by", how.method]
    return shlex.join(["netspace", "scale", found.zoo or found.file, *resolution, *words])


def _options(texts: Mapping[str, str]) -> list[str]:
    given = {"--resolution": texts["r"].strip(), "--classes": texts["classes"].strip()}
    return [word for name, value in given.items() if value for word in (name, value)]
