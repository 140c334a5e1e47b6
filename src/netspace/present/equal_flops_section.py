"""The part of a report that puts its spaces at equal flops."""

from collections.abc import Sequence
from dataclasses import dataclass

from netspace.present.equal_flops import at_equal_flops
from netspace.present.page import Plot, plot
from netspace.present.palette import AXIS_ERROR
from netspace.present.plots import draw_distributions
from netspace.present.populations import Tabled
from netspace.present.sentences import effective_sizes
from netspace.present.wording import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualFlops:
    """Distributions at equal flops, and what each population is worth there."""

    plot: Plot
    words: str


def equal_flops_shown(
    people: Sequence[Tabled], *, axis: str = AXIS_ERROR
) -> tuple[EqualFlops, ...]:
    """All spaces at once where their flops overlap, else every pair; axis: names the errors."""
    found = []
    for place, one in enumerate(at_equal_flops(people)):
        drawn = draw_distributions(one.drawable, axis=axis)
        spaces = listed(population.space for population in one.populations)
        words = f"Distribution of errors in {spaces}, weighted to the same flops"
        found.append(
            EqualFlops(plot=plot(f"edf-flops-{place}", words, drawn), words=effective_sizes(one))
        )
    return tuple(found)
