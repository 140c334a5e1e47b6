"""Write the figures of the story, as SVG that is the same in every run.

`python docs/figures.py` draws them from what lies in this repository: the zoo, the studies and
pictures/gradients.csv. `--measure` first measures that file anew: 10 trainings of 100 steps.
"""

import argparse
from pathlib import Path

import figures_blocks
import figures_gradients as gradients
import figures_receptive
import figures_scaling
import figures_spaces

from netspace.design import zoo
from netspace.design.network import Network
from netspace.present.draw import draw
from netspace.present.width_plot import draw_widths

PICTURES = Path(__file__).resolve().parent / "pictures"
DRAWN = ("resnet50", "efficientnet_b0")
LINES = ("regnet_x_3_2gf", "mobilenet_v2")


def main() -> None:
    """Write all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true", help="measure gradients.csv anew")
    if parser.parse_args().measure:
        gradients.write(list(gradients.measured()))
    for name, text in drawings().items():
        (PICTURES / name).write_text(text, "utf-8")
        print(PICTURES / name)


def drawings() -> dict[str, str]:
    """The SVG of each figure, by its file name."""
    named = {
        **figures_blocks.pictures(),
        **{name: draw(zoo.network(name)) for name in DRAWN},
        **{f"{name}-widths": draw_widths(zoo.network(name)) for name in LINES},
        "winner": draw(winner()),
        "scaling": figures_scaling.scaling(),
        "receptive-field": figures_receptive.receptive_fields(),
        "gradients": gradients.gradients(),
        "edfs": figures_spaces.distributions(),
        "line-fits": figures_spaces.fit_errors(),
    }
    return {f"{name}.svg": text for name, text in named.items()}


def winner() -> Network:
    """The network that a design on CIFAR-10 chose."""
    return zoo.network(figures_scaling.ROOT / "docs" / "studies" / "design-cifar10" / "winner.yaml")


if __name__ == "__main__":
    main()
