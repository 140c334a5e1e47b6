"""A step of a refinement: a rule, its evidence, its verdict; and the error rate of a whole walk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from netspace.analyse.comparison import Comparison
from netspace.analyse.evidence import Evidence
from netspace.spaces.rules import Rule

Outcome: TypeAlias = Literal["pending", "improvement", "simplification", "worse", "undecided"]

ERROR_RATE = 0.05
"""The chance that a whole walk accepts any rule that it should not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a space is."""

    degrees_of_freedom: int
    log10_size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule, tried on one space.

    start: the space that the walk began with. seed: of the child's sample. seen: networks of the
    parent that were used to propose the rule, the first of its sample; the verdict uses none of
    them. error_rate: what this verdict may err.
    comparison: of the child with the parent, None until the first look. networks: trained for this
    step. trained_before: in all spaces when it began; None if unknown. parent_errors, child_errors:
    in percent, of the networks that the verdict rests on.
    taken: whether the walk went on from the child; None until that is decided.
    """

    number: int
    start: str
    parent: str
    child: str
    rule: Rule
    seed: int
    seen: int
    evidence: Evidence
    before: Size
    after: Size
    error_rate: float
    comparison: Comparison | None = None
    networks: int = 0
    trained_before: int | None = None
    parent_errors: tuple[float, ...] = ()
    child_errors: tuple[float, ...] = ()
    taken: bool | None = None

    @property
    def outcome(self) -> Outcome:
        """What the networks said of the rule."""
        if self.comparison is None:
            return "pending"
        return outcome_of(self.comparison)

    @property
    def holds(self) -> bool:
        """Whether the rule was shown to help or to cost nothing."""
        return self.outcome in ("improvement", "simplification")

    @property
    def outcome_words(self) -> str:
        """What came out, in words."""
        if self.comparison is None and self.taken is False:
            return "declined: too few networks obey it and train to the end"
        if self.taken is None and not self.holds:
            return "not decided yet"
        declined = self.holds and self.taken is False
        said = {
            "pending": "not decided yet",
            "improvement": "accepted: an improvement",
            "simplification": "accepted: a simplification that costs nothing",
            "worse": "declined: it costs accuracy",
            "undecided": "declined: the networks did not decide",
        }[self.outcome]
        return f"{said}, but not gone on from" if declined else said

    @property
    def verdict_words(self) -> str:
        """What the fresh networks said of the child; empty before the first look."""
        found = self.comparison
        if found is None:
            return ""
        return f"{found.figures(self.parent, self.child)}; the margin is {found.margin:g}"

    @property
    def sentence(self) -> str:
        """The rule and what came out."""
        return f"{self.rule.sentence}: {self.outcome_words}"


def outcome_of(comparison: Comparison) -> Outcome:
    """An improvement if the child is better; a simplification if it is not worse by the margin."""
    if comparison.high < 0.0:
        return "improvement"
    if comparison.high < comparison.margin:
        return "simplification"
    return "worse" if comparison.low > 0.0 else "undecided"


def next_error_rate(steps: Sequence[Step], total: float = ERROR_RATE) -> float:
    """The error rate of the next verdict of a walk, so that all together err at most at `total`.

    The j-th verdict gets total / 2^j; one that accepted its rule hands its own rate on to the next.
    Source: the online fallback procedure of Tian and Ramdas 2021.
    """
    own = total / 2.0 ** (len(steps) + 1)
    return own + (steps[-1].error_rate if steps and steps[-1].holds else 0.0)
