"""A walk that a person guides: which rule to try, and whether to go on from its child."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netspace.analyse.proposals import Proposal
from netspace.analyse.refinement import Step
from netspace.present.refinement_text import proposal_lines, step_lines
from netspace.spaces.space import Space

SHOWN = 9


@dataclass(frozen=True, slots=True)
class Asking:
    """Shows proposals and verdicts, and asks; an empty answer ends the walk or declines.

    ask: puts a text to the person and returns the answer, empty where nobody answers.
    """

    ask: Callable[[str], str]

    @property
    def nothing(self) -> str:
        """Why no rule is tried any more."""
        return "nothing was chosen"

    def choose(self, space: Space, proposals: Sequence[Proposal]) -> Proposal | None:
        """The rule that the person picks."""
        shown = proposals[:SHOWN]
        if not shown:
            return None
        lines = "\n".join(proposal_lines(space.name, shown))
        question = f"{lines}\nWhich to try on fresh networks? (1 to {len(shown)}, empty to stop)"
        while answer := self.ask(question):
            if answer.isdecimal() and 1 <= int(answer) <= len(shown):
                return shown[int(answer) - 1]
            question = f"'{answer}' is not a number from 1 to {len(shown)}; which? (empty to stop)"
        return None

    def takes(self, step: Step) -> bool:
        """Whether the person accepts the child."""
        lines = "\n".join(step_lines(step))
        return self.ask(f"{lines}\nGo on from {step.child}? (y or n)").lower() in ("y", "yes")

    def hears(self, sentence: str) -> None:
        """Everything is shown where it is asked about."""
