"""Whose names the tensors of a state have."""

from collections.abc import Collection
from typing import get_args

from netspace.errors import DataError, UnknownNameError
from netspace.train.published import early, mobile, resnets
from netspace.train.published.naming import Dialect, Naming

# The first one whose marks are all there is taken, so those with more marks come first. ResNets
# have the same names in timm and in torchvision.
NAMINGS = (
    resnets.SERESNET_TIMM,
    resnets.RESNET_TORCHVISION,
    resnets.RESNET_TIMM,
    resnets.REGNET_TORCHVISION,
    resnets.REGNET_TIMM,
    mobile.MOBILENET_V3_TIMM,
    mobile.EFFICIENTNET_TIMM,
    mobile.MOBILENET_V2_TORCHVISION,
    mobile.MOBILENET_V3_TORCHVISION,
    mobile.LARGE_EFFICIENTNET_TORCHVISION,
    mobile.EFFICIENTNET_TORCHVISION,
    mobile.MNASNET_TORCHVISION,
    early.VGG_TIMM,
    early.VGG_TORCHVISION,
    early.ALEXNET_TORCHVISION,
    early.GOOGLENET_TORCHVISION,
    Naming(dialect="netspace", family="", marks=("stem.conv.weight", "head.fc.weight"), same=True),
)


def recognise(keys: Collection[str], dialect: Dialect | None, where: str) -> Naming:
    """The naming that the keys follow, among those of the dialect if one is given.

    Raises DataError where there is none, UnknownNameError for a dialect that does not exist.
    """
    if dialect is not None and dialect not in get_args(Dialect):
        raise UnknownNameError.of("dialect", dialect, get_args(Dialect))
    found = [naming for naming in NAMINGS if all(mark in keys for mark in naming.marks)]
    wanted = [naming for naming in found if dialect in (None, naming.dialect)]
    if wanted:
        return wanted[0]
    first = ", ".join(sorted(keys)[:3])
    if found:
        raise DataError(
            f"{where}: names such as {first} are {found[0].dialect}'s, not {dialect}'s; "
            "leave the dialect out"
        )
    families = sorted({part for naming in NAMINGS for part in naming.family.split("/") if part})
    raise DataError(
        f"{where}: names such as {first} are of no known network; known are netspace's own and, "
        f"as in timm and torchvision, {', '.join(families)}"
    )
