"""What a population at hand says for and against a rule that would narrow its space.

Evidence proposes, it never decides: whoever looks at many rules finds one that seems to help. The
verdict comes from networks that were drawn afterwards.
"""

from dataclasses import dataclass
from math import copysign

import numpy as np

from netspace.analyse.outcomes import Floats
from netspace.analyse.replicates import Estimate
from netspace.spaces.rules import Rule
from netspace.table import TrialTable

FEW_MEMBERS = 5
"""With fewer on either side, members and the others are not compared."""

MOST_STRENGTH = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How the networks that obey a rule do against those that do not.

    members, others: finished networks that obey it, and that do not. gain: by how many percentage
    points the members' mean error is below the others', with a 95 % interval; None with too few on
    a side. correlation: Kendall's tau between a network's error and how far it is from the rule,
    above 0 where the nearer ones err less. strength: of all this in standard deviations, above 0
    in favour of the rule.
    """

    members: int
    others: int
    gain: Estimate | None
    correlation: float
    strength: float


def evidence(rule: Rule, table: TrialTable) -> Evidence:
    """The evidence of a table's finished networks on a rule."""
    done = table.finished
    violation = rule.violation(*(table.parameters[name][done] for name in rule.parameters))
    errors, obeys = table.errors[done], violation == 0.0
    gain = _gain(errors[obeys], errors[~obeys])
    correlation, strength = _association(violation, errors)
    if gain is not None and gain.half_width > 0.0:
        strength = max(strength, _strength_of(gain), key=abs)
    return Evidence(
        members=int(np.count_nonzero(obeys)),
        others=int(np.count_nonzero(~obeys)),
        gain=gain,
        correlation=correlation,
        strength=float(np.clip(strength, -MOST_STRENGTH, MOST_STRENGTH)),
    )


def _gain(members: Floats, others: Floats) -> Estimate | None:
    """The others' mean error minus the members', with Welch's interval."""
    if min(members.size, others.size) < FEW_MEMBERS:
        return None
    from scipy.stats import ttest_ind  # takes half a second to import

    value = float(others.mean() - members.mean())
    if not (np.ptp(members) or np.ptp(others)):
        return Estimate(value=value, half_width=0.0)
    interval = ttest_ind(others, members, equal_var=False).confidence_interval(0.95)
    return Estimate(value=value, half_width=float(interval.high - interval.low) / 2.0)


def _strength_of(gain: Estimate) -> float:
    return gain.value / (gain.half_width / 1.96)


def _association(violation: Floats, errors: Floats) -> tuple[float, float]:
    """Kendall's tau between violation and error, and its normal score; 0 where nothing varies."""
    if errors.size < 3 or not np.ptp(violation) or not np.ptp(errors):
        return 0.0, 0.0
    from scipy.special import ndtri  # takes a while to import
    from scipy.stats import kendalltau

    tau, p_value = kendalltau(violation, errors)
    score = -float(ndtri(max(float(p_value), 1e-15) / 2.0))
    return float(tau), copysign(score, float(tau))
