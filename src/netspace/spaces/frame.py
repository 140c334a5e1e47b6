"""What surrounds the stages of a space's networks, fitted to the size of the images.

Above 64 pixels: the RegNet paper's 3x3 stem of stride 2 and width 32. At 64 or less: stride 1 and
width 16. Stages halve the map as often as keeps it at 2 pixels or more; where that is fewer times
than there are stages, the first stages keep the resolution.
"""

from dataclasses import dataclass

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

    def strides(self, stages: int) -> tuple[int, ...]:
        """The stride of each stage."""
        size = self.resolution if self.small else -(-self.resolution // 2)
        halvings = min(stages, (size - 1).bit_length() - 1)
        return (1,) * (stages - halvings) + (2,) * halvings

    def network(self, stages: tuple[Stage, ...]) -> Network:
        """These stages between stem and head."""
        return Network(
            stem=self.stem,
            stages=stages,
            head=Head(),
            channels=self.channels,
            classes=self.classes,
            resolution=(self.resolution, self.resolution),
        )

    def adapted(self, stages: int) -> tuple[str, ...]:
        """Sentences on what differs from the 224-pixel template."""
        said = []
        if self.small:
            said.append("stem 3x3 of stride 1 and width 16 (above 64 pixels: stride 2, width 32)")
        kept = self.strides(stages).count(1)
        if kept:
            which = "stage 1 keeps" if kept == 1 else f"stages 1 to {kept} keep"
            said.append(f"{which} the resolution (stride 1), so that the last map has 2 pixels")
        return tuple(said)
