"""Proposals, steps and the outcome of a refinement as text and JSON for the terminal."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netspace.analyse.evidence import Evidence
from netspace.analyse.proposals import Proposal
from netspace.analyse.refinement import Step
from netspace.design.serial import to_plain
from netspace.present.wording import counted, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Refined:
    """What a walk has come to.

    steps: what was tried. ended: why it ended. networks: how many it trained. written: the study
    file of the space that it came to, if any.
    """

    start: str
    space: str
    steps: tuple[Step, ...]
    ended: str
    networks: int
    written: Path | None


def proposal_lines(space: str, proposals: Sequence[Proposal]) -> Iterator[str]:
    """One line for each rule: what the networks at hand say of it, and what it saves."""
    yield f"Rules for {space}, from the networks at hand (they propose, they do not decide):"
    for number, one in enumerate(proposals, 1):
        yield f"  {number}. {one.rule.sentence}: {evidence_words(one)}"


def evidence_words(proposal: Proposal) -> str:
    """'seems to help; 12 of 40 networks obey it; they err 3.1 points less …'."""
    hope = {
        "improvement": "seems to help",
        "simplification": "seems to cost nothing",
        "harm": "seems to harm",
    }[proposal.promises]
    saved = [f"10^{proposal.shrinks:.1f} times fewer parameter lists"]
    if proposal.saved:
        saved.insert(0, f"{counted(proposal.saved, 'degree')} of freedom fewer")
    return "; ".join([hope, *evidence_lines(proposal.evidence), listed(saved)])


def evidence_lines(found: Evidence) -> Iterator[str]:
    """What the networks at hand say of a rule, a phrase each."""
    yield f"{found.members} of {counted(found.members + found.others, 'network')} obey it"
    if found.gain is not None:
        more = "less" if found.gain.value >= 0 else "more"
        low, high = sorted(found.gain.value + side * found.gain.half_width for side in (-1, 1))
        if found.gain.value < 0:
            low, high = -high, -low
        size = abs(found.gain.value)
        yield f"they err {size:.1f} points {more} (95 % interval {low:.1f} to {high:.1f})"
    yield f"Kendall's tau of a network's distance from it and its error is {found.correlation:+.2f}"


def step_lines(step: Step) -> Iterator[str]:
    """A step in a few lines: the rule, the verdict, and what it did to the space."""
    yield f"{step.parent} -> {step.child}: {step.sentence}"
    if step.comparison is not None:
        sides = f"{step.comparison.finished_a} and {step.comparison.finished_b} fresh networks"
        yield f"    {step.verdict_words}, on {sides}"
    yield f"    {size_words(step)}; {counted(step.networks, 'network')} trained for it"


def size_words(step: Step) -> str:
    """What a step does to its space: 'degrees of freedom 16 to 13, size 10^20.3 to 10^18.9'."""
    before, after = step.before, step.after
    return (
        f"Degrees of freedom {before.degrees_of_freedom} to {after.degrees_of_freedom}, size "
        f"10^{before.log10_size:.1f} to 10^{after.log10_size:.1f}"
    )


def refined_text(refined: Refined) -> str:
    """The whole walk: its steps, where it came to and why it ended."""
    lines = [line for step in refined.steps for line in step_lines(step)]
    lineage = " -> ".join([refined.start, *(step.child for step in refined.steps if step.taken)])
    lines.append(f"Lineage: {lineage}; {counted(refined.networks, 'network')} trained.")
    lines.append(f"The walk ended: {refined.ended}.")
    if refined.written is not None:
        lines.append(f"Study of {refined.space}: {refined.written}")
    return "\n".join(lines)


def refined_json(refined: Refined) -> str:
    """The same as one JSON document."""
    return json.dumps(
        {
            "start": refined.start,
            "space": refined.space,
            "ended": refined.ended,
            "networks": refined.networks,
            "study": None if refined.written is None else str(refined.written),
            "steps": [step_json(step) for step in refined.steps],
        },
        indent=2,
    )


def step_json(step: Step) -> dict[str, Any]:
    """A step as plain values, without the errors of its networks."""
    plain = to_plain(step, complete=True)
    assert isinstance(plain, dict)
    return {
        **{name: value for name, value in plain.items() if not name.endswith("_errors")},
        "sentence": step.sentence,
        "outcome": step.outcome,
        "verdict": step.verdict_words,
    }


def proposals_json(space: str, proposals: Sequence[Proposal]) -> str:
    """The proposals as one JSON document, the most promising first."""
    return json.dumps(
        {
            "space": space,
            "proposals": [
                {
                    **_plain(one),
                    "sentence": one.rule.sentence,
                    "promises": one.promises,
                }
                for one in proposals
            ],
        },
        indent=2,
    )


def _plain(proposal: Proposal) -> dict[str, Any]:
    plain = to_plain(proposal, complete=True)
    assert isinstance(plain, dict)
    return plain
