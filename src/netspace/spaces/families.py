"""The named spaces."""

from netspace.errors import UnknownNameError
from netspace.spaces.anynet import anynetx
from netspace.spaces.efficientnets import efficientnet
from netspace.spaces.frame import Frame
from netspace.spaces.mnasnets import mnasnet
from netspace.spaces.regnets import ARTICLE_LIMITS, ARTICLE_RULES, regnet
from netspace.spaces.resnets import resnet, resnext
from netspace.spaces.space import Space

NAMES = (
    "anynetx_a",
    "anynetx_b",
    "anynetx_c",
    "anynetx_d",
    "anynetx_e",
    "regnetx",
    "regnety",
    "efficientnet",
    "mnasnet",
    "resnet",
    "resnext",
)


def space(name: str, *, resolution: int = 224, channels: int = 3, classes: int = 1000) -> Space:
    """The space of this name, its stem and strides fitted to the image size.

    Raises UnknownNameError with the nearest name.
    """
    frame = Frame(resolution=resolution, channels=channels, classes=classes)
    match name:
        case _ if name not in NAMES:
            raise UnknownNameError.of("space", name, NAMES)
        case "regnetx" | "regnety":
            return regnet(name, frame)
        case "efficientnet":
            return efficientnet(frame)
        case "mnasnet":
            return mnasnet(frame)
        case "resnet":
            return resnet(frame)
        case "resnext":
            return resnext(frame)
        case _:
            return anynetx(name[-1], frame)


def article(space: Space) -> Space:
    """A RegNet space with the article's rules and limits: b = 1, 12 <= d <= 28, w_m >= 2 ….

    Radosavovic et al. 2020, sec. 4.
    """
    narrowed = space.with_rule(*ARTICLE_RULES, name=f"{space.name}_article")
    return narrowed.with_limits(*ARTICLE_LIMITS)
