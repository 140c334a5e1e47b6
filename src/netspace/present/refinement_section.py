"""The refinement in a report: the lineage of each walk, and every step with its distributions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from netspace.analyse.refinement import Step
from netspace.present.lineage import draw_lineage
from netspace.present.page import Plot, plot
from netspace.present.palette import AXIS_ERROR
from netspace.present.plots import draw_edf
from netspace.present.populations import TablePopulation
from netspace.present.refinement_text import evidence_lines, size_words
from netspace.table import TrialTable


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShown:
    """One step: what was tried, why, what came out, and both distributions."""

    title: str
    sentences: tuple[str, ...]
    edf: Plot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkShown:
    """One walk: its lineage as a picture, and its steps."""

    start: str
    picture: str
    steps: tuple[StepShown, ...]


def walks_shown(steps: Sequence[Step], *, axis: str = AXIS_ERROR) -> tuple[WalkShown, ...]:
    """The walks of a run, in the order begun; axis: names the errors in figures."""
    starts = dict.fromkeys(step.start for step in steps)
    return tuple(
        _walk(start, [step for step in steps if step.start == start], axis) for start in starts
    )


def _walk(start: str, steps: Sequence[Step], axis: str) -> WalkShown:
    return WalkShown(
        start=start,
        picture=draw_lineage(steps),
        steps=tuple(_shown(step, axis) for step in steps),
    )


def _shown(step: Step, axis: str) -> StepShown:
    return StepShown(
        title=f"{step.parent} → {step.child}: {step.rule.sentence}",
        sentences=tuple(_sentences(step)),
        edf=_edf(step, axis),
    )


def _sentences(step: Step) -> Iterator[str]:
    evidence = "; ".join(evidence_lines(step.evidence))
    yield f"Proposed by {step.seen} networks of {step.parent}: {evidence}."
    if step.comparison is not None:
        level = f"this verdict may err in {100 * step.error_rate:.2g} % of such cases"
        yield f"{step.verdict_words} ({level})."
    yield f"{step.outcome_words[:1].upper()}{step.outcome_words[1:]}. {size_words(step)}."


def _edf(step: Step, axis: str) -> Plot | None:
    if not step.parent_errors or not step.child_errors:
        return None
    sides = [(step.parent, step.parent_errors), (step.child, step.child_errors)]
    people = [_population(name, place, own) for place, (name, own) in enumerate(sides)]
    drawn = draw_edf(people, axis=axis)
    words = f"Distribution of errors of the fresh networks of {step.parent} and {step.child}"
    return plot(f"step-{step.child.replace('.', '-')}", words, drawn)


def _population(name: str, number: int, errors: Sequence[float]) -> TablePopulation:
    values = np.array(errors, dtype=np.float64)
    unknown = np.full(len(values), np.nan)
    table = TrialTable(
        index=np.arange(len(values)),
        errors=values,
        flops=unknown,
        params=unknown,
        activations=unknown,
        parameters={},
    )
    return TablePopulation(space=name, number=number, table=table)
