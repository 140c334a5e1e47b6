"""What surrounds the stages of a space's networks, fitted to the size of the images.

Above 64 pixels: the RegNet paper's 3x3 stem of stride 2 and width 32. At 64 or less: stride 1 and
width 16. Stages halve the map as often as keeps it at 2 pixels or more; where that is fewer times
than there are stages, the first stages keep the resolution.
"""

from dataclasses import dataclass

from netspace.design.elementwise import nearest_multiple
from netspace.design.network import Head, Network, Stage, Stem
from netspace.errors import SpecError

SMALL = 64
WIDEST = 1024
WIDTH_PER_PIXEL = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The input, stem and head that all networks of a space share."""

    resolution: int = 224
    channels: int = 3
    classes: int = 1000

    def __post_init__(self) -> None:
        if self.resolution < 4:
            raise SpecError(f"resolution {self.resolution} must be at least 4 pixels")
        for name in ("channels", "classes"):
            if getattr(self, name) < 1:
                raise SpecError(f"{name} {getattr(self, name)} must be at least 1")

    @property
    def small(self) -> bool:
        """Whether the small-image stem is used."""
        return self.resolution <= SMALL

    @property
    def stem(self) -> Stem:
        """3x3 convolution fitted to the image size."""
        return Stem(width=16, stride=1) if self.small else Stem()

    @property
    def widest(self) -> int:
        """Largest width that AnyNet stages are drawn with: 16 channels per pixel, at most 1024."""
        return min(WIDEST, WIDTH_PER_PIXEL * self.resolution // 8 * 8)

    def narrowed(self, width: int) -> int:
        """A width of a family whose stem has 32 channels: half of it where the stem has 16.

        On multiples of 8, at least 8.
        """
        return nearest_multiple(width / 2, 8) if self.small else width

    def strides(self, stages: int) -> tuple[int, ...]:
        """The stride of each stage, where every stage may halve the map."""
        return self.fitted((2,) * stages)

    def fitted(self, strides: tuple[int, ...]) -> tuple[int, ...]:
        """These strides, 1 or 2; the first ones 1 where the last map would fall below 2 pixels."""
        size = self.resolution if self.small else -(-self.resolution // 2)
        spare = strides.count(2) - ((size - 1).bit_length() - 1)
        fitted = []
        for stride in strides:
            fitted.append(1 if stride == 2 and spare > 0 else stride)
            spare -= stride == 2
        return tuple(fitted)

    def network(
        self, stages: tuple[Stage, ...], *, stem: Stem | None = None, head: Head | None = None
    ) -> Network:
        """These stages between stem and head: the frame's stem and a plain head, if none given."""
        return Network(
            stem=self.stem if stem is None else stem,
            stages=stages,
            head=Head() if head is None else head,
            channels=self.channels,
            classes=self.classes,
            resolution=(self.resolution, self.resolution),
        )

    def adapted(self, stages: int) -> tuple[str, ...]:
        """Sentences on what differs from the 224-pixel template, where every stage may halve."""
        return self.adapted_stem() + self.adapted_strides((2,) * stages)

    def adapted_stem(self, large: str = "stride 2, width 32") -> tuple[str, ...]:
        """A sentence on the stem; large: what it is like above 64 pixels."""
        if not self.small:
            return ()
        return (f"stem 3x3 of stride 1 and width 16 (above 64 pixels: {large})",)

    def adapted_strides(self, strides: tuple[int, ...]) -> tuple[str, ...]:
        """A sentence on the stages that keep the resolution, other than in the template."""
        pairs = enumerate(zip(strides, self.fitted(strides), strict=True), start=1)
        kept = [number for number, (wanted, stride) in pairs if stride != wanted]
        if not kept:
            return ()
        which = f"stages {kept[0]} to {kept[-1]} keep" if kept[1:] else f"stage {kept[0]} keeps"
        return (f"{which} the resolution (stride 1), so that the last map has 2 pixels",)
